//! Runs a workflow in the caller's task, without an engine or a store.
//!
//! [`Executor::run`] returns a [`Run`], a stream of updates: polling it does the work, dropping it cancels
//! everything. [`Executor`] also has the limits of each run; an engine takes one for the runs it drives. A run is
//! resumed from its log by [`Executor::resume`], and a wait for a person is answered by [`Executor::signal`].

mod attempt;
mod clock;
mod driver;
mod inbox;
mod outbox;

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{FutureExt, Stream, future::BoxFuture};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use self::outbox::Outbox;
pub(crate) use self::{
    clock::Clock,
    driver::{Driver, Fenced, Journal},
    inbox::{Inbox, RunCommand},
};
pub use crate::view::wait::SignalError;
use crate::{
    event::{EventKind, ResumeError, RunCreated, StepEvent, Update},
    machine::{Input, Limits, Machine, Misfit},
    value::{MAX_OUTPUT_BYTES, RunId, WaitId},
    view::WaitLog,
    workflow::Workflow,
};

/// How many events a run may have, unless it is set.
pub const DEFAULT_EVENTS: u64 = 1_000_000;

/// How many items a map may have, unless it is set.
pub const DEFAULT_MAP_ITEMS: usize = 10_000;

/// How many lists of nodes a run may have open at the same time, unless it is set.
pub const DEFAULT_OPEN_FRAMES: usize = 10_000;

/// How many bytes of memory the values of a run may hold, unless it is set: 256 MiB.
pub const DEFAULT_RUN_MEMORY: usize = 256 * 1024 * 1024;

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
/// let workflow = Arc::new(Workflow::from_spec(&spec, &Registry::default())?);
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
    limits: Limits,
}

impl Executor {
    /// An executor with the default limits.
    pub fn new() -> Self {
        Self {
            limits: Limits {
                slots: DEFAULT_CONCURRENT_STEPS,
                events: DEFAULT_EVENTS,
                map_items: DEFAULT_MAP_ITEMS,
                frames: DEFAULT_OPEN_FRAMES,
                memory: DEFAULT_RUN_MEMORY,
                output_bytes: MAX_OUTPUT_BYTES,
            },
        }
    }

    /// Sets how many steps of one run may work at once; at least 1, 16 by default.
    #[must_use]
    pub fn with_concurrent_steps(mut self, steps: usize) -> Self {
        self.limits.slots = steps.max(1);
        self
    }

    /// Sets how many events a run may have; 1,000,000 by default, at least 20. It fails with
    /// `too_many_events` in time for the events that end it to be among them.
    #[must_use]
    pub fn with_max_events(mut self, events: u64) -> Self {
        self.limits.events = events.max(20);
        self
    }

    /// Sets how many items a map may have before it fails with `too_many_items`; 10,000 by default.
    #[must_use]
    pub fn with_max_map_items(mut self, items: usize) -> Self {
        self.limits.map_items = items;
        self
    }

    /// Sets how many lists of nodes a run may have open at the same time: its own, and one for each item
    /// of a map, round of a loop and call of a workflow that is under way. At least 1, 10,000 by default.
    /// A map that may begin no item, a loop and a call fail with `too_many_frames` beyond that.
    #[must_use]
    pub fn with_max_open_frames(mut self, frames: usize) -> Self {
        self.limits.frames = frames.max(1);
        self
    }

    /// Sets how many bytes of memory the input, the outputs and the open lists of nodes of a run may hold
    /// before the run fails with `too_much_memory`; 256 MiB by default. Each value is counted twice, since
    /// templates read a copy of it. See [`heap_bytes`](crate::value::heap_bytes) for what a value takes.
    #[must_use]
    pub fn with_max_run_memory(mut self, bytes: usize) -> Self {
        self.limits.memory = bytes;
        self
    }

    /// Sets how many bytes the output of a step may have as JSON before the step fails with
    /// `output_too_large`; 1 MiB by default, which is also the most: templates and stores are built
    /// for outputs of at most [`MAX_OUTPUT_BYTES`].
    #[must_use]
    pub fn with_max_output_bytes(mut self, bytes: usize) -> Self {
        self.limits.output_bytes = bytes.min(MAX_OUTPUT_BYTES);
        self
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Starts a run. Nothing happens before it is polled.
    ///
    /// # Cancellation
    /// Dropping the run drops every running node, at once. A run that is not polled stands still.
    pub fn run(&self, workflow: Arc<Workflow>, input: Value) -> Run {
        let (id, input) = (RunId::new(), Arc::new(input));
        let created = RunCreated::of(&workflow, Arc::clone(&input));
        let mut machine = Machine::new(workflow, id, input, self.limits);
        let clock = Clock::start();
        let first = machine.create(created, clock.now());
        Run::new(id, machine, clock, vec![first], None)
    }

    /// Goes on with a run from its log: what the log says is done is not done again, and steps that
    /// were in flight start anew, with `reason: "recovered"`. The new run yields the events that
    /// come after the log's last.
    ///
    /// A run that is suspended goes on if a time that it waits for has come; else there is nothing to
    /// yield, and it can be resumed again at the `wake_at` of its `run.suspended`.
    ///
    /// # Errors
    /// When the log is not one of this workflow, or is damaged.
    pub fn resume(&self, workflow: Arc<Workflow>, log: &[StepEvent]) -> Result<Run, ResumeError> {
        let (id, machine) = self.replay(workflow, log)?;
        let clock = clock_after(log);
        Ok(Run::new(id, machine, clock, Vec::new(), None))
    }

    /// Goes on with a run whose step waits for a person, with the person's answer.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use futures::StreamExt;
    /// use workflow_core::{EventKind, Executor, Registry, StepEvent, Update, Workflow};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let workflow = Arc::new(Workflow::from_json(r#"{"nodes": [
    ///     {"id": "ask", "type": "HumanNode", "data": {"message": "Publish {{ input }}?"}}
    /// ]}"#, &Registry::default())?);
    /// let run = Executor::new().run(Arc::clone(&workflow), "it".into());
    /// // The stream ends when the run rests. Its events are all it takes to go on with it.
    /// let log: Vec<StepEvent> = run
    ///     .filter_map(async |update| match update {
    ///         Update::Event(event) => Some(event),
    ///         _ => None,
    ///     })
    ///     .collect()
    ///     .await;
    /// let Some(wait) = log.iter().find_map(|event| match &event.kind {
    ///     EventKind::NodeWaiting(waiting) => Some(waiting.wait_id),
    ///     _ => None,
    /// }) else { unreachable!() };
    ///
    /// let mut rest = Executor::new().signal(workflow, &log, wait, "yes".into())?;
    /// let mut last = None;
    /// while let Some(update) = rest.next().await {
    ///     last = Some(update);
    /// }
    /// assert!(matches!(last, Some(Update::Event(event)) if event.is_terminal()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`SignalError::Resume`] when the run cannot be resumed; else when nobody waits for this answer,
    /// or it does not fit the wait's schema.
    pub fn signal(
        &self,
        workflow: Arc<Workflow>,
        log: &[StepEvent],
        wait: WaitId,
        payload: Value,
    ) -> Result<Run, SignalError> {
        let (id, machine) = self.replay(workflow, log)?;
        WaitLog::of(log).check(wait, &payload)?;
        let payload = Arc::new(payload);
        let first = Input::Signal { wait, payload };
        let clock = clock_after(log);
        Ok(Run::new(id, machine, clock, Vec::new(), Some(first)))
    }

    /// The machine of a run as its log leaves it.
    pub(crate) fn replay(
        &self,
        workflow: Arc<Workflow>,
        log: &[StepEvent],
    ) -> Result<(RunId, Machine), ResumeError> {
        let first = log.first().ok_or(ResumeError::NoBeginning)?;
        let mut machine = self.beginning(workflow, first)?;
        for event in log {
            machine.apply(event)?;
        }
        Ok((first.run_id, machine))
    }

    /// The machine of a run before the first event of its log is applied.
    pub(crate) fn beginning(
        &self,
        workflow: Arc<Workflow>,
        first: &StepEvent,
    ) -> Result<Machine, ResumeError> {
        let EventKind::RunCreated(created) = &first.kind else {
            return Err(ResumeError::NoBeginning);
        };
        created
            .check_format()
            .map_err(|format| ResumeError::OtherFormat(Box::new(format)))?;
        let hashes = |created: &RunCreated| {
            let pins = created.workflows.iter();
            let pins = pins.map(|pin| (Arc::clone(&pin.workflow), Arc::clone(&pin.spec_hash)));
            pins.collect::<Vec<_>>()
        };
        let same = RunCreated::of(&workflow, Arc::clone(&created.input));
        if created.spec_hash != same.spec_hash || hashes(created) != hashes(&same) {
            return Err(ResumeError::OtherWorkflow);
        }
        let input = Arc::clone(&created.input);
        Ok(Machine::new(workflow, first.run_id, input, self.limits))
    }
}

impl From<Misfit> for ResumeError {
    fn from(misfit: Misfit) -> Self {
        Self::Damaged(Box::new(misfit))
    }
}

/// A clock that is not behind the last event.
fn clock_after(log: &[StepEvent]) -> Clock {
    let clock = Clock::start();
    let last = log.last();
    last.map_or(clock, |last| clock.not_before(last.time))
}

impl Default for Executor {
    fn default() -> Self {
        Self::new()
    }
}

/// A run as a stream of [`Update`]s, in order, the terminal event last. It also ends after a
/// `run.suspended`: nothing works then, and [`Executor::resume`] or [`Executor::signal`] goes on with it.
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
    fn new(
        id: RunId,
        machine: Machine,
        clock: Clock,
        decided: Vec<StepEvent>,
        first: Option<Input>,
    ) -> Self {
        let outbox = Arc::new(Outbox::default());
        let deltas = Arc::clone(&outbox);
        let driver = Driver::new(
            id,
            machine,
            Arc::clone(&outbox),
            deltas,
            CancellationToken::new(),
            clock,
        );
        Self {
            id,
            batch: VecDeque::new(),
            outbox,
            driver: Some(Box::pin(driver.drive(decided, first).map(|_| ()))),
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
