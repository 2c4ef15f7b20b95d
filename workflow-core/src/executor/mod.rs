//! Runs a workflow as a stream: polling it does the work, dropping it cancels everything.

mod attempt;
mod driver;
mod outbox;

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{Stream, future::BoxFuture};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub(crate) use self::driver::{Driver, Journal, Refused};
use self::outbox::Outbox;
use crate::{
    event::{EventKind, RunCreated, StepEvent, Update},
    id::RunId,
    machine::{Machine, Turn},
    time::Timestamp,
    workflow::Workflow,
};

/// How many steps of one run may work at once, unless it is set.
pub const DEFAULT_CONCURRENT_STEPS: usize = 16;

/// Runs workflows in the caller's own task.
///
/// ```
/// use std::sync::Arc;
/// use futures::StreamExt;
/// use workflow_core::{EventKind, Executor, Registry, Update, Workflow};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let spec = serde_json::json!({"nodes": [
///     {"id": "greet", "type": "PromptNode", "data": {"template": "Hello {{ input }}"}},
/// ]});
/// let workflow = Arc::new(Workflow::new(&spec, &Registry::default())?);
/// let mut run = Executor::new().run(workflow, "Ada".into());
/// while let Some(update) = run.next().await {
///     if let Update::Event(event) = update
///         && let EventKind::RunCompleted(completed) = event.kind
///     {
///         assert_eq!(*completed.output, "Hello Ada");
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Executor {
    concurrent_steps: usize,
}

impl Executor {
    /// An executor with the default limits.
    pub fn new() -> Self {
        Self {
            concurrent_steps: DEFAULT_CONCURRENT_STEPS,
        }
    }

    /// Sets how many steps of one run may work at once; at least 1, 16 by default.
    #[must_use]
    pub fn concurrent_steps(mut self, steps: usize) -> Self {
        self.concurrent_steps = steps.max(1);
        self
    }

    pub(crate) fn slots(&self) -> usize {
        self.concurrent_steps
    }

    /// Starts a run. Nothing happens before it is polled.
    ///
    /// # Cancellation
    /// Dropping the run drops every running node, at once. A run that is not polled stands still.
    pub fn run(&self, workflow: Arc<Workflow>, input: Value) -> Run {
        let input = Arc::new(input);
        let id = RunId::new();
        let mut machine = Machine::new(
            Arc::clone(&workflow),
            id,
            Arc::clone(&input),
            self.concurrent_steps,
        );
        let first = machine.create(RunCreated::of(&workflow, input), Timestamp::now());
        Run::new(
            id,
            workflow,
            machine,
            Turn {
                events: vec![first],
                commands: Vec::new(),
            },
        )
    }

    /// Goes on with a run from its log: what the log says is done is not done again, and steps that
    /// were in flight start anew, with `reason: "recovered"`. The new run yields the events that
    /// come after the log's last.
    ///
    /// # Errors
    /// When the log is not one of this workflow, or is damaged.
    pub fn resume(&self, workflow: Arc<Workflow>, log: &[StepEvent]) -> Result<Run, ResumeError> {
        let (id, created) = match log.first() {
            Some(StepEvent {
                run_id,
                kind: EventKind::RunCreated(created),
                ..
            }) => (*run_id, created),
            _ => return Err(ResumeError::NoBeginning),
        };
        if created.spec_hash != *workflow.hash() {
            return Err(ResumeError::OtherWorkflow);
        }
        let input = Arc::clone(&created.input);
        let mut machine = Machine::new(Arc::clone(&workflow), id, input, self.concurrent_steps);
        for event in log {
            machine
                .apply(event)
                .map_err(|misfit| ResumeError::Damaged(Box::new(misfit)))?;
        }
        Ok(Run::new(id, workflow, machine, Turn::default()))
    }
}

impl Default for Executor {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a run cannot go on from a log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The log does not begin with `run.created`.
    #[error("the log does not begin with run.created")]
    NoBeginning,
    /// The log is that of another specification.
    #[error("the log is that of another workflow")]
    OtherWorkflow,
    /// An event does not follow from those before it.
    #[error("the log is damaged")]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A run as a stream of [`Update`]s, in order, the terminal event last.
///
/// A reader that does not poll pauses the run. A reader that is slow, or holds a lock while it
/// awaits, should use an engine instead, whose runs do not depend on their readers.
#[must_use = "a run does nothing unless it is polled"]
pub struct Run {
    id: RunId,
    batch: VecDeque<Update>,
    outbox: Arc<Outbox>,
    driver: Option<BoxFuture<'static, ()>>,
}

impl Run {
    fn new(id: RunId, workflow: Arc<Workflow>, machine: Machine, turn: Turn) -> Self {
        let outbox = Arc::new(Outbox::default());
        let deltas = Arc::clone(&outbox);
        let driver = Driver::new(
            id,
            workflow,
            machine,
            Arc::clone(&outbox),
            deltas,
            CancellationToken::new(),
        );
        Self {
            id,
            batch: VecDeque::new(),
            outbox,
            driver: Some(Box::pin(driver.drive(turn))),
        }
    }

    /// The id its events carry.
    pub fn id(&self) -> RunId {
        self.id
    }
}

impl Stream for Run {
    type Item = Update;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Update>> {
        let this = &mut *self;
        if let Some(update) = this.batch.pop_front() {
            return Poll::Ready(Some(update));
        }
        if this
            .driver
            .as_mut()
            .is_some_and(|driver| driver.as_mut().poll(cx).is_ready())
        {
            this.driver = None;
        }
        this.outbox.hand_over(&mut this.batch);
        match this.batch.pop_front() {
            None if this.driver.is_some() => {
                // A run that waits, perhaps for long, holds no room for updates.
                this.batch = VecDeque::new();
                Poll::Pending
            }
            update => Poll::Ready(update),
        }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
