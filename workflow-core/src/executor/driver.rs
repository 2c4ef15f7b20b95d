//! The async loop: does what the machine decides, and tells it what came of it.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
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

use super::{
    attempt,
    clock::Clock,
    inbox::{Answer, Inbox},
};
use crate::{
    event::StepEvent,
    machine::{Assignment, Command, FrameId, Input, Machine, StepId, Turn},
    node::{AttemptRef, DeltaSink, NodeContext, Notices, RunContext},
    value::RunId,
};

/// The log takes no event of this driver: the run belongs to someone else now.
#[derive(Debug)]
pub(crate) struct Fenced;

/// Where events go before anything depends on them.
pub(crate) trait Journal: Send {
    /// Whether a reader is waited for, who pauses the whole run.
    const PAUSES_RUN: bool = false;

    /// Notes how much memory the run holds now, about.
    ///
    /// # Errors
    /// How much the runs may hold together, when that is too much and this run has to end.
    fn hold(&mut self, memory: usize) -> Result<(), usize> {
        let _ = memory;
        Ok(())
    }

    /// Stores the events, then shows them; leaves `events` empty. Takes as long as it takes.
    fn commit(
        &mut self,
        events: &mut Vec<StepEvent>,
    ) -> impl Future<Output = Result<(), Fenced>> + Send;
}

/// An attempt or a wait. One that was stopped gives nothing.
type Task = BoxFuture<'static, Option<Input>>;

/// What a driver is waiting for.
type InFlight = FuturesUnordered<Task>;

/// Drives one run until it ends or rests.
pub(crate) struct Driver<J> {
    machine: Machine,
    journal: J,
    context: Arc<RunContext>,
    clock: Clock,
    inbox: Option<Arc<Inbox>>,
    in_flight: InFlight,
    /// What can be stopped alone: timers, and work within maps, loops and called workflows.
    stops: HashMap<StepId, AbortHandle>,
    inputs: Vec<Input>,
    /// Tells work that outlives its node's future that the run is over.
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
            stops: HashMap::new(),
            // Room for one: a run that waits should be small.
            inputs: Vec::with_capacity(1),
            _cancel_on_drop: guard,
        }
    }

    /// Takes from here what others want of the run.
    pub(crate) fn with_inbox(mut self, inbox: Arc<Inbox>) -> Self {
        self.inbox = Some(inbox);
        self
    }

    /// Drives the run until it ends or is suspended and returns the journal, or until its log refuses an event. `decided` holds
    /// the events that are decided and not stored yet, `first` what has happened.
    pub(crate) fn drive(
        mut self,
        decided: Vec<StepEvent>,
        first: Option<Input>,
    ) -> impl Future<Output = Result<J, Fenced>> + Send {
        self.inputs.push(Input::Resume);
        self.inputs.extend(first);
        let mut turn = Turn::new(decided, self.clock.now());
        // Not an async function: its arguments would take their room twice.
        async move {
            self.go_on(&mut turn).await?;
            Ok(self.journal)
        }
    }

    async fn go_on(&mut self, turn: &mut Turn) -> Result<(), Fenced> {
        let cancellation = self.context.cancellation.clone();
        let mut cancelled = pin!(cancellation.cancelled());
        loop {
            if cancellation.is_cancelled() {
                self.inputs.push(Input::Cancel {
                    reason: "cancelled".into(),
                });
            }
            let answers = self.inbox.as_ref().map(|inbox| inbox.take());
            let answers = answers.unwrap_or_default();
            if self.inbox.as_ref().is_some_and(|it| it.is_interrupted()) {
                self.inputs.push(Input::Interrupt);
            }
            self.inputs.extend(answers.iter().map(Answer::input));
            let notices = self.context.notices.take();
            self.inputs.extend(notices.into_iter().map(Input::Noticed));
            if self.inputs.len() > 1 {
                self.inputs.sort_by_key(order);
            }
            turn.begin(self.clock.now());
            self.machine.on(self.inputs.drain(..), turn);
            if let Err(budget) = self.journal.hold(self.machine.memory()) {
                let input = Input::OutOfMemory { budget };
                turn.begin(self.clock.now());
                self.machine.on([input], turn);
            }
            if self.machine.has_ended() {
                // At once, and not after what may be a slow append: connections close now.
                self.in_flight.clear();
            }
            self.commit(&mut turn.events, cancelled.as_mut()).await?;
            answers.into_iter().for_each(Answer::processed);
            if self.machine.is_at_rest() {
                return Ok(());
            }
            if cancellation.is_cancelled() {
                // Nothing begins any more, also not what was just decided.
                turn.commands.clear();
            }
            self.execute(&mut turn.commands).await;
            if turn.more {
                // A run that has much to decide lets others work, and hears whether it is cancelled.
                tokio::task::yield_now().await;
            }
            if self.inputs.is_empty() && !turn.more {
                self.wait(cancelled.as_mut()).await;
            }
            self.collect().await;
        }
    }

    /// Stores the events. What works goes on meanwhile, unless the run is cancelled: connections close
    /// then, and not only after what may be a long wait for the store.
    async fn commit(
        &mut self,
        events: &mut Vec<StepEvent>,
        mut cancelled: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), Fenced> {
        let Self {
            journal,
            in_flight,
            stops,
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
            while let Poll::Ready(Some(input)) = in_flight.poll_next_unpin(cx) {
                take(stops, inputs, input);
            }
            Poll::Pending
        })
        .await
    }

    /// Does what the machine decided.
    async fn execute(&mut self, commands: &mut Vec<Command>) {
        for command in commands.drain(..) {
            let work: Option<Task> = match command {
                Command::Run { step, attempt } => self.attempt(step, attempt),
                Command::Wait { step, wait } => {
                    let fired = Some(Input::TimerFired { step });
                    Some(self.stoppable(step, tokio::time::sleep(wait).map(|()| fired)))
                }
                Command::Deadline { wait } => {
                    let reached = tokio::time::sleep(wait).map(|()| Some(Input::DeadlineReached));
                    Some(Box::pin(reached))
                }
                Command::Stop { step } => {
                    if let Some(stop) = self.stops.remove(&step) {
                        stop.abort();
                    }
                    None
                }
            };
            // Polled once before it is queued: work that need not wait never costs a place in the queue.
            if let Some(mut work) = work {
                match poll!(&mut work) {
                    Poll::Ready(input) => self.take(input),
                    Poll::Pending => self.in_flight.push(work),
                }
            }
        }
    }

    fn attempt(&mut self, step: StepId, attempt: u32) -> Option<Task> {
        let Assignment {
            body,
            node,
            step: name,
            scope,
            input,
            failures,
        } = self.machine.assignment(step)?;
        let context = Arc::clone(&self.context);
        let attempt = AttemptRef {
            step: name,
            key: step.to_key(),
            attempt,
            failures,
        };
        let cx = NodeContext::new(context, scope, attempt, input);
        let output_bytes = self.machine.limits().output_bytes;
        let work = attempt::run(body, node, cx, step, output_bytes);
        // What works at the top is only ever stopped with the whole run.
        Some(if step.frame == FrameId::ROOT {
            Box::pin(work)
        } else {
            self.stoppable(step, work)
        })
    }

    /// Work that can be stopped alone.
    fn stoppable(
        &mut self,
        step: StepId,
        work: impl Future<Output = Option<Input>> + Send + 'static,
    ) -> Task {
        let (handle, registration) = AbortHandle::new_pair();
        self.stops.insert(step, handle);
        Box::pin(Abortable::new(work, registration).map(|done| done.ok().flatten()))
    }

    fn take(&mut self, input: Option<Input>) {
        take(&mut self.stops, &mut self.inputs, input);
    }

    /// Waits for the next thing to happen, or for the run to be cancelled.
    async fn wait(&mut self, mut cancelled: Pin<&mut impl Future<Output = ()>>) {
        let inbox = self.inbox.clone();
        let mut mail = pin!(async {
            match &inbox {
                Some(inbox) => inbox.filled().await,
                None => std::future::pending().await,
            }
        });
        poll_fn(|cx| {
            if cancelled.as_mut().poll(cx).is_ready() || mail.as_mut().poll(cx).is_ready() {
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

    /// Takes whatever else has happened by now, so that it shares one append.
    async fn collect(&mut self) {
        while let Poll::Ready(Some(input)) = poll!(self.in_flight.next()) {
            self.take(input);
        }
    }
}

/// In which order the inputs of one turn count: an attempt waited before it ended; and what was done
/// counts, also when its time is over in the same moment.
fn order(input: &Input) -> u8 {
    match input {
        Input::Resume | Input::Noticed(_) => 0,
        Input::Done { .. } => 1,
        _ => 2,
    }
}

/// Takes in what has happened; what is over need not be stopped.
fn take(stops: &mut HashMap<StepId, AbortHandle>, inputs: &mut Vec<Input>, input: Option<Input>) {
    if !stops.is_empty()
        && let Some(Input::Done { step, .. } | Input::TimerFired { step }) = &input
    {
        stops.remove(step);
    }
    inputs.extend(input);
}
