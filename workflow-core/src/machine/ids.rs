//! Ids of frames and steps inside one machine. They are not logged: the log names steps by path.

/// The id of a frame within its run. It is never used twice, so an id that outlives its frame finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FrameId(u32);

impl FrameId {
    /// The frame of the workflow's own nodes.
    pub(crate) const ROOT: Self = Self(0);

    /// The frame that was opened as number `index`. There are fewer than events, so the number fits. A wrong id
    /// would be that of a frame that does not exist, not that of another one.
    pub(super) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    #[inline]
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The id of a step: a frame, and a node in it.
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

    /// The id as a number, for code that only passes it back.
    ///
    /// Nodes get the key and return it in notices. They must not build one.
    pub(crate) fn to_key(self) -> u64 {
        (u64::from(self.frame.0) << 32) | u64::from(self.node)
    }

    /// The inverse of [`to_key`](Self::to_key).
    pub(crate) fn of_key(key: u64) -> Self {
        let halves = [key >> 32, key & u64::from(u32::MAX)];
        let [frame, node] = halves.map(|half| u32::try_from(half).unwrap_or(u32::MAX));
        let frame = FrameId(frame);
        Self { frame, node }
    }
}

/// A ledger, by what has the budget. The run comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LedgerId {
    Run,
    /// The agent, or the step that calls the workflow.
    Call(StepId),
}

/// The place of a frame in its step. Each kind of control node numbers its frames itself: by item, by round.
pub(super) type Place = usize;
