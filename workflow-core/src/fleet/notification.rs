//! Hints between engines. All of them may be lost.

use serde::{Deserialize, Serialize};

use crate::{
    event::Delta,
    value::{InstanceId, RunId},
};

/// A hint to the engines of a fleet. The store has the truth: an engine that gets no notifications polls it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Notification {
    /// A log has grown to this event.
    Appended {
        /// The run.
        run: RunId,
        /// The number of its last event.
        last_seq: u64,
    },
    /// A command is stored for the engine that drives the run.
    CommandQueued {
        /// The run.
        run: RunId,
    },
    /// An engine has readers of a run that it does not drive. Valid for 10 s.
    Followed {
        /// The run.
        run: RunId,
        /// The engine.
        by: InstanceId,
        /// The engine has no text of running steps yet, or has missed some: send it from its start.
        restart: bool,
    },
    /// Text of running steps of a run, for the one engine that follows it.
    Text {
        /// The engine that it is for.
        to: InstanceId,
        /// The text.
        text: RemoteText,
    },
    /// Some notifications were lost.
    Lagged,
}

/// Text that a step produces on another engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RemoteText {
    /// The number of the last event before the text was read. After this event the attempt was running.
    pub after: u64,
    /// The text.
    pub delta: Delta,
}

impl RemoteText {
    /// Text that was read after event number `after`.
    pub fn new(after: u64, delta: Delta) -> Self {
        Self { after, delta }
    }
}
