//! Commands to a run: answers and cancellation.

use std::{pin::pin, sync::Arc, time::Duration};

use futures::future::select;
use tokio::time::timeout;

use super::{drive::Drives, shared::Shared};
use crate::{executor::RunCommand, value::RunId};

/// How long a caller waits for its command to be in the log. The store may fail, or the run may wait for admission; the
/// command stays in the inbox then.
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

    /// Puts a command into the inbox of a run and wakes the run. Returns when the run has processed the command or
    /// ended, at the latest after [`COMMAND_TIMEOUT`]. The caller reads the log to learn the result.
    pub(super) async fn send(&self, run: RunId, command: RunCommand) {
        let live = self.shared.runs.live(run);
        let receipt = live.inbox().send(command);
        self.drives.wake(run, None);
        let (processed, closed) = (pin!(receipt.processed()), pin!(live.closed()));
        let _ = timeout(COMMAND_TIMEOUT, select(processed, closed)).await;
    }
}
