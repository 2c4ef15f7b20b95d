//! Containers: what a step holds while it is open.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{
    ids::{FrameId, Place},
    items::MapState,
    turns::Turns,
};
use crate::error::Problem;

/// The frames of an open step, and the state that its kind stores besides them.
///
/// A frame stays here until its kind closes it, also when all its steps are settled.
///
/// `frames` is ordered by place, so that everything that walks over it, such as a cancellation, has the same order
/// after a restart.
pub(super) struct Container {
    pub(super) frames: BTreeMap<Place, FrameId>,
    pub(super) state: State,
}

/// The state of a kind of control node.
pub(super) enum State {
    /// Only frames.
    Frames,
    Map(MapState),
    Agent(Box<Turns>),
    /// The step cannot begin. Stored because the transition cannot fail a step; the next decision does.
    Refused(Arc<Problem>),
    /// Its wait is over, with the answer if a person gave one.
    Answered(Option<Arc<Value>>),
}

impl State {
    /// The memory of the state in bytes, without that of the frames.
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Map(map) => map.memory(),
            Self::Agent(turns) => turns.memory,
            Self::Frames | Self::Refused(_) | Self::Answered(_) => 0,
        }
    }
}

impl Container {
    pub(super) fn new(state: State) -> Self {
        let frames = BTreeMap::new();
        Self { frames, state }
    }

    /// The ids of its frames, in the order of their places.
    pub(super) fn frame_ids(&self) -> impl Iterator<Item = FrameId> {
        self.frames.values().copied()
    }
}
