//! The driver of a run: passes inputs to the state machine, and executes its commands.
//!
//! It makes no decision and does not wait. Its owner stores or shows the events of a turn between [`Driver::decide`] and
//! [`Driver::execute`], so that nothing is executed because of an event that nobody has. The owner is a polled
//! [`Run`](super::Run), or for an engine `journaled`.
//!
//! It spawns nothing. All attempts of a run are polled by it, in one task: a node that blocks its thread blocks its run.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{
    FutureExt, StreamExt,
    future::{AbortHandle, Abortable},
    stream::FuturesUnordered,
};
use tokio_util::sync::{CancellationToken, DropGuard, ReusableBoxFuture};

use super::{attempt, clock::Clock};
use crate::{
    event::StepEvent,
    machine::{Command, FrameId, Input, Machine, StepId, Turn},
    node::{DeltaSink, Notices, Plan, RunContext},
    value::{Amount, RunId},
};

/// An attempt or a timer. Returns `None` if it was aborted.
type Task = ReusableBoxFuture<'static, Option<Input>>;

/// Drives one run, turn by turn. Dropping it drops all attempts.
pub(crate) struct Driver {
    pub(super) machine: Machine,
    /// The events and commands of the last turn.
    pub(super) turn: Turn,
    /// What the next turn is about.
    pub(super) inputs: Vec<Input>,
    context: Arc<RunContext>,
    clock: Clock,
    in_flight: FuturesUnordered<Task>,
    /// The memory of a task that completed when it was polled first. The next one is built in it.
    spare: Option<Task>,
    /// Handles of tasks that can be aborted separately: timers, and attempts within maps, loops and called workflows.
    abort_handles: HashMap<StepId, AbortHandle>,
    /// Cancels the token of the run, for work of nodes that outlives their futures.
    _cancel_on_drop: DropGuard,
}

impl Driver {
    /// A driver that continues the run. `cancellation` is the token of its nodes.
    pub(crate) fn new(
        id: RunId,
        machine: Machine,
        deltas: Arc<dyn DeltaSink>,
        cancellation: CancellationToken,
        clock: Clock,
    ) -> Self {
        // Also when the driver is dropped: nodes may have started work that only the token ends.
        let guard = cancellation.clone().drop_guard();
        let context = Arc::new(RunContext {
            id,
            cancellation,
            deltas,
            notices: Notices::default(),
        });
        Self {
            machine,
            turn: Turn::new(clock.now()),
            // Capacity for one, since many suspended runs may be in memory.
            inputs: vec![Input::Resume],
            context,
            clock,
            in_flight: FuturesUnordered::new(),
            spare: None,
            abort_handles: HashMap::new(),
            _cancel_on_drop: guard,
        }
    }

    /// Adds an event that the machine has applied but that nobody has yet.
    pub(crate) fn with_decided(mut self, decided: Option<StepEvent>) -> Self {
        self.turn.events.extend(decided);
        self
    }

    /// Adds an input to the first turn.
    pub(crate) fn with_input(mut self, input: Option<Input>) -> Self {
        self.inputs.extend(input);
        self
    }

    /// Whether all inputs are results of steps that only compute, or begin a run that nobody has stored. Notices are not among them yet:
    /// nothing is billed because of one.
    pub(super) fn has_only_computed(&self) -> bool {
        self.inputs.iter().all(|input| match input {
            Input::Resume => !self.turn.events.is_empty(),
            input => self.machine.is_computed(input),
        })
    }

    /// Lets the machine decide on the inputs and on what the attempts have reported.
    pub(super) fn decide(&mut self) {
        let notices = self.context.notices.take();
        self.inputs.extend(notices.into_iter().map(Input::Noticed));
        if self.inputs.len() > 1 {
            self.inputs.sort_by_key(order);
        }
        self.turn.begin(self.clock.now());
        self.machine.on(self.inputs.drain(..), &mut self.turn);
        if self.machine.has_ended() {
            // Before the events are stored, which may be slow, so that the connections of attempts close now.
            self.drop_attempts();
        }
    }

    pub(super) fn drop_attempts(&mut self) {
        self.in_flight.clear();
    }

    /// Executes the commands of the last turn.
    ///
    /// In order: a `Stop` that follows a `Wait` of the same step in one turn must find its handle.
    pub(super) fn execute(&mut self, cx: &mut Context<'_>) {
        let mut commands = std::mem::take(&mut self.turn.commands);
        for command in commands.drain(..) {
            match command {
                Command::Run {
                    step,
                    attempt,
                    plan,
                    reserved,
                } => self.attempt(step, attempt, plan, reserved, cx),
                Command::Wait { step, wait } => {
                    let fired = Some(Input::TimerFired { step });
                    self.abortable(step, tokio::time::sleep(wait).map(|()| fired), cx);
                }
                Command::Deadline { of, wait } => {
                    let reached = Some(Input::DeadlineReached { of });
                    self.begin(tokio::time::sleep(wait).map(|()| reached), cx);
                }
                Command::Stop { step } => {
                    if let Some(handle) = self.abort_handles.remove(&step) {
                        handle.abort();
                    }
                }
            }
        }
        self.turn.commands = commands;
    }

    /// Starts an attempt, unless its step has gone since the command was decided.
    fn attempt(
        &mut self,
        step: StepId,
        attempt: u32,
        plan: Plan,
        reserved: Option<Amount>,
        cx: &mut Context<'_>,
    ) {
        let work = attempt::of(&self.machine, &self.context, step, attempt, plan, reserved);
        let Some(work) = work else {
            return;
        };
        // Without `on_failure`, top-level attempts are aborted only with the whole run.
        if step.frame == FrameId::ROOT && !self.machine.has_on_failure() {
            self.begin(work, cx);
        } else {
            self.abortable(step, work, cx);
        }
    }

    /// Begins a task that [`Command::Stop`] can abort.
    ///
    /// An aborted task yields no input. A handle with the same step replaces an older one, whose task has ended.
    fn abortable(
        &mut self,
        step: StepId,
        work: impl Future<Output = Option<Input>> + Send + 'static,
        cx: &mut Context<'_>,
    ) {
        let (handle, registration) = AbortHandle::new_pair();
        self.abort_handles.insert(step, handle);
        let work = Abortable::new(work, registration);
        self.begin(work.map(|done| done.ok().flatten()), cx);
    }

    /// Polls a task once before it is queued: work that completes at once needs no place in the queue, and leaves its memory
    /// to the next one.
    fn begin(
        &mut self,
        work: impl Future<Output = Option<Input>> + Send + 'static,
        cx: &mut Context<'_>,
    ) {
        let mut task = match self.spare.take() {
            Some(mut task) => {
                task.set(work);
                task
            }
            None => ReusableBoxFuture::new(work),
        };
        match Pin::new(&mut task).poll(cx) {
            Poll::Ready(input) => {
                self.take(input);
                self.spare = Some(task);
            }
            Poll::Pending => self.in_flight.push(task),
        }
    }

    /// Collects the results of all tasks that have completed, so that they share one turn. Ready if there is something to
    /// decide: a result, a notice of a node, or what the last turn has left.
    ///
    /// Notices are checked after the attempts were polled: only a poll of an attempt can add one.
    pub(super) fn poll_inputs(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.in_flight.is_empty()
            && let Poll::Ready(Some(input)) = self.in_flight.poll_next_unpin(cx)
        {
            self.take(input);
        }
        if self.inputs.is_empty() && !self.turn.more && self.context.notices.is_empty() {
            // Releases its memory: the run may wait for long.
            self.spare = None;
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// Adds the result of a task, and removes its abort handle.
    fn take(&mut self, input: Option<Input>) {
        if !self.abort_handles.is_empty()
            && let Some(Input::Done { step, .. } | Input::TimerFired { step }) = &input
        {
            self.abort_handles.remove(step);
        }
        self.inputs.extend(input);
    }
}

/// The order in which inputs of one turn are applied. Notices of an attempt come before its end. Results come
/// before timers, so that a result counts even if its deadline is reached in the same turn. The sort is stable:
/// inputs of the same rank keep the order in which they arrived.
fn order(input: &Input) -> u8 {
    match input {
        Input::Resume | Input::Noticed(_) => 0,
        Input::Done { .. } => 1,
        _ => 2,
    }
}
