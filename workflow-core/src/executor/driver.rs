//! The driver: the async loop of a run.
//!
//! A turn passes inputs to the state machine, appends the events that it returns, then executes its commands. The order
//! matters: nothing is executed because of an event that is not in the journal. All inputs that are available at the
//! same time share one turn, and so one append.
//!
//! The driver is one future and spawns nothing. All attempts of a run are polled by it, in one task: a node that
//! blocks its thread blocks its run.

use std::{
    collections::HashMap,
    future::{Future, poll_fn, ready},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use futures::{
    FutureExt, StreamExt,
    future::{AbortHandle, Abortable, BoxFuture},
    poll,
    stream::FuturesUnordered,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{attempt, clock::Clock, inbox::Inbox};
use crate::{
    event::StepEvent,
    machine::{Command, FrameId, Input, Machine, StepId, Turn},
    node::{DeltaSink, Notices, Plan, RunContext},
    value::{Amount, RunId},
};

/// The journal rejected an append: another driver owns the run. This driver must stop without further effects.
///
/// It is not an error of the run: the other driver continues it. Nothing may be written or shown after it.
#[derive(Debug)]
pub(crate) struct Fenced;

/// Where a driver writes events before anything depends on them.
pub(crate) trait Journal: Send {
    /// Whether `commit` waits for a reader. If so, the driver polls no attempts meanwhile, so that a reader that does not
    /// read pauses the run.
    const PAUSES_RUN: bool = false;

    /// Reports the estimated memory of the run, in bytes, after each turn.
    ///
    /// # Errors
    /// The budget of all runs, if it is exceeded and this run has to end.
    fn hold(&mut self, memory: usize) -> Result<(), usize> {
        let _ = memory;
        Ok(())
    }

    /// Stores the events, then shows them; leaves `events` empty. It may take long: it retries until the store accepts them.
    ///
    /// # Errors
    /// [`Fenced`]. Other failures are not reported.
    ///
    /// # Cancellation
    /// If the future is dropped, the events are stored completely or not at all, see `RunLog`.
    fn commit(
        &mut self,
        events: &mut Vec<StepEvent>,
    ) -> impl Future<Output = Result<(), Fenced>> + Send;

    /// Confirms, before work is begun, that this driver still owns the log. Called after each commit that begins work.
    ///
    /// # Errors
    /// [`Fenced`].
    fn confirm(&mut self) -> impl Future<Output = Result<(), Fenced>> + Send {
        ready(Ok(()))
    }
}

/// An attempt or a timer. Returns `None` if it was aborted.
type Task = BoxFuture<'static, Option<Input>>;

/// The tasks that are being executed.
type InFlight = FuturesUnordered<Task>;

/// Drives one run until it ends or is suspended.
pub(crate) struct Driver<J> {
    machine: Machine,
    journal: J,
    context: Arc<RunContext>,
    clock: Clock,
    inbox: Option<Arc<Inbox>>,
    in_flight: InFlight,
    /// Handles of tasks that can be aborted separately: timers, and attempts within maps, loops and called workflows.
    abort_handles: HashMap<StepId, AbortHandle>,
    inputs: Vec<Input>,
    /// Cancels the token of the run, for work of nodes that outlives their futures.
    _cancel_on_drop: DropGuard,
}

impl<J: Journal> Driver<J> {
    pub(crate) fn new(
        id: RunId,
        machine: Machine,
        journal: J,
        deltas: Arc<dyn DeltaSink>,
        cancellation: CancellationToken,
        clock: Clock,
    ) -> Self {
        // Also when the future of the driver is dropped: nodes may have started work that only the token ends.
        let guard = cancellation.clone().drop_guard();
        let context = Arc::new(RunContext {
            id,
            cancellation,
            deltas,
            notices: Notices::default(),
        });
        Self {
            machine,
            journal,
            context,
            clock,
            inbox: None,
            in_flight: InFlight::new(),
            abort_handles: HashMap::new(),
            // Capacity for one, since many suspended runs may be in memory.
            inputs: Vec::with_capacity(1),
            _cancel_on_drop: guard,
        }
    }

    /// Sets the inbox from which commands to the run are taken.
    pub(crate) fn with_inbox(mut self, inbox: Arc<Inbox>) -> Self {
        self.inbox = Some(inbox);
        self
    }

    /// Drives the run until it ends or is suspended, and returns the journal.
    ///
    /// `decided` are events that the machine has applied but that are not stored yet, `first` is an input to start with.
    ///
    /// # Errors
    /// [`Fenced`] if the journal rejects an append.
    ///
    /// # Cancellation
    /// Dropping the future drops all attempts. The log is consistent, since each append is atomic.
    pub(crate) fn drive(
        mut self,
        decided: Vec<StepEvent>,
        first: Option<Input>,
    ) -> impl Future<Output = Result<J, Fenced>> + Send {
        self.inputs.push(Input::Resume);
        self.inputs.extend(first);
        let mut turn = Turn::new(decided, self.clock.now());
        // Not an async function: its future would store the arguments twice, as captured and as used.
        async move {
            self.run_turns(&mut turn).await?;
            Ok(self.journal)
        }
    }

    /// One turn, in this order:
    ///
    /// 1. collect inputs: cancellation, answers, interruption, notices, results;
    /// 2. let the machine decide;
    /// 3. store the events of the turn;
    /// 4. acknowledge the answers, whose effect is in the log now;
    /// 5. execute the commands of the machine;
    /// 6. wait for the next input, unless there is one or the machine has more to decide.
    ///
    /// The loop ends when the run has ended or is suspended. A cancellation is passed in each turn until then: it
    /// is a state and not a message, and the machine ignores repetitions.
    async fn run_turns(&mut self, turn: &mut Turn) -> Result<(), Fenced> {
        let cancellation = self.context.cancellation.clone();
        let mut cancelled = pin!(cancellation.cancelled());
        loop {
            if cancellation.is_cancelled() {
                self.inputs.push(Input::Cancel {
                    reason: "cancelled".into(),
                });
            }
            if let Some(inbox) = &self.inbox {
                if inbox.is_interrupted() {
                    self.inputs.push(Input::Interrupt);
                }
                self.inputs.extend(inbox.take());
            }
            let notices = self.context.notices.take();
            self.inputs.extend(notices.into_iter().map(Input::Noticed));
            if self.inputs.len() > 1 {
                self.inputs.sort_by_key(order);
            }
            turn.begin(self.clock.now());
            self.machine.on(self.inputs.drain(..), turn);
            // After the turn, since only then is the memory known; before the append, so that the run ends in this
            // turn.
            if let Err(budget) = self.journal.hold(self.machine.memory()) {
                let input = Input::OutOfMemory { budget };
                turn.begin(self.clock.now());
                self.machine.on([input], turn);
            }
            if self.machine.has_ended() {
                // Drops attempts before the append, which may be slow, so that their connections close now.
                self.in_flight.clear();
            }
            self.commit(&mut turn.events, cancelled.as_mut()).await?;
            if self.machine.is_at_rest() {
                return Ok(());
            }
            if cancellation.is_cancelled() {
                // Starts nothing, not even what this turn has decided.
                turn.commands.clear();
            }
            if !turn.commands.is_empty() {
                self.journal.confirm().await?;
            }
            self.execute(&mut turn.commands).await;
            if turn.more {
                // A run with much to decide yields to other tasks and checks its cancellation between turns.
                tokio::task::yield_now().await;
            }
            if self.inputs.is_empty() && !turn.more {
                self.wait(cancelled.as_mut()).await;
            }
            self.collect().await;
        }
    }

    /// Stores the events, and polls the running attempts meanwhile. If the run is cancelled, attempts are dropped at once,
    /// since the store may take long.
    ///
    /// With a journal that waits for its reader, attempts are not polled: such a run is as fast as its reader.
    async fn commit(
        &mut self,
        events: &mut Vec<StepEvent>,
        mut cancelled: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), Fenced> {
        let Self {
            journal,
            in_flight,
            abort_handles,
            inputs,
            ..
        } = self;
        let mut commit = pin!(journal.commit(events));
        poll_fn(|cx| {
            let committed = commit.as_mut().poll(cx);
            if committed.is_ready() || J::PAUSES_RUN {
                return committed;
            }
            if cancelled.as_mut().poll(cx).is_ready() {
                in_flight.clear();
            }
            // Results wait in `inputs` for the next turn. The machine must not see them now: the events of this
            // turn are not stored.
            while let Poll::Ready(Some(input)) = in_flight.poll_next_unpin(cx) {
                take(abort_handles, inputs, input);
            }
            Poll::Pending
        })
        .await
    }

    /// Executes the commands of the state machine.
    ///
    /// In order: a `Stop` that follows a `Wait` of the same step in one turn must find its handle.
    async fn execute(&mut self, commands: &mut Vec<Command>) {
        for command in commands.drain(..) {
            let work: Option<Task> = match command {
                Command::Run {
                    step,
                    attempt,
                    plan,
                    reserved,
                } => self.attempt(step, attempt, plan, reserved),
                Command::Wait { step, wait } => {
                    let fired = Some(Input::TimerFired { step });
                    Some(self.abortable(step, tokio::time::sleep(wait).map(|()| fired)))
                }
                Command::Deadline { of, wait } => {
                    let reached = Some(Input::DeadlineReached { of });
                    Some(Box::pin(tokio::time::sleep(wait).map(|()| reached)))
                }
                Command::Stop { step } => {
                    if let Some(handle) = self.abort_handles.remove(&step) {
                        handle.abort();
                    }
                    None
                }
            };
            // Polled once before it is queued: work that completes at once needs no allocation in the queue.
            if let Some(mut work) = work {
                match poll!(&mut work) {
                    Poll::Ready(input) => self.take(input),
                    Poll::Pending => self.in_flight.push(work),
                }
            }
        }
    }

    /// `None` if the step has gone since the command was decided.
    fn attempt(
        &mut self,
        step: StepId,
        attempt: u32,
        plan: Plan,
        reserved: Option<Amount>,
    ) -> Option<Task> {
        let work = attempt::of(&self.machine, &self.context, step, attempt, plan, reserved)?;
        // Without `on_failure`, top-level attempts are aborted only with the whole run.
        Some(
            if step.frame == FrameId::ROOT && !self.machine.has_on_failure() {
                Box::pin(work)
            } else {
                self.abortable(step, work)
            },
        )
    }

    /// Wraps a task so that [`Command::Stop`] can abort it.
    ///
    /// An aborted task yields no input. A handle with the same step replaces an older one, whose task has ended.
    fn abortable(
        &mut self,
        step: StepId,
        work: impl Future<Output = Option<Input>> + Send + 'static,
    ) -> Task {
        let (handle, registration) = AbortHandle::new_pair();
        self.abort_handles.insert(step, handle);
        Box::pin(Abortable::new(work, registration).map(|done| done.ok().flatten()))
    }

    fn take(&mut self, input: Option<Input>) {
        take(&mut self.abort_handles, &mut self.inputs, input);
    }

    /// Waits for a task to complete, a notice of a node, a command, or cancellation.
    ///
    /// Notices are checked after the attempts were polled: only a poll of an attempt can add one. The inbox and the
    /// cancellation wake the task by themselves.
    async fn wait(&mut self, mut cancelled: Pin<&mut impl Future<Output = ()>>) {
        let inbox = self.inbox.clone();
        let mut command = pin!(async {
            match &inbox {
                Some(inbox) => inbox.filled().await,
                None => std::future::pending().await,
            }
        });
        poll_fn(|cx| {
            if cancelled.as_mut().poll(cx).is_ready() || command.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            match self.in_flight.poll_next_unpin(cx) {
                Poll::Ready(Some(input)) => {
                    self.take(input);
                    Poll::Ready(())
                }
                Poll::Ready(None) | Poll::Pending if self.context.notices.is_empty() => {
                    Poll::Pending
                }
                Poll::Ready(None) | Poll::Pending => Poll::Ready(()),
            }
        })
        .await;
    }

    /// Takes the results of all other tasks that have completed, so that they share one append.
    async fn collect(&mut self) {
        while let Poll::Ready(Some(input)) = poll!(self.in_flight.next()) {
            self.take(input);
        }
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

/// Collects the result of a task, and removes its abort handle.
fn take(
    abort_handles: &mut HashMap<StepId, AbortHandle>,
    inputs: &mut Vec<Input>,
    input: Option<Input>,
) {
    if !abort_handles.is_empty()
        && let Some(Input::Done { step, .. } | Input::TimerFired { step }) = &input
    {
        abort_handles.remove(step);
    }
    inputs.extend(input);
}
