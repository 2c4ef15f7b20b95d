//! The inbox of a run: commands from outside, taken by its driver.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use serde_json::Value;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    machine::Input,
    value::{WaitId, lock},
};

/// A command to a run.
pub(crate) enum RunCommand {
    /// A person answers a wait.
    Answer { wait: WaitId, payload: Arc<Value> },
    /// Cancel the run.
    Cancel,
    /// Suspend the run, because its host shuts down.
    Interrupt,
}

/// The commands that the driver of a run has not processed yet. Cancellation and interruption are flags: they are not
/// consumed, and repeating them changes nothing.
#[derive(Default)]
pub(crate) struct Inbox {
    answers: Mutex<Vec<Answer>>,
    cancelled: CancellationToken,
    interrupted: AtomicBool,
    filled: Notify,
}

/// A person's answer to a wait.
pub(super) struct Answer {
    wait: WaitId,
    payload: Arc<Value>,
    processed: oneshot::Sender<()>,
}

/// Lets the sender of a command wait for it. Only answers are acknowledged: the other commands end the driver, which the
/// sender can see by itself.
pub(crate) struct Receipt(Option<oneshot::Receiver<()>>);

impl Receipt {
    /// Waits until the events that result from the command are in the log, or the command is dropped.
    pub(crate) async fn processed(self) {
        match self.0 {
            Some(processed) => _ = processed.await,
            None => std::future::pending().await,
        }
    }
}

impl Inbox {
    /// Adds a command. The sender must wake the run afterwards.
    pub(crate) fn send(&self, command: RunCommand) -> Receipt {
        let mut receipt = Receipt(None);
        match command {
            RunCommand::Answer { wait, payload } => {
                let (processed, receiver) = oneshot::channel();
                receipt.0 = Some(receiver);
                lock(&self.answers).push(Answer {
                    wait,
                    payload,
                    processed,
                });
            }
            RunCommand::Cancel => self.cancelled.cancel(),
            RunCommand::Interrupt => self.interrupted.store(true, Ordering::Release),
        }
        self.filled.notify_one();
        receipt
    }

    /// Whether there are answers, or the run is cancelled. Interruption does not count: a suspended run stays so.
    pub(crate) fn has_pending_requests(&self) -> bool {
        self.cancelled.is_cancelled() || !lock(&self.answers).is_empty()
    }

    /// A token that is cancelled when the run is cancelled.
    pub(crate) fn cancelled(&self) -> &CancellationToken {
        &self.cancelled
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Acquire)
    }

    /// Takes all answers.
    pub(super) fn take(&self) -> Vec<Answer> {
        std::mem::take(&mut *lock(&self.answers))
    }

    /// Waits for the next command.
    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }
}

impl Answer {
    pub(super) fn input(&self) -> Input {
        let payload = Arc::clone(&self.payload);
        Input::Signal {
            wait: self.wait,
            payload,
        }
    }

    /// Acknowledges the answer to its sender: its events are in the log.
    pub(super) fn processed(self) {
        let _ = self.processed.send(());
    }
}
