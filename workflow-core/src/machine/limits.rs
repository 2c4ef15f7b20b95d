//! The limits of a run.

use crate::error::NodeError;

/// The most events of one decision, without those that later end what it begins.
///
/// A container that begins and fails at once, for example, has `node.started`, an event of its kind and
/// `node.failed`.
const PER_DECISION: u64 = 4;

/// The limits of a run. They are those of the host, not of the log: a later host may have others.
///
/// No event is refused in replay because of them: the run of a log that exceeds them continues as far as they
/// permit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The most attempts that run at the same time.
    pub(crate) slots: usize,
    /// The most events of the log.
    pub(crate) events: u64,
    /// The most items of a map.
    pub(crate) map_items: usize,
    /// The most open frames.
    pub(crate) frames: usize,
    /// The most memory of its values, in bytes.
    pub(crate) memory: usize,
    /// The most bytes of a step's output as JSON.
    pub(crate) output_bytes: usize,
}

impl Limits {
    /// Whether so many more events would exceed the limit. `at_end` is the number of events if the run ends now.
    ///
    /// The reserve of one decision is included. So if the run is not full, the next decision may write its events
    /// without a check for each.
    #[inline]
    pub(super) fn are_full_with(&self, events: u64, at_end: u64) -> bool {
        let events = events.saturating_add(PER_DECISION);
        at_end.saturating_add(events) > self.events
    }

    /// Refuses to open another frame when `open` of them are open and that is the limit.
    pub(super) fn check_frames(&self, open: usize) -> Result<(), NodeError> {
        if open < self.frames {
            return Ok(());
        }
        let detail = format!(
            "maps, loops, agents and called workflows have {open} lists of nodes open at the same time, as many as a \
             run may"
        );
        let error = NodeError::new("too_many_frames", detail);
        Err(error.with_hint("lower `concurrency`, or call fewer workflows at the same time"))
    }
}
