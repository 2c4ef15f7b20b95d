//! Commands to a run: answers and cancellation.

use std::{pin::pin, sync::Arc, time::Duration};

use futures::{Stream, StreamExt};
use tokio::time::timeout;

use super::{drive::Drives, shared::Shared};
use crate::{
    engine::EngineError,
    event::{StepEvent, Update},
    fleet::{Notification, RunCommand},
    value::RunId,
};

/// How long a caller waits for the result of its command in the log. The store may fail, or the run may wait for admission;
/// the command stays where it is then.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// Delivers commands to runs.
#[derive(Clone)]
pub(super) struct Commands {
    shared: Arc<Shared>,
    drives: Drives,
}

impl Commands {
    pub(super) fn new(shared: &Arc<Shared>, drives: &Drives) -> Self {
        Self {
            shared: Arc::clone(shared),
            drives: drives.clone(),
        }
    }

    /// Delivers a command to the driver of a run, and has the run driven. The result will be in the log.
    ///
    /// # Errors
    /// In a fleet, if the command cannot be stored.
    pub(super) async fn send(&self, run: RunId, command: RunCommand) -> Result<(), EngineError> {
        let Some(fleet) = self.shared.placement.fleet() else {
            let live = self.shared.runs.live(run);
            live.inbox().send(command);
            self.drives.wake(run, None);
            return Ok(());
        };
        if self.shared.tasks.is_closed() {
            // Another engine takes it. Here, nobody would wait for its result.
            return Err(EngineError::ShuttingDown);
        }
        fleet.coordinator().send(run, &command).await?;
        let queued = Notification::CommandQueued { run };
        fleet.coordinator().publish(queued);
        self.drives.dispatch(run);
        Ok(())
    }
}

/// Reads a run until `is_result` accepts an event, the stream ends, or [`COMMAND_TIMEOUT`] has passed.
pub(super) async fn wait_for_result(
    updates: impl Stream<Item = Update>,
    mut is_result: impl FnMut(&StepEvent) -> bool,
) {
    let mut updates = pin!(updates);
    let found = async {
        while let Some(update) = updates.next().await {
            if matches!(&update, Update::Event(event) if is_result(event)) {
                return;
            }
        }
    };
    let _ = timeout(COMMAND_TIMEOUT, found).await;
}
