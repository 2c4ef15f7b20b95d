//! A new run that is stored with the first events of its driver.

use crate::{
    event::StepEvent,
    record::{RunHead, RunKey, RunRecord},
    store::{Store, StoreError},
};

/// Called once, when the run is stored and shown, or could not be stored.
type Created = Box<dyn FnOnce(Result<(), StoreError>) + Send + Sync>;

/// A run that exists only in memory. Its first commit stores it with everything that was decided until then.
pub(in crate::engine::local) struct Creation {
    record: RunRecord,
    key: Option<RunKey>,
    created: Created,
}

impl Creation {
    pub(in crate::engine::local) fn new(
        record: RunRecord,
        key: Option<RunKey>,
        created: impl FnOnce(Result<(), StoreError>) + Send + Sync + 'static,
    ) -> Self {
        Self {
            record,
            key,
            created: Box::new(created),
        }
    }

    /// Stores the run with its first events and the head that they make. Not retried: nothing was billed so far, and the caller of
    /// `start` gets the error.
    pub(super) async fn store(
        self,
        store: &dyn Store,
        events: &[StepEvent],
        head: &RunHead,
    ) -> (Answer, Result<(), StoreError>) {
        let Self {
            mut record,
            key,
            created,
        } = self;
        record.head.clone_from(head);
        let stored = store.create_run(record, events, key).await;
        (Answer(Some(created)), stored)
    }
}

/// The answer to the caller of `start`. Dropping it says that the run is stored, also if a panic of the observer drops it: the run is
/// driven again then.
pub(super) struct Answer(Option<Created>);

impl Answer {
    pub(super) fn refuse(mut self, error: StoreError) {
        if let Some(created) = self.0.take() {
            created(Err(error));
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(created) = self.0.take() {
            created(Ok(()));
        }
    }
}
