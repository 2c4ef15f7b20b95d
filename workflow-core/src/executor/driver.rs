//! The async loop: does what the machine decides, and tells it what came of it.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use futures::{StreamExt, future::BoxFuture, poll, stream::FuturesUnordered};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::attempt;
use crate::{
    event::StepEvent,
    id::RunId,
    machine::{Command, Input, Machine, Turn},
    node::{DeltaSink, NodeContext, RunContext},
    time::Timestamp,
    workflow::Workflow,
};

/// The log does not take the events: the run belongs to someone else now, or cannot be written.
#[derive(Debug)]
pub(crate) struct Refused;

/// Where events go before anything depends on them.
pub(crate) trait Journal: Send {
    /// Stores the events, then shows them; leaves `events` empty.
    fn commit(
        &mut self,
        events: &mut Vec<StepEvent>,
    ) -> impl Future<Output = Result<(), Refused>> + Send;
}

/// What a driver is waiting for: attempts and waits.
type InFlight = FuturesUnordered<BoxFuture<'static, Input>>;

/// Drives one run to its end.
pub(crate) struct Driver<J> {
    workflow: Arc<Workflow>,
    machine: Machine,
    journal: J,
    context: Arc<RunContext>,
    clock: Clock,
    in_flight: InFlight,
    inputs: Vec<Input>,
    /// Tells work that outlives its node's future that the run is over.
    _cancel_on_drop: DropGuard,
}

impl<J: Journal> Driver<J> {
    pub(crate) fn new(
        id: RunId,
        workflow: Arc<Workflow>,
        machine: Machine,
        journal: J,
        deltas: Arc<dyn DeltaSink>,
        cancellation: CancellationToken,
    ) -> Self {
        let guard = cancellation.clone().drop_guard();
        let scope = Arc::clone(machine.scope());
        let context = Arc::new(RunContext {
            id,
            scope,
            cancellation,
            deltas,
        });
        Self {
            workflow,
            machine,
            journal,
            context,
            clock: Clock::start(),
            in_flight: InFlight::new(),
            // Room for one: a run that waits should be small.
            inputs: Vec::with_capacity(1),
            _cancel_on_drop: guard,
        }
    }

    /// Goes on until the run has ended, or its log refuses an event. `turn` holds what was decided already.
    pub(crate) async fn drive(mut self, mut turn: Turn) {
        let cancellation = self.context.cancellation.clone();
        let mut cancelled = pin!(cancellation.cancelled());
        self.inputs.push(Input::Resume);
        loop {
            if cancellation.is_cancelled() {
                self.inputs.push(Input::Cancel {
                    reason: "cancelled".into(),
                });
            }
            self.machine
                .on(self.inputs.drain(..), self.clock.now(), &mut turn);
            if self.machine.has_ended() {
                // At once, and not after what may be a slow append: connections close now.
                self.in_flight.clear();
            }
            if self.journal.commit(&mut turn.events).await.is_err() || self.machine.has_ended() {
                return;
            }
            self.execute(&mut turn.commands).await;
            if self.inputs.is_empty() {
                self.wait(cancelled.as_mut()).await;
            }
            self.collect().await;
        }
    }

    /// Does what the machine decided.
    async fn execute(&mut self, commands: &mut Vec<Command>) {
        for command in commands.drain(..) {
            match command {
                Command::Run { step, attempt } => {
                    let work = Box::pin(attempt::run(
                        Arc::clone(&self.workflow),
                        self.node_context(step, attempt),
                        step,
                    ));
                    Self::start(work, &mut self.in_flight, &mut self.inputs).await;
                }
                Command::Wait { step, wait } => {
                    let work = Box::pin(timer(step, wait));
                    Self::start(work, &mut self.in_flight, &mut self.inputs).await;
                }
                Command::Deadline { wait } => {
                    let work = Box::pin(deadline(wait));
                    Self::start(work, &mut self.in_flight, &mut self.inputs).await;
                }
            }
        }
    }

    fn node_context(&self, step: usize, attempt: u32) -> NodeContext {
        let planned = &self.workflow.steps()[step];
        NodeContext::new(
            Arc::clone(&self.context),
            planned.step.clone(),
            planned.input,
            attempt,
        )
    }

    /// Polls new work once before it is queued: work that need not wait never costs a place in the queue.
    async fn start(
        mut work: BoxFuture<'static, Input>,
        in_flight: &mut InFlight,
        inputs: &mut Vec<Input>,
    ) {
        match poll!(&mut work) {
            Poll::Ready(input) => inputs.push(input),
            Poll::Pending => in_flight.push(work),
        }
    }

    /// Waits for the next thing to happen, or for the run to be cancelled.
    async fn wait(&mut self, mut cancelled: Pin<&mut impl Future<Output = ()>>) {
        poll_fn(|cx| {
            if cancelled.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            match self.in_flight.poll_next_unpin(cx) {
                Poll::Ready(Some(input)) => {
                    self.inputs.push(input);
                    Poll::Ready(())
                }
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            }
        })
        .await;
    }

    /// Takes whatever else has happened by now, so that it shares one append.
    async fn collect(&mut self) {
        while let Poll::Ready(Some(input)) = poll!(self.in_flight.next()) {
            self.inputs.push(input);
        }
    }
}

async fn timer(step: usize, wait: Duration) -> Input {
    tokio::time::sleep(wait).await;
    Input::TimerFired { step }
}

async fn deadline(wait: Duration) -> Input {
    tokio::time::sleep(wait).await;
    Input::DeadlineReached
}

/// The wall clock, carried forward by the monotonic one: it never goes back within a run, and is
/// virtual where tokio's is.
struct Clock {
    wall: Timestamp,
    started: Instant,
}

impl Clock {
    fn start() -> Self {
        Self {
            wall: Timestamp::now(),
            started: Instant::now(),
        }
    }

    fn now(&self) -> Timestamp {
        self.wall.after(self.started.elapsed())
    }
}
