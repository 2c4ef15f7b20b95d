//! The tasks that an engine spawned.

use std::{future::Future, sync::Mutex, time::Duration};

use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{engine::EngineError, value::lock};

/// How long runs have to write that they are suspended.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// Everything that an engine spawned, until it is closed.
pub(in crate::engine::local) struct Tasks {
    open: Mutex<Option<JoinSet<()>>>,
    closing: CancellationToken,
}

/// The tasks of a closed engine. Dropping it stops them.
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
    /// Spawns a task, and before the first one what runs in the background until the engine is closed.
    ///
    /// # Errors
    /// A closed engine spawns nothing.
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
        while tasks.try_join_next().is_some() {}
        if tasks.is_empty() {
            tasks.spawn(background());
        }
        tasks.spawn(task);
        Ok(())
    }

    /// Whether the engine shuts down.
    pub(in crate::engine::local) fn is_closed(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Cancelled once the engine shuts down.
    pub(in crate::engine::local) fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Spawns nothing any more, and returns what was spawned.
    pub(in crate::engine::local) fn close(&self) -> ClosedTasks {
        let tasks = lock(&self.open).take();
        self.closing.cancel();
        ClosedTasks(tasks.unwrap_or_default())
    }
}

impl ClosedTasks {
    /// Waits this long for the tasks to end, then suspends what is left, and stops what does not end then.
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
