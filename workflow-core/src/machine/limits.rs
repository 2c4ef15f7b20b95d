//! How much a run may have.

use crate::error::NodeError;

/// How many events one decision makes at most, without those that later end what it begins.
const PER_DECISION: u64 = 4;

/// The limits of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many steps may work at once.
    pub(crate) slots: usize,
    /// How many events there may be.
    pub(crate) events: u64,
    /// How many items a map may have.
    pub(crate) map_items: usize,
    /// How many lists of nodes may be open.
    pub(crate) frames: usize,
    /// How much memory its values may hold.
    pub(crate) memory: usize,
    /// How many bytes the output of a step may have.
    pub(crate) output_bytes: usize,
}

impl Limits {
    /// Whether so many events more would be too many. `at_end` is how many there are if the run ends now.
    #[inline]
    pub(super) fn are_full_with(&self, events: u64, at_end: u64) -> bool {
        let events = events.saturating_add(PER_DECISION);
        at_end.saturating_add(events) > self.events
    }

    /// Refuses a container that would open one frame more than a run may have. `open` of them are open.
    pub(super) fn check_frames(&self, open: usize) -> Result<(), NodeError> {
        if open < self.frames {
            return Ok(());
        }
        let detail = format!(
            "maps, loops and called workflows have {open} lists of nodes open at the same time, as many as a \
             run may"
        );
        let error = NodeError::new("too_many_frames", detail);
        Err(error.with_hint("lower `concurrency`, or call fewer workflows at the same time"))
    }
}
