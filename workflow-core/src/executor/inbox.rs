//! The inbox of a run: commands from outside, taken by its driver.
//!
//! The lock protects the answers only. Order of operations for a sender: `send`, then wake the run; for a driver
//! that is about to suspend: store the event, then check [`Inbox::has_pending_requests`] once more. So a command
//! that arrives in between is seen by one of the two.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{fleet::RunCommand, machine::Input, value::SharedQueue};

/// The commands that the driver of a run has not processed yet. Cancellation and interruption are flags: they are not
/// consumed, and repeating them changes nothing.
///
/// It outlives the driver of a suspended run, so a command can be sent while there is none.
#[derive(Default)]
pub(crate) struct Inbox {
    answers: SharedQueue<Input>,
    cancelled: CancellationToken,
    /// Whether the token is cancelled. Beside the token, which takes a lock to know that.
    is_cancelled: AtomicBool,
    interrupted: AtomicBool,
    filled: Notify,
}

impl Inbox {
    /// Adds a command. The sender must wake the run afterwards.
    ///
    /// The `Notify` stores one permit, so a driver that is not waiting yet finds it. One is enough: the driver
    /// takes everything.
    pub(crate) fn send(&self, command: RunCommand) {
        match command {
            RunCommand::Answer { wait, payload } => {
                self.answers.push(Input::Signal { wait, payload });
            }
            RunCommand::Cancel => {
                self.is_cancelled.store(true, Ordering::Release);
                self.cancelled.cancel();
            }
        }
        self.filled.notify_one();
    }

    /// Suspends the run, because its engine shuts down.
    pub(crate) fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Release);
        self.filled.notify_one();
    }

    /// Whether there are answers, or the run is cancelled. Interruption does not count: a suspended run stays so.
    pub(crate) fn has_pending_requests(&self) -> bool {
        self.is_cancelled() || !self.answers.is_empty()
    }

    /// A token that is cancelled when the run is cancelled.
    pub(crate) fn cancelled(&self) -> &CancellationToken {
        &self.cancelled
    }

    /// Whether the run is cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Acquire)
    }

    /// Whether the run is to be suspended.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Acquire)
    }

    /// Takes all answers.
    pub(super) fn take(&self) -> impl Iterator<Item = Input> + use<> {
        self.answers.take().into_iter()
    }

    /// Waits for the next command.
    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }
}
