//! Ids of frames and steps.

/// Names a frame within its run. No two frames of a run have one id, so an id that outlives its frame
/// means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FrameId(u32);

impl FrameId {
    /// The workflow's own nodes.
    pub(crate) const ROOT: Self = Self(0);

    /// The frame that was opened as number `index`. There are at most as many as events.
    pub(super) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    #[inline]
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A step: which frame, and which node of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StepId {
    pub(crate) frame: FrameId,
    node: u32,
}

impl StepId {
    pub(crate) fn new(frame: FrameId, node: usize) -> Self {
        // A list has at most a thousand nodes.
        let node = u32::try_from(node).unwrap_or(u32::MAX);
        Self { frame, node }
    }

    #[inline]
    pub(crate) fn node(self) -> usize {
        self.node as usize
    }

    /// The id as a number, for those that only hand it back.
    pub(crate) fn to_key(self) -> u64 {
        (u64::from(self.frame.0) << 32) | u64::from(self.node)
    }

    /// The id of this number.
    pub(crate) fn of_key(key: u64) -> Self {
        let halves = [key >> 32, key & u64::from(u32::MAX)];
        let [frame, node] = halves.map(|half| u32::try_from(half).unwrap_or(u32::MAX));
        let frame = FrameId(frame);
        Self { frame, node }
    }
}

/// Which frame of a step. Each kind of control node has its own numbering: the item of a map, the round of a loop.
pub(super) type Place = usize;
