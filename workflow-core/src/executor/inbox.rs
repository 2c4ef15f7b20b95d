//! The commands that others give to a run, for its driver to find.

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

/// What a run can be asked for.
pub(crate) enum RunCommand {
    /// A person answers a wait.
    Answer { wait: WaitId, payload: Arc<Value> },
    /// The run ends.
    Cancel,
    /// The run is suspended where it is: its host stops.
    Interrupt,
}

/// The commands that the driver of a run has not processed yet.
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

/// What a sender waits for. Only an answer has an event of its own; any other command ends the drive.
pub(crate) struct Receipt(Option<oneshot::Receiver<()>>);

impl Receipt {
    /// Waits until the events that follow from the command are in the log, or the run does not process it.
    pub(crate) async fn processed(self) {
        match self.0 {
            Some(processed) => _ = processed.await,
            None => std::future::pending().await,
        }
    }
}

impl Inbox {
    /// Puts a command in. The sender lets the run be driven after that.
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

    /// Whether there is an answer, or the run is to end.
    pub(crate) fn has_pending_requests(&self) -> bool {
        self.cancelled.is_cancelled() || !lock(&self.answers).is_empty()
    }

    /// Cancelled once the run is to end.
    pub(crate) fn cancelled(&self) -> &CancellationToken {
        &self.cancelled
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Acquire)
    }

    /// Takes the answers.
    pub(super) fn take(&self) -> Vec<Answer> {
        std::mem::take(&mut *lock(&self.answers))
    }

    /// Waits until a command was put in.
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

    /// Notifies the sender: the run has processed the answer.
    pub(super) fn processed(self) {
        let _ = self.processed.send(());
    }
}
