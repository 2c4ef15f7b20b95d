//! Drives a run whose events are stored before anything depends on them: the async loop of an engine.
//!
//! A turn passes inputs to the state machine, appends the events that it returns, then executes its commands. The order
//! matters: nothing is executed because of an event that is not in the journal, except attempts that only compute (see
//! [`Journaled::may_defer`]). All inputs that are available at the same time share one turn, and so one append.

use std::{
    future::{Future, poll_fn, ready},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use super::{driver::Driver, inbox::Inbox};
use crate::{
    event::StepEvent,
    machine::{Command, Input},
};

/// The journal rejected a commit: another driver owns the run, or it could not be created. This driver must stop without
/// further effects.
///
/// It is not an error of the run. Nothing may be written or shown after it.
#[derive(Debug)]
pub(crate) struct Fenced;

/// Where a driver writes events before anything depends on them.
pub(crate) trait Journal: Send {
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

/// The most events that are stored later than they were decided: about 30 steps that only compute.
const DEFERRED_EVENTS: usize = 64;

/// The most bytes of memory that these events hold.
const DEFERRED_BYTES: usize = 64 * 1024;

/// A driver with the journal and the inbox of its run.
pub(crate) struct Journaled<J> {
    driver: Box<Driver>,
    journal: J,
    inbox: Arc<Inbox>,
    /// Whether turns that only compute may be stored later. Not in a run whose host was lost: the log has to show which step it was
    /// lost with.
    defers: bool,
    /// Bytes of memory of the events that are decided and not stored.
    deferred_bytes: usize,
}

impl<J: Journal> Journaled<J> {
    pub(crate) fn new(driver: Driver, journal: J, inbox: Arc<Inbox>) -> Self {
        Self {
            defers: !driver.machine.is_executing(),
            driver: Box::new(driver),
            journal,
            inbox,
            deferred_bytes: 0,
        }
    }

    /// Drives the run until it ends or is suspended, and returns the journal.
    ///
    /// # Errors
    /// [`Fenced`] if the journal rejects an append.
    ///
    /// # Cancellation
    /// Dropping the future drops all attempts. The log is consistent, since each append is atomic.
    #[expect(
        clippy::manual_async_fn,
        reason = "the future of an async function would hold the argument twice"
    )]
    pub(crate) fn drive(mut self) -> impl Future<Output = Result<J, Fenced>> + Send {
        async move {
            self.run_turns().await?;
            Ok(self.journal)
        }
    }

    /// One turn, in this order:
    ///
    /// 1. collect inputs: cancellation, answers, interruption, notices, results;
    /// 2. let the machine decide;
    /// 3. store the events of the turn, unless they may be stored with those of the next one;
    /// 4. execute the commands of the machine;
    /// 5. wait for the next input, unless there is one or the machine has more to decide. Before that, store what is not
    ///    stored yet.
    ///
    /// The loop ends when the run has ended or is suspended. A cancellation is passed in each turn until then: it
    /// is a state and not a message, and the machine ignores repetitions.
    async fn run_turns(&mut self) -> Result<(), Fenced> {
        let inbox = Arc::clone(&self.inbox);
        let mut cancelled = pin!(inbox.cancelled().cancelled());
        loop {
            self.take_requests();
            let only_computes = self.defers && self.driver.has_only_computed();
            self.driver.decide();
            // After the turn, since only then is the memory known; before the append, so that the run ends in this
            // turn.
            if let Err(budget) = self.journal.hold(self.driver.machine.memory()) {
                self.driver.inputs.push(Input::OutOfMemory { budget });
                self.driver.decide();
            }
            let is_deferred = only_computes && self.may_defer();
            if !is_deferred {
                self.commit(cancelled.as_mut()).await?;
            }
            if self.driver.machine.is_at_rest() {
                return Ok(());
            }
            if self.driver.turn.more {
                // A run with much to decide yields to other tasks and checks its cancellation between turns.
                tokio::task::yield_now().await;
            }
            if is_deferred {
                // As after a commit: a run whose steps never suspend must still yield to other tasks.
                tokio::task::consume_budget().await;
            }
            if inbox.is_cancelled() {
                // Starts nothing, not even what this turn has decided.
                self.driver.turn.commands.clear();
            }
            if !self.driver.turn.commands.is_empty() && !is_deferred {
                self.journal.confirm().await?;
            }
            self.execute().await;
            if is_deferred && self.driver.inputs.is_empty() {
                self.commit(cancelled.as_mut()).await?;
            }
            self.wait(cancelled.as_mut()).await;
        }
    }

    /// Whether a turn that follows from computed results only may be stored later: it starts nothing but first attempts of
    /// steps that only compute. They cost nothing and change nothing, so a host that stops in between has lost nothing.
    ///
    /// Not before a further attempt: the log must show how often a step was lost with its host.
    fn may_defer(&mut self) -> bool {
        let (machine, turn) = (&self.driver.machine, &self.driver.turn);
        let computes = |command: &Command| match command {
            Command::Run { step, attempt, .. } => *attempt == 1 && machine.is_instant(*step),
            Command::Deadline { .. } => true,
            Command::Stop { .. } | Command::Wait { .. } => false,
        };
        if turn.more || machine.is_at_rest() || !turn.commands.iter().all(computes) {
            return false;
        }
        let bytes = turn.decided().iter().map(StepEvent::memory);
        self.deferred_bytes += bytes.sum::<usize>();
        turn.events.len() <= DEFERRED_EVENTS && self.deferred_bytes <= DEFERRED_BYTES
    }

    /// Adds the commands to the run to the inputs.
    fn take_requests(&mut self) {
        let Self { driver, inbox, .. } = self;
        if inbox.is_cancelled() {
            driver.inputs.push(Input::Cancel {
                reason: "cancelled".into(),
            });
        }
        if inbox.is_interrupted() {
            driver.inputs.push(Input::Interrupt);
        }
        driver.inputs.extend(inbox.take());
    }

    /// Stores the events, and polls the running attempts meanwhile. If the run is cancelled, attempts are dropped at once,
    /// since the store may take long.
    async fn commit(
        &mut self,
        mut cancelled: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), Fenced> {
        self.deferred_bytes = 0;
        let mut events = std::mem::take(&mut self.driver.turn.events);
        let Self {
            driver, journal, ..
        } = self;
        let committed = {
            let mut commit = pin!(journal.commit(&mut events));
            poll_fn(|cx| {
                let committed = commit.as_mut().poll(cx);
                if committed.is_pending() {
                    if cancelled.as_mut().poll(cx).is_ready() {
                        driver.drop_attempts();
                    }
                    // Results wait for the next turn. The machine must not see them now: the events of this turn are
                    // not stored.
                    _ = driver.poll_inputs(cx);
                }
                committed
            })
            .await
        };
        self.driver.turn.events = events;
        committed
    }

    /// Executes the commands of the turn.
    async fn execute(&mut self) {
        poll_fn(|cx| {
            self.driver.execute(cx);
            Poll::Ready(())
        })
        .await;
    }

    /// Waits for the next input: a result, a notice of a node, a command to the run, or its cancellation.
    async fn wait(&mut self, mut cancelled: Pin<&mut impl Future<Output = ()>>) {
        let Self { driver, inbox, .. } = self;
        let mut command = pin!(inbox.filled());
        poll_fn(|cx| {
            // Polled first: what has completed shares the turn with the command.
            let ready = driver.poll_inputs(cx);
            if ready.is_ready()
                || cancelled.as_mut().poll(cx).is_ready()
                || command.as_mut().poll(cx).is_ready()
            {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }
}
