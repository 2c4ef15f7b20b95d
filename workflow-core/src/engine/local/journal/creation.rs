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
    ///
    /// Returns what to call after the events are shown. `None` if the run is not stored, or the store cannot say.
    pub(super) async fn store(
        self,
        store: &dyn Store,
        events: &[StepEvent],
        head: &RunHead,
    ) -> Option<impl FnOnce() + Send + use<>> {
        let Self {
            mut record,
            key,
            created,
        } = self;
        record.head.clone_from(head);
        match store.create_run(record, events, key).await {
            Ok(()) => Some(|| created(Ok(()))),
            Err(error) => {
                created(Err(error));
                None
            }
        }
    }
}
