//! Waiting for admission at a shared limit: what a node reports, and the clock that stops meanwhile.
//!
//! The node creates a [`Queued`] guard. The guard stops the attempt's timeout and passes changes to the driver, which
//! the machine turns into `node.queued` and `node.admitted`. No decision depends on them.

use std::{
    borrow::Cow,
    fmt,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::value::{SharedQueue, lock};

/// The most bytes of a queue's name. A workflow may choose the name, for example a model, and events repeat it.
const MAX_NAME_BYTES: usize = 100;

/// A change of the place in line, on its way to the driver.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The key of the step, as the machine numbers them.
    pub(crate) step: u64,
    pub(crate) attempt: u32,
    pub(crate) change: AdmissionChange,
}

/// What changed for an attempt that waits for admission.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AdmissionChange {
    /// The attempt begins to wait, or has advanced.
    Queued {
        queue: Cow<'static, str>,
        position: usize,
    },
    /// The attempt no longer waits.
    Admitted { queued: Duration },
}

/// Notices that the driver of the run has not handled yet.
///
/// Attempts push only while the driver polls them, and the driver looks afterwards. So no waker is needed.
pub(crate) type Notices = SharedQueue<Notice>;

/// The times of an attempt: how long it has worked, and how long it has waited for admission.
///
/// The lock is taken for a few instructions, by the attempt and by its timeout, which run in one task.
#[derive(Debug, Default)]
pub(crate) struct WorkClock {
    /// When the attempt was first pending, or first reported something. An attempt that completes at once reads no clock.
    started: OnceLock<Instant>,
    waits: Mutex<Waits>,
}

#[derive(Debug, Default)]
struct Waits {
    /// The number of guards. The first one reports; the others only stop the clock.
    open: u32,
    since: Option<Instant>,
    /// The sum of earlier waits; `None` before the first one.
    over: Option<Duration>,
}

impl Waits {
    fn total(&self) -> Option<Duration> {
        let current = self.since.map(|since| since.elapsed());
        match (self.over, current) {
            (None, None) => None,
            (over, current) => Some(over.unwrap_or_default() + current.unwrap_or_default()),
        }
    }
}

impl WorkClock {
    /// Starts the clock, if it is not running yet. Returns when it was started.
    pub(crate) fn start(&self) -> Instant {
        *self.started.get_or_init(Instant::now)
    }

    /// When the attempt will have worked for `limit`. `None` while it waits for admission, and if the time is not
    /// representable. It moves later by each wait, never earlier.
    pub(crate) fn deadline(&self, limit: Duration) -> Option<Instant> {
        let waits = lock(&self.waits);
        if waits.open > 0 {
            return None;
        }
        let over = waits.over.unwrap_or_default();
        self.start().checked_add(limit)?.checked_add(over)
    }

    /// How long the attempt has waited for admission; `None` if it never did.
    pub(crate) fn queued(&self) -> Option<Duration> {
        lock(&self.waits).total()
    }

    /// The same at the end of the attempt.
    pub(super) fn into_queued(self) -> Option<Duration> {
        let waits = self.waits.into_inner();
        waits.unwrap_or_else(PoisonError::into_inner).total()
    }

    /// How long the attempt has worked, without its waits.
    pub(crate) fn worked(&self) -> Duration {
        let queued = self.queued().unwrap_or_default();
        self.start().elapsed().saturating_sub(queued)
    }

    /// Begins a wait. Returns whether no other guard is open.
    ///
    /// Guards may overlap, if a node waits at two limits at once. The clock stops with the first and runs with the
    /// last.
    fn enter(&self) -> bool {
        self.start();
        let mut waits = lock(&self.waits);
        waits.open = waits.open.saturating_add(1);
        if waits.open == 1 {
            waits.since = Some(Instant::now());
        }
        waits.open == 1
    }

    /// Ends a wait. Returns how long the attempt waited if no other guard is open.
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

/// The attempt that waits: where its notices go, and its clock. Not the whole context, which depends on this module.
pub(super) struct WaitingAttempt<'a> {
    pub(super) notices: &'a Notices,
    /// The key of the step, as the machine numbers them.
    pub(super) step: u64,
    pub(super) attempt: u32,
    pub(super) clock: &'a WorkClock,
}

impl WaitingAttempt<'_> {
    fn notify(&self, change: AdmissionChange) {
        self.notices.push(Notice {
            step: self.step,
            attempt: self.attempt,
            change,
        });
    }
}

/// A place in line, from [`NodeContext::queued`](super::NodeContext::queued). Dropping it reports that the attempt is
/// admitted: `node.admitted` follows, and the timeout of the attempt runs again.
///
/// See [`NodeContext::queued`](super::NodeContext::queued) for an example.
#[must_use = "dropping it at once reports that the attempt does not wait"]
pub struct Queued<'a> {
    attempt: WaitingAttempt<'a>,
    queue: Cow<'static, str>,
    /// The position of the last report; `None` if another guard of the attempt reports.
    reported: Mutex<Option<usize>>,
}

impl<'a> Queued<'a> {
    pub(super) fn new(
        attempt: WaitingAttempt<'a>,
        queue: Cow<'static, str>,
        position: usize,
    ) -> Self {
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

    /// Reports the current position, counted from 1.
    ///
    /// Events repeat it only when it has halved since the last report, so a node may call this whenever it knows the
    /// position.
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
        self.attempt
            .notify(AdmissionChange::Queued { queue, position });
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        if let Some(queued) = self.attempt.clock.leave() {
            self.attempt.notify(AdmissionChange::Admitted { queued });
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

/// The name, cut at a character boundary if it is too long.
fn bounded(name: Cow<'static, str>) -> Cow<'static, str> {
    if name.len() <= MAX_NAME_BYTES {
        return name;
    }
    let ends = (0..=MAX_NAME_BYTES).rev();
    let end = ends.into_iter().find(|end| name.is_char_boundary(*end));
    let end = end.unwrap_or_default();
    format!("{}…", &name[..end]).into()
}
