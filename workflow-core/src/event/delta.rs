//! What a run says only to those who watch it live.

use schemars::JsonSchema;
use serde::Serialize;

use super::StepEvent;
use crate::value::{RunId, StepRef};

/// A piece of text of a running step. Live only: it is in no log, and the step's
/// `node.completed` carries the whole output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", rename = "node.delta")]
#[non_exhaustive]
pub struct Delta {
    /// The run it belongs to.
    pub run_id: RunId,
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// Which attempt; each starts its text anew.
    pub attempt: u32,
    /// Answer or thought.
    pub kind: TextKind,
    /// The piece.
    #[serde(rename = "delta")]
    pub text: String,
    /// UTF-16 units of text that came before, in this attempt and kind.
    pub offset: u64,
}

impl Delta {
    pub(crate) fn new(
        run_id: RunId,
        step: StepRef,
        attempt: u32,
        kind: TextKind,
        text: String,
        offset: u64,
    ) -> Self {
        Self {
            run_id,
            step,
            attempt,
            kind,
            text,
            offset,
        }
    }
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TextKind {
    /// Part of the answer.
    Text,
    /// Part of the model's thoughts, which are not part of the output.
    Thought,
}

/// What a run's stream yields.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Update {
    /// Something happened; it is in the log.
    Event(StepEvent),
    /// A running step has more text.
    Delta(Delta),
}
