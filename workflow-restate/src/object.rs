//! The virtual object `Runs`: what Restate knows of this service.

use std::{sync::Arc, time::Duration};

use restate_sdk::{
    context::{ContextClient, ContextSideEffects, ObjectContext, RunFuture},
    errors::{HandlerError, HandlerResult, TerminalError},
    serde::Json,
};
use tokio::time::sleep;
use workflow_core::{
    fleet::DriveEnd,
    value::{RunId, Timestamp},
};

use crate::drive::Drive;

/// The name of the object, and of its handler: a path of the ingress.
pub(crate) const OBJECT: &str = "Runs";
pub(crate) const HANDLER: &str = "drive";

/// The longest wait before an error is returned to Restate, which then adds the wait of its retry policy.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The runs, each an object whose key is the id of the run. Restate executes one call of `drive` per run at a time;
/// further calls are queued, and return at once if there is nothing to do.
pub(crate) struct Runs {
    drive: Arc<dyn Drive>,
}

impl Runs {
    pub(crate) fn new(drive: Arc<dyn Drive>) -> Self {
        Self { drive }
    }
}

// The time-outs: Restate ends a call that sends nothing for a minute, and a step of a run may be silent for hours. The
// attempts: Restate pauses a call after 70 of them, about 6 minutes, until a person resumes it. The call must be open to
// the ingress, since the dispatcher calls there.
#[restate_sdk::object(
    name = "Runs",
    inactivity_timeout = "365 days",
    abort_timeout = "365 days",
    journal_retention = "1 hour",
    ingress_private = false,
    invocation_retry_policy(
        initial_interval = "50ms",
        factor = 2.0,
        max_interval = "5s",
        max_attempts = 1_000_000_000,
        on_max_attempts = "pause",
    )
)]
impl Runs {
    /// Drives a run of the workflow engine until it ends or is suspended, and again when its time has come.
    #[handler]
    async fn drive(&self, context: ObjectContext<'_>) -> HandlerResult<()> {
        let key = context.key();
        let run = run_of(key)?;
        // In the journal, so that a replay sends the same. It is awaited at once and alone: the SDK executes one
        // closure at a time.
        let driving = context.run(|| drive(Arc::clone(&self.drive), run));
        let Json(wake_at) = driving.name("drive").await?;
        if let Some(at) = wake_at {
            let this = context.object_client::<RunsClient<'_>>(key);
            this.drive().send_after(delay_until(at));
        }
        Ok(())
    }
}

/// How long it is until a time by the clock of this machine, in whole milliseconds, as Restate counts; zero for a time in
/// the past. Rounded up: a run that is driven just before its time is suspended once more.
pub(crate) fn delay_until(at: Timestamp) -> Duration {
    let wait = at.since(Timestamp::now()).as_micros().div_ceil(1000);
    Duration::from_millis(u64::try_from(wait).unwrap_or(u64::MAX))
}

/// The run of a key, which must be written as the dispatcher writes it: Restate takes another form of the same id for
/// another object, and would drive the run twice at a time.
fn run_of(key: &str) -> Result<RunId, TerminalError> {
    let run = key.parse::<RunId>().ok();
    run.filter(|run| run.to_string() == key).ok_or_else(|| {
        let text = "the key is not the id of a run: a UUID in lower case with hyphens";
        TerminalError::new_with_code(400, text)
    })
}

/// Drives a run. Returns when it must be driven again. Errors are retried by Restate.
async fn drive(drive: Arc<dyn Drive>, run: RunId) -> Result<Json<Option<Timestamp>>, HandlerError> {
    match drive.drive(run).await {
        Ok(DriveEnd::Ended) => Ok(Json(None)),
        Ok(DriveEnd::Suspended(wake_at)) => Ok(Json(wake_at)),
        Err(error) => {
            sleep(error.retry_after().min(LONGEST_WAIT)).await;
            Err(error.into())
        }
    }
}
