//! The inbox of a run: commands from outside, taken by its driver.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{fleet::RunCommand, machine::Input, value::lock};

/// The commands that the driver of a run has not processed yet. Cancellation and interruption are flags: they are not
/// consumed, and repeating them changes nothing.
#[derive(Default)]
pub(crate) struct Inbox {
    answers: Mutex<Vec<Input>>,
    cancelled: CancellationToken,
    interrupted: AtomicBool,
    filled: Notify,
}

impl Inbox {
    /// Adds a command. The sender must wake the run afterwards.
    pub(crate) fn send(&self, command: RunCommand) {
        match command {
            RunCommand::Answer { wait, payload } => {
                lock(&self.answers).push(Input::Signal { wait, payload });
            }
            RunCommand::Cancel => self.cancelled.cancel(),
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
        self.cancelled.is_cancelled() || !lock(&self.answers).is_empty()
    }

    /// A token that is cancelled when the run is cancelled.
    pub(crate) fn cancelled(&self) -> &CancellationToken {
        &self.cancelled
    }

    /// Whether the run is to be suspended.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Acquire)
    }

    /// Takes all answers.
    pub(super) fn take(&self) -> Vec<Input> {
        std::mem::take(&mut *lock(&self.answers))
    }

    /// Waits for the next command.
    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }
}
