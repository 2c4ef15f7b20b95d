//! What others want of a run, for its driver to find: the answers of people, and that it rests.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use serde_json::Value;
use tokio::sync::{Notify, oneshot};

use crate::{id::WaitId, machine::Input, sync::lock};

#[derive(Default)]
pub(crate) struct Inbox {
    answers: Mutex<Vec<Answer>>,
    interrupted: AtomicBool,
    filled: Notify,
}

/// A person's answer to a wait.
pub(crate) struct Answer {
    wait: WaitId,
    payload: Arc<Value>,
    taken: oneshot::Sender<()>,
}

impl Inbox {
    /// Puts an answer in. What comes back tells when it is in the log, if the run took it.
    pub(crate) fn put(&self, wait: WaitId, payload: Arc<Value>) -> oneshot::Receiver<()> {
        let (taken, told) = oneshot::channel();
        lock(&self.answers).push(Answer {
            wait,
            payload,
            taken,
        });
        self.filled.notify_one();
        told
    }

    /// Lets the run rest where it is: its host stops.
    pub(crate) fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Release);
        self.filled.notify_one();
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Acquire)
    }

    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.answers).is_empty()
    }

    /// Takes out what there is.
    pub(super) fn take(&self) -> Vec<Answer> {
        std::mem::take(&mut *lock(&self.answers))
    }

    /// Waits until something was put in.
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

    /// Tells whoever gave it that the run has seen it.
    pub(super) fn taken(self) {
        let _ = self.taken.send(());
    }
}
