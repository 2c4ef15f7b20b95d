//! A run that is driven or followed: its latest events, and the text of its running steps.

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
    node::DeltaSink,
    value::{RunId, StepPath, lock},
};

/// How many events are kept for readers; who is further behind reads the store.
const TAIL_EVENTS: usize = 64;

/// How much memory these events may hold.
const TAIL_BYTES: usize = 256 * 1024;

/// How much text of ended attempts is kept for readers that have not had all of it.
const TAIL_TEXT_BYTES: usize = 8 * 1024 * 1024;

pub(in crate::engine::local) struct LiveRun {
    id: RunId,
    inbox: Arc<Inbox>,
    /// Whether there is a task that drives it.
    driven: AtomicBool,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    tail: VecDeque<Entry>,
    tail_bytes: usize,
    tail_text_bytes: usize,
    last_seq: u64,
    writing: BTreeMap<StepPath, StepText>,
    closed: bool,
}

/// An event, and the text of the attempt that it ends.
struct Entry {
    event: StepEvent,
    /// How much memory the event holds.
    bytes: usize,
    text: Option<StepText>,
}

/// Where a reader is.
#[derive(Debug, Default)]
pub(in crate::engine::local) struct Cursor {
    /// The number of the last event it has had.
    pub(in crate::engine::local) after: u64,
    positions: BTreeMap<StepPath, Position>,
}

/// What a reader should do next.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::engine::local) enum Next {
    /// Use what it got, and come back.
    More,
    /// Read the store: it is behind what is kept here.
    ReadStore,
    /// Wait for a change.
    Wait,
    /// Nothing will come any more.
    End,
}

impl LiveRun {
    pub(in crate::engine::local) fn new(id: RunId) -> Arc<Self> {
        Arc::new(Self {
            id,
            inbox: Arc::default(),
            driven: AtomicBool::new(false),
            state: Mutex::default(),
            changed: Notify::new(),
        })
    }

    pub(in crate::engine::local) fn id(&self) -> RunId {
        self.id
    }

    /// Ends once there is something new to [`read`](Self::read), counted from this call.
    pub(in crate::engine::local) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    pub(in crate::engine::local) fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// Makes the caller the one who drives it, unless somebody does already.
    pub(in crate::engine::local) fn claim(&self) -> bool {
        !self.driven.swap(true, Ordering::AcqRel)
    }

    /// Lets somebody else drive it.
    pub(in crate::engine::local) fn release(&self) {
        self.driven.store(false, Ordering::Release);
    }

    /// Whether somebody drives it.
    pub(in crate::engine::local) fn is_driven(&self) -> bool {
        self.driven.load(Ordering::Acquire)
    }

    /// Waits until nothing will come any more.
    pub(in crate::engine::local) async fn closed(&self) {
        loop {
            let changed = self.changed();
            if lock(&self.state).closed {
                return;
            }
            changed.await;
        }
    }

    /// Learns how long the log is, which may be longer than what was shown here.
    pub(in crate::engine::local) fn learn_length(&self, last_seq: u64) {
        let mut state = lock(&self.state);
        state.last_seq = state.last_seq.max(last_seq);
    }

    /// Shows events that are stored.
    pub(in crate::engine::local) fn publish(&self, events: impl Iterator<Item = StepEvent>) {
        let mut state = lock(&self.state);
        events.for_each(|event| state.push(event));
        drop(state);
        self.changed.notify_waiters();
    }

    /// Keeps nothing of a run that rests, perhaps for long: its readers read the store.
    pub(in crate::engine::local) fn rest(&self) {
        let mut state = lock(&self.state);
        state.tail = VecDeque::new();
        (state.tail_bytes, state.tail_text_bytes) = (0, 0);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Lets the readers go: nothing will come any more.
    pub(in crate::engine::local) fn close(&self) {
        lock(&self.state).closed = true;
        self.changed.notify_waiters();
    }

    /// Gives a reader what it has not had yet, or tells it what to do for that.
    pub(in crate::engine::local) fn read(
        &self,
        cursor: &mut Cursor,
        updates: &mut VecDeque<Update>,
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
                .writing
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
    /// A node writes through a borrow that ends with its attempt, so no piece comes after the attempt's end.
    fn push(&self, delta: Delta) {
        let mut state = lock(&self.state);
        let path = delta.step.path().clone();
        let text = state.writing.entry(path);
        text.or_insert_with(|| StepText::of(&delta)).push(&delta);
        drop(state);
        self.changed.notify_waiters();
    }
}

impl State {
    fn push(&mut self, event: StepEvent) {
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
        self.forget_old_text();
    }

    /// The text of the attempt that an event ends.
    fn text_of(&mut self, event: &StepEvent) -> Option<StepText> {
        if self.writing.is_empty() {
            return None;
        }
        self.writing.remove(event.step()?.path())
    }

    fn forget_old_text(&mut self) {
        for entry in &mut self.tail {
            if self.tail_text_bytes <= TAIL_TEXT_BYTES {
                return;
            }
            let forgotten = entry.text.take();
            self.tail_text_bytes -= forgotten.map_or(0, |text| text.bytes());
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
    pub(in crate::engine::local) fn at(after: u64) -> Self {
        Self {
            after,
            positions: BTreeMap::new(),
        }
    }

    /// An event; but before it, what is left of the text it ends. Says whether it came to the event.
    fn take_entry(&mut self, run: RunId, entry: &Entry, updates: &mut VecDeque<Update>) -> bool {
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
        updates: &mut VecDeque<Update>,
    ) {
        self.after = event.seq;
        if let Some(step) = event.step() {
            self.positions.remove(step.path());
        }
        updates.push_back(Update::Event(event));
    }

    fn take_text(&mut self, run: RunId, text: &StepText, updates: &mut VecDeque<Update>) {
        let position = self
            .positions
            .entry(text.step().path().clone())
            .or_default();
        updates.extend(text.rest(run, position).map(Update::Delta));
    }
}
