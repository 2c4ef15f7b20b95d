//! Waiting for admission at a limit that attempts share: what a node reports of it.

use std::{
    borrow::Cow,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::value::lock;

/// The most bytes of a queue's name: a workflow may choose it, and events repeat it.
const MAX_NAME_BYTES: usize = 100;

/// What an attempt reports to the driver of its run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Which step, as the driver names it.
    pub(crate) step: u64,
    pub(crate) attempt: u32,
    pub(crate) news: News,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// It waits, or has come further in line.
    Queued {
        queue: Cow<'static, str>,
        position: usize,
    },
    /// It waits no longer.
    Admitted { queued: Duration },
}

/// What the attempts of a run have reported and its driver has not handled yet.
///
/// Attempts report only while the driver polls them, and the driver looks afterwards: no waker is
/// needed.
#[derive(Debug, Default)]
pub(crate) struct Notices(Mutex<Vec<Notice>>);

impl Notices {
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }

    pub(crate) fn take(&self) -> Vec<Notice> {
        std::mem::take(&mut *lock(&self.0))
    }

    fn push(&self, notice: Notice) {
        lock(&self.0).push(notice);
    }
}

/// The time of an attempt: how long it has worked, and how long it has waited for admission.
#[derive(Debug)]
pub(crate) struct WorkClock {
    started: Instant,
    waits: Mutex<Waits>,
}

#[derive(Debug, Default)]
struct Waits {
    /// How many guards there are. The first reports, the others only hold the clock.
    open: u32,
    since: Option<Instant>,
    /// Earlier waits; `None` before the first.
    over: Option<Duration>,
}

impl WorkClock {
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            waits: Mutex::default(),
        }
    }

    /// When the attempt will have worked this long; `None` while it waits for admission, or where
    /// that is beyond all time.
    pub(crate) fn deadline(&self, limit: Duration) -> Option<Instant> {
        let waits = lock(&self.waits);
        if waits.open > 0 {
            return None;
        }
        let over = waits.over.unwrap_or_default();
        self.started.checked_add(limit)?.checked_add(over)
    }

    /// How long the attempt has waited for admission; `None` if it never had to.
    pub(crate) fn queued(&self) -> Option<Duration> {
        let waits = lock(&self.waits);
        let current = waits.since.map(|since| since.elapsed());
        match (waits.over, current) {
            (None, None) => None,
            (over, current) => Some(over.unwrap_or_default() + current.unwrap_or_default()),
        }
    }

    /// How long the attempt has worked.
    pub(crate) fn worked(&self) -> Duration {
        let queued = self.queued().unwrap_or_default();
        self.started.elapsed().saturating_sub(queued)
    }

    /// A wait begins; whether no other one is open.
    fn enter(&self) -> bool {
        let mut waits = lock(&self.waits);
        waits.open = waits.open.saturating_add(1);
        if waits.open == 1 {
            waits.since = Some(Instant::now());
        }
        waits.open == 1
    }

    /// A wait ends; how long it took all that waited in this attempt, if none is open any more.
    fn leave(&self) -> Option<Duration> {
        let mut waits = lock(&self.waits);
        waits.open = waits.open.saturating_sub(1);
        if waits.open > 0 {
            return None;
        }
        let took = waits.since.take()?.elapsed();
        waits.over = Some(waits.over.unwrap_or_default() + took);
        Some(took)
    }
}

/// The attempt that waits: whom it notifies, and its clock.
pub(super) struct Waiter<'a> {
    pub(super) notices: &'a Notices,
    /// The step, as the driver names it.
    pub(super) step: u64,
    pub(super) attempt: u32,
    pub(super) clock: &'a WorkClock,
}

impl Waiter<'_> {
    fn notify(&self, news: News) {
        self.notices.push(Notice {
            step: self.step,
            attempt: self.attempt,
            news,
        });
    }
}

/// An attempt's place in line, from [`NodeContext::queued`](super::NodeContext::queued). Dropping it says that the attempt is
/// admitted: `node.admitted` follows, and the attempt's time-out runs again.
#[must_use = "dropping it at once says that the attempt does not wait"]
pub struct Queued<'a> {
    attempt: Waiter<'a>,
    queue: Cow<'static, str>,
    /// The position that was reported last; `None` where another guard of the attempt reports.
    reported: Mutex<Option<usize>>,
}

impl<'a> Queued<'a> {
    pub(super) fn new(attempt: Waiter<'a>, queue: Cow<'static, str>, position: usize) -> Self {
        let queue = bounded(queue);
        let first = attempt.clock.enter();
        let position = position.max(1);
        let queued = Self {
            attempt,
            queue,
            reported: Mutex::new(first.then_some(position)),
        };
        if first {
            queued.report(position);
        }
        queued
    }

    /// Reports how far the attempt has come: 1 is next. Events repeat it only once it has halved, so
    /// it may be called as often as the position is known.
    pub fn moved(&self, position: usize) {
        let position = position.max(1);
        let mut reported = lock(&self.reported);
        if let Some(before) = *reported
            && position <= before / 2
        {
            *reported = Some(position);
            drop(reported);
            self.report(position);
        }
    }

    fn report(&self, position: usize) {
        let queue = self.queue.clone();
        self.attempt.notify(News::Queued { queue, position });
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        if let Some(queued) = self.attempt.clock.leave() {
            self.attempt.notify(News::Admitted { queued });
        }
    }
}

impl fmt::Debug for Queued<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Queued")
            .field("queue", &self.queue)
            .field("reported", &*reported)
            .finish_non_exhaustive()
    }
}

fn bounded(name: Cow<'static, str>) -> Cow<'static, str> {
    if name.len() <= MAX_NAME_BYTES {
        return name;
    }
    let ends = (0..=MAX_NAME_BYTES).rev();
    let end = ends.into_iter().find(|end| name.is_char_boundary(*end));
    let end = end.unwrap_or_default();
    format!("{}…", &name[..end]).into()
}
