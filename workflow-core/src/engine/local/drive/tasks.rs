//! The tasks that an engine has spawned.

use std::{future::Future, sync::Mutex, time::Duration};

use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{engine::EngineError, value::lock};

/// Time for runs to append `run.suspended` during a shutdown, before they are aborted.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// All tasks of an engine. The only owner of their handles: dropping it aborts them.
pub(in crate::engine::local) struct Tasks {
    /// `None` once closed.
    open: Mutex<Option<JoinSet<()>>>,
    closing: CancellationToken,
}

/// The tasks of a closed engine. Dropping it aborts them.
pub(in crate::engine::local) struct ClosedTasks(JoinSet<()>);

impl Default for Tasks {
    fn default() -> Self {
        Self {
            open: Mutex::new(Some(JoinSet::new())),
            closing: CancellationToken::new(),
        }
    }
}

impl Tasks {
    /// Spawns a task. If no other task is alive, it also spawns `background`, which runs until the engine is closed.
    ///
    /// # Errors
    /// [`EngineError::ShuttingDown`] if the engine is closed; the future is dropped.
    pub(in crate::engine::local) fn spawn<B>(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
        background: impl FnOnce() -> B,
    ) -> Result<(), EngineError>
    where
        B: Future<Output = ()> + Send + 'static,
    {
        let mut tasks = lock(&self.open);
        let Some(tasks) = tasks.as_mut().filter(|_| !self.is_closed()) else {
            return Err(EngineError::ShuttingDown);
        };
        // A `JoinSet` holds the results of ended tasks until they are taken.
        while tasks.try_join_next().is_some() {}
        if tasks.is_empty() {
            tasks.spawn(background());
        }
        tasks.spawn(task);
        Ok(())
    }

    /// Whether the engine is shutting down.
    pub(in crate::engine::local) fn is_closed(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// A token that is cancelled when the engine shuts down.
    pub(in crate::engine::local) fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Prevents further spawns, and returns the tasks.
    pub(in crate::engine::local) fn close(&self) -> ClosedTasks {
        let tasks = lock(&self.open).take();
        self.closing.cancel();
        ClosedTasks(tasks.unwrap_or_default())
    }
}

impl ClosedTasks {
    /// Waits up to `grace` for the tasks to end, then calls `suspend`, waits up to [`LAST_WRITES`] and aborts the rest.
    pub(in crate::engine::local) async fn end(mut self, grace: Duration, suspend: impl FnOnce()) {
        if timeout(grace, self.ended()).await.is_err() {
            suspend();
            let _ = timeout(LAST_WRITES, self.ended()).await;
        }
        self.0.shutdown().await;
    }

    async fn ended(&mut self) {
        while self.0.join_next().await.is_some() {}
    }
}
