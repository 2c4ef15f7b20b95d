//! The text that a running step has written so far, kept once for all readers.

use crate::{
    event::{Delta, TextKind},
    value::{RunId, StepRef},
};

/// The most bytes kept of each kind; what a model says beyond that is shown when the step is done.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The most bytes of a piece that a reader is given at once: what is far behind comes in several.
const MAX_PIECE: usize = 16 * 1024;

/// The text of one attempt.
#[derive(Debug)]
pub(in crate::engine::local) struct StepText {
    step: StepRef,
    attempt: u32,
    text: String,
    thought: String,
    /// A piece did not fit: what is kept has no holes, so nothing more is.
    full: bool,
}

/// How much of an attempt's text a reader has had.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine::local) struct Position {
    attempt: u32,
    text: Read,
    thought: Read,
}

#[derive(Clone, Copy, Debug, Default)]
struct Read {
    bytes: usize,
    utf16_units: u64,
}

impl StepText {
    /// No text yet, of the attempt that a first piece belongs to.
    pub(in crate::engine::local) fn of(delta: &Delta) -> Self {
        Self {
            step: delta.step.clone(),
            attempt: delta.attempt,
            text: String::new(),
            thought: String::new(),
            full: false,
        }
    }

    pub(in crate::engine::local) fn step(&self) -> &StepRef {
        &self.step
    }

    pub(in crate::engine::local) fn bytes(&self) -> usize {
        self.text.len() + self.thought.len()
    }

    /// Takes in a piece.
    pub(in crate::engine::local) fn push(&mut self, delta: &Delta) {
        let kept = match delta.kind {
            TextKind::Text => &mut self.text,
            TextKind::Thought => &mut self.thought,
        };
        self.full |= kept.len() + delta.text.len() > MAX_BYTES;
        if !self.full {
            kept.push_str(&delta.text);
        }
    }

    /// Some of what a reader has not had yet, thoughts first; nothing once it has had all.
    pub(in crate::engine::local) fn rest(
        &self,
        run: RunId,
        position: &mut Position,
    ) -> impl Iterator<Item = Delta> {
        if position.attempt != self.attempt {
            *position = Position {
                attempt: self.attempt,
                ..Position::default()
            };
        }
        let thought = self.rest_of(run, TextKind::Thought, &self.thought, &mut position.thought);
        let text = self.rest_of(run, TextKind::Text, &self.text, &mut position.text);
        thought.into_iter().chain(text)
    }

    fn rest_of(&self, run: RunId, kind: TextKind, kept: &str, read: &mut Read) -> Option<Delta> {
        let rest = kept.get(read.bytes..).filter(|rest| !rest.is_empty())?;
        let piece = beginning(rest);
        let offset = read.utf16_units;
        read.bytes += piece.len();
        read.utf16_units += piece.encode_utf16().count() as u64;
        Some(Delta::new(
            run,
            self.step.clone(),
            self.attempt,
            kind,
            piece.to_owned(),
            offset,
        ))
    }
}

/// As much of a text as one piece may have.
fn beginning(text: &str) -> &str {
    let mut ends = (0..=MAX_PIECE.min(text.len())).rev();
    ends.find_map(|end| text.get(..end)).unwrap_or_default()
}
