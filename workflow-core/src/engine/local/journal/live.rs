//! The state that a driver and the readers of a run share: its latest events, and the text of its running steps.
//!
//! There is no queue per reader. The run keeps a short tail of events, each reader has a [`Cursor`], and a reader that
//! falls behind the tail reads the store, some events at a time. So a slow reader costs little memory and never delays the run.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{Notify, futures::Notified};

use super::text::{Position, StepText};
use crate::{
    event::{Delta, StepEvent, Update},
    executor::Inbox,
    fleet::{CommandNumber, RemoteText},
    node::DeltaSink,
    value::{RunId, StepPath, lock},
};

/// The most events in the tail. A reader that is further behind reads the store.
const TAIL_EVENTS: usize = 64;

/// The most bytes of memory that the events of the tail hold.
const TAIL_BYTES: usize = 256 * 1024;

/// The most bytes of text of ended attempts, kept for readers that have not read all of it.
const TAIL_TEXT_BYTES: usize = 8 * 1024 * 1024;

/// A run that has a driver or readers in this process.
pub(in crate::engine::local) struct LiveRun {
    id: RunId,
    inbox: Arc<Inbox>,
    /// Whether a task holds the `DriveLease` of the run.
    driven: AtomicBool,
    state: Mutex<State>,
    /// The last durable command that the inbox has received. Held while commands are read, so that none is received
    /// twice. It belongs to the inbox: what one has received, another one has not.
    received: tokio::sync::Mutex<Option<CommandNumber>>,
    /// Wakes all readers.
    changed: Notify,
    /// Whether events were published since the readers were woken.
    unannounced: AtomicBool,
}

#[derive(Default)]
struct State {
    tail: VecDeque<Entry>,
    tail_bytes: usize,
    tail_text_bytes: usize,
    /// The number of the last event in the log, as far as known. It may be ahead of an empty tail.
    last_seq: u64,
    /// The text of running attempts.
    running_text: BTreeMap<StepPath, StepText>,
    /// Nothing will be published any more.
    closed: bool,
}

/// An event, and the text of the attempt that it ends.
struct Entry {
    event: StepEvent,
    /// Estimated bytes of memory of the event.
    bytes: usize,
    text: Option<StepText>,
}

/// The position of a reader.
#[derive(Debug, Default)]
pub(in crate::engine::local) struct Cursor {
    /// The number of the last event that it has read.
    pub(in crate::engine::local) after: u64,
    /// How much text of running steps it has read.
    positions: BTreeMap<StepPath, Position>,
}

/// The next action of a reader.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::engine::local) enum Next {
    /// Process the updates, then read here again.
    More,
    /// Read the store: the position is behind the tail.
    ReadStore,
    /// Wait for a change.
    Wait,
    /// End: nothing will be published any more.
    End,
}

impl LiveRun {
    pub(in crate::engine::local) fn new(id: RunId) -> Arc<Self> {
        Arc::new(Self {
            id,
            inbox: Arc::default(),
            driven: AtomicBool::new(false),
            state: Mutex::default(),
            received: tokio::sync::Mutex::default(),
            changed: Notify::new(),
            unannounced: AtomicBool::new(false),
        })
    }

    pub(in crate::engine::local) fn id(&self) -> RunId {
        self.id
    }

    /// A future that completes when there is something new to [`read`](Self::read), counted from this call and not from
    /// its first poll (as documented at [`Notify::notified`]). So call it before `read`.
    pub(in crate::engine::local) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    pub(in crate::engine::local) fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    pub(in crate::engine::local) fn received(&self) -> &tokio::sync::Mutex<Option<CommandNumber>> {
        &self.received
    }

    /// Claims the run for driving. Returns `false` if another task drives it.
    pub(in crate::engine::local) fn claim(&self) -> bool {
        !self.driven.swap(true, Ordering::AcqRel)
    }

    /// Releases the claim.
    ///
    /// It swaps and does not only store. A sender fills the inbox, then claims; a driver releases, then looks into the inbox. The two
    /// swaps have an order: if the claim comes first, the driver sees what was filled before it. A store could take effect after
    /// the driver has looked.
    pub(in crate::engine::local) fn release(&self) {
        self.driven.swap(false, Ordering::AcqRel);
    }

    /// Releases the claim of a run that another engine may drive from now on: its readers stay, and what its attempts
    /// have produced here is dropped.
    pub(in crate::engine::local) fn hand_over(&self) {
        self.release();
        let mut state = lock(&self.state);
        state.running_text.clear();
        state.drop_incomplete_tail();
        drop(state);
        self.changed.notify_waiters();
    }

    /// Whether a task drives the run.
    pub(in crate::engine::local) fn is_driven(&self) -> bool {
        self.driven.load(Ordering::Acquire)
    }

    /// Sets the known length of the log, which may have events that were not published here.
    ///
    /// The driver publishes what is beyond the tail. Without one, the tail is dropped, and readers read the store.
    pub(in crate::engine::local) fn learn_length(&self, last_seq: u64) {
        let mut state = lock(&self.state);
        if last_seq <= state.last_seq {
            return;
        }
        state.last_seq = last_seq;
        if !self.is_driven() {
            state.clear_tail();
            // The steps of these texts may have ended. If not, the driving engine sends the texts once more.
            state.running_text.clear();
            drop(state);
            self.changed.notify_waiters();
        }
    }

    /// The number of the last event in the log, as far as known.
    pub(in crate::engine::local) fn last_seq(&self) -> u64 {
        lock(&self.state).last_seq
    }

    /// The number of the last event in the log of a run that is driven here and has not ended. `None` for any other run, and
    /// as long as nothing was published.
    pub(in crate::engine::local) fn driven_to(&self) -> Option<u64> {
        let state = lock(&self.state);
        let last = state.tail.back()?;
        (self.is_driven() && !last.event.is_terminal()).then_some(state.last_seq)
    }

    /// Prepares a drive from event number `last_seq` on. Readers of what another engine has appended in the meantime read
    /// the store.
    pub(in crate::engine::local) fn begin_at(&self, last_seq: u64) {
        let mut state = lock(&self.state);
        state.running_text.clear();
        state.last_seq = state.last_seq.max(last_seq);
        state.drop_incomplete_tail();
        drop(state);
        self.changed.notify_waiters();
    }

    /// Shows events to the readers. They are stored before that. The readers are woken after the poll of the driver.
    pub(in crate::engine::local) fn publish(&self, events: impl Iterator<Item = StepEvent>) {
        let mut state = lock(&self.state);
        events.for_each(|event| state.push(event));
        drop(state);
        self.unannounced.store(true, Ordering::Release);
    }

    /// Wakes the readers if events were published since the last call. Called after each poll of the driver and not for each
    /// turn: to wake a task on another thread costs more than a turn.
    pub(in crate::engine::local) fn wake_readers(&self) {
        if self.unannounced.swap(false, Ordering::AcqRel) {
            self.changed.notify_waiters();
        }
    }

    /// Shows events that another engine has appended, as read from the store. Skips those that are known already: this
    /// engine may have begun to drive the run.
    pub(in crate::engine::local) fn publish_remote(&self, events: impl Iterator<Item = StepEvent>) {
        let mut state = lock(&self.state);
        for event in events {
            if event.seq > state.last_seq {
                state.push(event);
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Shows text of a step that another engine executes. Returns `false` if text before it is missing.
    ///
    /// Text of an attempt that has ended, as far as the published events say, is dropped: it would never be removed.
    pub(in crate::engine::local) fn publish_remote_text(&self, text: &RemoteText) -> bool {
        let mut state = lock(&self.state);
        if self.is_driven() || !state.may_still_run(text) {
            return true;
        }
        let path = text.delta.step.path().clone();
        let running = state.running_text.entry(path);
        let running = running.or_insert_with(|| StepText::of(&text.delta));
        let is_complete = running.push_remote(&text.delta);
        drop(state);
        self.changed.notify_waiters();
        is_complete
    }

    /// Drops the tail of a suspended run, which may be suspended for long. Its readers read the store.
    pub(in crate::engine::local) fn clear_tail(&self) {
        let mut state = lock(&self.state);
        state.clear_tail();
        drop(state);
        self.changed.notify_waiters();
    }

    /// Ends the readers, after what they have not read yet.
    pub(in crate::engine::local) fn close(&self) {
        lock(&self.state).closed = true;
        self.changed.notify_waiters();
    }

    /// Moves a reader forward: puts what it has not read yet into `updates`, and returns its next action.
    pub(in crate::engine::local) fn read(
        &self,
        cursor: &mut Cursor,
        updates: &mut Vec<Update>,
    ) -> Next {
        let state = lock(&self.state);
        if state.is_behind_tail(cursor.after) {
            return Next::ReadStore;
        }
        let known = state
            .tail
            .partition_point(|entry| entry.event.seq <= cursor.after);
        for entry in state.tail.range(known..) {
            if !cursor.take_entry(self.id, entry, updates) {
                return Next::More;
            }
        }
        if cursor.after == state.last_seq {
            state
                .running_text
                .values()
                .for_each(|text| cursor.take_text(self.id, text, updates));
        }
        match (updates.is_empty(), state.closed) {
            (false, _) => Next::More,
            (true, false) => Next::Wait,
            (true, true) => Next::End,
        }
    }
}

impl DeltaSink for LiveRun {
    /// A node sends deltas through a borrow that ends with its attempt, so none arrives after the end of the attempt.
    fn push(&self, delta: Delta) {
        let mut state = lock(&self.state);
        if let Some(text) = state.running_text.get_mut(delta.step.path()) {
            text.push(&delta);
        } else {
            let mut text = StepText::of(&delta);
            text.push(&delta);
            state.running_text.insert(delta.step.path().clone(), text);
        }
        drop(state);
        self.changed.notify_waiters();
    }
}

impl State {
    fn clear_tail(&mut self) {
        self.tail = VecDeque::new();
        (self.tail_bytes, self.tail_text_bytes) = (0, 0);
    }

    /// Drops a tail that does not reach the end of the log: nothing will be published in between, and readers must read
    /// the store.
    fn drop_incomplete_tail(&mut self) {
        if (self.tail.back()).is_some_and(|last| last.event.seq != self.last_seq) {
            self.clear_tail();
        }
    }

    /// Whether no published event shows that the attempt of this text has ended.
    fn may_still_run(&self, text: &RemoteText) -> bool {
        let covered = match self.tail.front() {
            Some(first) => first.event.seq <= text.after + 1,
            None => self.last_seq <= text.after,
        };
        let path = text.delta.step.path();
        let concerns = |entry: &Entry| entry.event.step().is_some_and(|step| step.path() == path);
        let later = |entry: &&Entry| entry.event.seq > text.after;
        covered && self.last_seq >= text.after && !self.tail.iter().filter(later).any(concerns)
    }

    fn push(&mut self, event: StepEvent) {
        if (self.tail.back()).is_some_and(|last| last.event.seq + 1 != event.seq) {
            // The tail has no holes: another engine has appended in between.
            self.clear_tail();
        }
        self.last_seq = event.seq;
        let text = self.text_of(&event);
        self.tail_text_bytes += text.as_ref().map_or(0, StepText::bytes);
        let bytes = event.memory();
        self.tail_bytes += bytes;
        self.tail.push_back(Entry { event, bytes, text });
        while (self.tail.len() > TAIL_EVENTS || self.tail_bytes > TAIL_BYTES)
            && let Some(oldest) = self.tail.front()
        {
            self.tail_bytes -= oldest.bytes;
            self.tail_text_bytes -= oldest.text.as_ref().map_or(0, StepText::bytes);
            self.tail.pop_front();
        }
        self.drop_old_text();
    }

    /// The text of the attempt that an event ends.
    fn text_of(&mut self, event: &StepEvent) -> Option<StepText> {
        // Most events end no text: avoid the look-up.
        if self.running_text.is_empty() {
            return None;
        }
        self.running_text.remove(event.step()?.path())
    }

    /// Drops the text of ended attempts beyond the limit, oldest first. Readers still get the whole output by the event.
    fn drop_old_text(&mut self) {
        for entry in &mut self.tail {
            if self.tail_text_bytes <= TAIL_TEXT_BYTES {
                return;
            }
            let dropped = entry.text.take();
            self.tail_text_bytes -= dropped.map_or(0, |text| text.bytes());
        }
    }

    fn is_behind_tail(&self, after: u64) -> bool {
        match self.tail.front() {
            Some(first) => after + 1 < first.event.seq,
            None => after < self.last_seq,
        }
    }
}

impl Cursor {
    /// Skips events, keeping the positions in the text of running steps.
    pub(in crate::engine::local) fn skip_to(&mut self, after: u64) {
        self.after = self.after.max(after);
    }

    pub(in crate::engine::local) fn at(after: u64) -> Self {
        Self {
            after,
            positions: BTreeMap::new(),
        }
    }

    /// Takes an event, after the rest of the text that it ends. Returns `false` if it took only text: a long text comes
    /// in several pieces, and the event must follow the last one.
    fn take_entry(&mut self, run: RunId, entry: &Entry, updates: &mut Vec<Update>) -> bool {
        if let Some(text) = &entry.text {
            let before = updates.len();
            self.take_text(run, text, updates);
            if updates.len() > before {
                return false;
            }
        }
        self.take_event(entry.event.clone(), updates);
        true
    }

    pub(in crate::engine::local) fn take_event(
        &mut self,
        event: StepEvent,
        updates: &mut Vec<Update>,
    ) {
        self.after = event.seq;
        if let Some(step) = event.step() {
            self.positions.remove(step.path());
        }
        updates.push(Update::Event(event));
    }

    fn take_text(&mut self, run: RunId, text: &StepText, updates: &mut Vec<Update>) {
        let position = self
            .positions
            .entry(text.step().path().clone())
            .or_default();
        updates.extend(text.rest(run, position).map(Update::Delta));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        hint::spin_loop,
        sync::atomic::AtomicUsize,
        thread::{available_parallelism, scope},
    };

    use super::*;
    use crate::{fleet::RunCommand, value::WaitId};

    const ROUNDS: usize = 200_000;

    /// One of two threads that begin each round at the same moment.
    fn begin(round: usize, arrived: &AtomicUsize) {
        arrived.fetch_add(1, Ordering::AcqRel);
        while arrived.load(Ordering::Acquire) < 2 * (round + 1) {
            spin_loop();
        }
    }

    /// A store that takes effect late is what hardware does with two threads only, so this cannot be seen on one core.
    #[test]
    fn a_command_is_never_lost_between_the_release_of_a_run_and_its_claim() {
        assert!(available_parallelism().is_ok_and(|threads| threads.get() > 1));
        let runs: Vec<_> = (0..ROUNDS).map(|_| LiveRun::new(RunId::new())).collect();
        assert!(runs.iter().all(|run| run.claim()));
        let arrived = AtomicUsize::new(0);
        let (seen, claimed) = scope(|threads| {
            let driver = threads.spawn(|| {
                let rounds = runs.iter().enumerate();
                let seen = rounds.map(|(round, run)| {
                    begin(round, &arrived);
                    run.release();
                    run.inbox().has_pending_requests()
                });
                seen.collect::<Vec<_>>()
            });
            let sender = threads.spawn(|| {
                let rounds = runs.iter().enumerate();
                let claimed = rounds.map(|(round, run)| {
                    begin(round, &arrived);
                    let wait = WaitId::of_event(1);
                    let payload = Arc::default();
                    run.inbox().send(RunCommand::Answer { wait, payload });
                    run.claim()
                });
                claimed.collect::<Vec<_>>()
            });
            (driver.join().unwrap(), sender.join().unwrap())
        });
        let lost = seen.iter().zip(&claimed);
        let lost = lost.filter(|(seen, claimed)| !*seen && !*claimed).count();
        assert_eq!(lost, 0, "of {ROUNDS} commands");
    }
}
