//! Runs a workflow in the caller's task, without an engine or a store.
//!
//! [`Executor::run`] returns a [`Run`], a stream of updates: polling it does the work, dropping it cancels
//! everything. [`Executor`] also has the limits of each run; an engine takes one for the runs it drives. A run is
//! resumed from its log by [`Executor::resume`], and a wait for a person is answered by [`Executor::signal`].
//!
//! `driver` executes the commands of the state machine and passes results back to it. [`Run`] and an engine (`journaled`) share it;
//! they differ in who takes the events of a turn before its commands are executed: a reader, or a journal. Nothing here spawns a
//! task or uses a store.

mod attempt;
mod clock;
mod driver;
mod inbox;
mod journaled;
mod predict;
mod run;
mod turn;

use std::sync::Arc;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use self::run::Run;
pub(crate) use self::{
    clock::Clock,
    driver::Driver,
    inbox::Inbox,
    journaled::{Fenced, Journal, Journaled},
    predict::{EarlierCosts, predict},
};
pub use crate::view::wait::SignalError;
use crate::{
    event::{EventKind, ResumeError, RunCreated, StepEvent},
    machine::{Input, Limits, Machine, Misfit},
    value::{MAX_OUTPUT_BYTES, RunId, WaitId},
    view::{Prediction, WaitLog},
    workflow::Workflow,
};

/// Default of [`Executor::with_max_events`].
pub const DEFAULT_EVENTS: u64 = 1_000_000;

/// Default of [`Executor::with_max_map_items`].
///
/// Each item makes several events, see [`DEFAULT_EVENTS`].
pub const DEFAULT_MAP_ITEMS: usize = 10_000;

/// Default of [`Executor::with_max_open_frames`]. A frame takes a few hundred bytes for each of its nodes.
pub const DEFAULT_OPEN_FRAMES: usize = 10_000;

/// Default of [`Executor::with_max_run_memory`]: 256 MiB.
pub const DEFAULT_RUN_MEMORY: usize = 256 * 1024 * 1024;

/// Default of [`Executor::with_concurrent_steps`].
pub const DEFAULT_CONCURRENT_STEPS: usize = 16;

/// Starts and resumes runs in the task of the caller. Cheap to clone: it holds only the limits of a single run.
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

    /// Sets how many steps of one run may be executed at the same time; at least 1, by default 16.
    #[must_use]
    pub fn with_concurrent_steps(mut self, steps: usize) -> Self {
        self.limits.slots = steps.max(1);
        self
    }

    /// Sets the most events of a run; at least 20, by default 1,000,000. The run fails with `too_many_events` early enough
    /// for the events of its end to be within the limit.
    #[must_use]
    pub fn with_max_events(mut self, events: u64) -> Self {
        self.limits.events = events.max(20);
        self
    }

    /// Sets the most items of a map; 10,000 by default. A map with more fails with `too_many_items`.
    #[must_use]
    pub fn with_max_map_items(mut self, items: usize) -> Self {
        self.limits.map_items = items;
        self
    }

    /// Sets the most frames that a run may have open at the same time: its own nodes, and one for each item of a map, round
    /// of a loop, turn of an agent, its calls, and called workflow that is being executed. At least 1, by default 10,000.
    ///
    /// Beyond that, a loop, an agent, a call, and a map that cannot start a single item fail with `too_many_frames`. Other maps start
    /// fewer items at a time.
    #[must_use]
    pub fn with_max_open_frames(mut self, frames: usize) -> Self {
        self.limits.frames = frames.max(1);
        self
    }

    /// Sets the most bytes of memory that the input, the outputs and the open frames of a run may hold; 256 MiB by default.
    /// Beyond that, the run fails with `too_much_memory`.
    ///
    /// Values are estimated by [`heap_bytes`](crate::value::heap_bytes), and each is counted twice, since templates read a
    /// copy of it.
    #[must_use]
    pub fn with_max_run_memory(mut self, bytes: usize) -> Self {
        self.limits.memory = bytes;
        self
    }

    /// Sets the most bytes of the output of a step, as JSON. A step with more fails with `output_too_large`.
    ///
    /// The default, 1 MiB, is also the maximum: templates and stores are built for outputs of at most
    /// [`MAX_OUTPUT_BYTES`]. Larger values are reduced to it.
    #[must_use]
    pub fn with_max_output_bytes(mut self, bytes: usize) -> Self {
        self.limits.output_bytes = bytes.min(MAX_OUTPUT_BYTES);
        self
    }

    /// Predicts a run without running anything that costs, waits or acts. See [`Prediction`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use workflow_core::{Executor, Registry, Workflow, view::PredictedStatus};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let workflow = Workflow::from_json(r#"{"nodes": [
    ///     {"id": "greet", "type": "PromptNode", "data": {"template": "Hello {{ input }}"}},
    ///     {"id": "ask", "type": "HumanNode", "data": {"message": "{{ greet.output }}, fine?"}}
    /// ]}"#, &Registry::default())?;
    /// let prediction = Executor::new().predict(Arc::new(workflow), "Ada".into()).await;
    /// assert_eq!(prediction.steps[0].status, PredictedStatus::Computed);
    /// assert_eq!(prediction.steps[1].status, PredictedStatus::Asks);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn predict(&self, workflow: Arc<Workflow>, input: Value) -> Prediction {
        let created = RunCreated::of(&workflow, Arc::new(input));
        predict(workflow, created, self.limits, &EarlierCosts::new()).await
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Creates a run. Nothing happens before it is polled; an input that does not match the schema of the workflow makes the
    /// run fail.
    ///
    /// # Cancellation
    /// Dropping the run drops all running nodes at once. A run that is not polled makes no progress.
    pub fn run(&self, workflow: Arc<Workflow>, input: Value) -> Run {
        let (id, input) = (RunId::new(), Arc::new(input));
        let created = RunCreated::of(&workflow, Arc::clone(&input));
        let mut machine = Machine::new(workflow, id, input, self.limits);
        let clock = Clock::start();
        let first = machine.create(created, clock.now());
        run(id, machine, clock, Some(first), None)
    }

    /// Resumes a run from its log. Completed steps are not executed again, and attempts that were running are started again
    /// with `reason: "recovered"`. The new run yields the events after the last one of the log.
    ///
    /// A suspended run continues if a time that it waits for has come. Otherwise the stream is empty, and the run can be
    /// resumed at the `wake_at` of its `run.suspended`.
    ///
    /// # Errors
    /// [`ResumeError`] if the log belongs to another workflow, has an unknown format, or is damaged.
    pub fn resume(&self, workflow: Arc<Workflow>, log: &[StepEvent]) -> Result<Run, ResumeError> {
        let (id, machine) = self.replay(workflow, log)?;
        let clock = clock_after(log);
        Ok(run(id, machine, clock, None, None))
    }

    /// Resumes a run whose step waits for a person, with the answer of the person.
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
    /// // The stream ends when the run is suspended. Its events are sufficient to resume it.
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
    /// [`SignalError::Resume`] if the run cannot be resumed; the other variants if the wait is unknown or over, or the
    /// payload does not match its schema.
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
        Ok(run(id, machine, clock, None, Some(first)))
    }

    /// The state machine of a run after all events of its log.
    pub(crate) fn replay(
        &self,
        workflow: Arc<Workflow>,
        log: &[StepEvent],
    ) -> Result<(RunId, Machine), ResumeError> {
        let first = log.first().ok_or(ResumeError::NoBeginning)?;
        let mut machine = self.machine_for(workflow, first)?;
        for event in log {
            machine.apply(event)?;
        }
        Ok((first.run_id, machine))
    }

    /// The state machine of a run before the first event of its log is applied.
    ///
    /// # Errors
    /// If this version cannot replay the log, or it belongs to another workflow: the hashes of the workflow and of all that
    /// it calls must be those that `run.created` has pinned.
    pub(crate) fn machine_for(
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
        // By hash and not by version: workflows of a library have none.
        let hashes = |created: &RunCreated| {
            let pins = created.workflows.iter();
            let pins = pins.map(|pin| (Arc::clone(&pin.workflow), Arc::clone(&pin.spec_hash)));
            pins.collect::<Vec<_>>()
        };
        let current = RunCreated::of(&workflow, Arc::clone(&created.input));
        if created.spec_hash != current.spec_hash || hashes(created) != hashes(&current) {
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

/// A polled run. `decided` is an event that the machine has applied and nobody has seen, `input` is one to begin with.
fn run(
    id: RunId,
    machine: Machine,
    clock: Clock,
    decided: Option<StepEvent>,
    input: Option<Input>,
) -> Run {
    Run::new(id, |deltas| {
        Driver::new(id, machine, deltas, CancellationToken::new(), clock)
            .with_decided(decided)
            .with_input(input)
    })
}

/// A clock that is not behind the last event.
///
/// The wall clock of this host may be behind that of the host before it.
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
