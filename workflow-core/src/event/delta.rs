//! Deltas: text of running steps. They are streamed and not stored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StepEvent;
use crate::value::{RunId, StepRef};

/// A piece of text that a running step has produced. It is streamed only: no log contains it, and the `node.completed` of
/// the step has the whole output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename = "node.delta")]
#[non_exhaustive]
pub struct Delta {
    /// The run.
    pub run_id: RunId,
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The attempt, counted from 1. The text of each attempt starts at offset 0.
    pub attempt: u32,
    /// Whether it is answer or thought.
    pub kind: TextKind,
    /// The piece.
    #[serde(rename = "delta")]
    pub text: String,
    /// Where the piece starts in the text of this attempt and kind, in UTF-16 code units (the unit of JavaScript strings).
    /// A reader that already has this position can skip the piece.
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

/// The kind of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TextKind {
    /// Part of the answer.
    Text,
    /// Part of the model's thoughts, which are not part of the output.
    Thought,
}

/// An item of a run's stream.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Update {
    /// An event. With an engine, it is in the log already.
    Event(StepEvent),
    /// More text of a running step.
    Delta(Delta),
}
