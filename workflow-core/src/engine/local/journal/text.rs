//! The text that a running attempt has produced so far, stored once for all readers.

use crate::{
    event::{Delta, TextKind},
    value::{RunId, StepRef},
};

/// The most bytes stored of each kind of text. Text beyond that is not streamed; it is part of the output of the step.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The most bytes of one delta. A reader that is far behind gets several.
const MAX_PIECE: usize = 16 * 1024;

/// The text of one attempt.
#[derive(Debug)]
pub(in crate::engine::local) struct StepText {
    step: StepRef,
    attempt: u32,
    text: String,
    thought: String,
    /// UTF-16 units of the text and the thoughts that came from another engine.
    remote_units: [u64; 2],
    /// A piece did not fit. Later pieces are dropped too, so that the stored text has no gaps.
    full: bool,
}

/// How much of an attempt's text a reader has read.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine::local) struct Position {
    attempt: u32,
    text: Read,
    thought: Read,
}

/// A position in a text, in two units: bytes to slice it, and UTF-16 units for [`Delta::offset`], which JavaScript
/// clients count in.
#[derive(Clone, Copy, Debug, Default)]
struct Read {
    bytes: usize,
    utf16_units: u64,
}

impl StepText {
    /// An empty text of the attempt that this delta belongs to.
    pub(in crate::engine::local) fn of(delta: &Delta) -> Self {
        Self {
            step: delta.step.clone(),
            attempt: delta.attempt,
            text: String::new(),
            thought: String::new(),
            remote_units: [0; 2],
            full: false,
        }
    }

    pub(in crate::engine::local) fn step(&self) -> &StepRef {
        &self.step
    }

    pub(in crate::engine::local) fn bytes(&self) -> usize {
        self.text.len() + self.thought.len()
    }

    /// Appends a piece, if it fits.
    pub(in crate::engine::local) fn push(&mut self, delta: &Delta) {
        let stored = match delta.kind {
            TextKind::Text => &mut self.text,
            TextKind::Thought => &mut self.thought,
        };
        self.full |= stored.len() + delta.text.len() > MAX_BYTES;
        if !self.full {
            stored.push_str(&delta.text);
        }
    }

    /// Adds a piece from another engine, where pieces may be lost, repeated or out of order. Returns `false` if text before
    /// it is missing.
    pub(in crate::engine::local) fn push_remote(&mut self, delta: &Delta) -> bool {
        if delta.attempt < self.attempt {
            return true;
        }
        if delta.attempt > self.attempt {
            *self = Self::of(delta);
        }
        let kind = usize::from(delta.kind == TextKind::Thought);
        let Some(mut repeated) = self.remote_units[kind].checked_sub(delta.offset) else {
            return false;
        };
        let rest = delta.text.trim_start_matches(|character: char| {
            let is_known = repeated > 0;
            repeated = repeated.saturating_sub(character.len_utf16() as u64);
            is_known
        });
        self.remote_units[kind] += rest.encode_utf16().count() as u64;
        self.push(&Delta {
            text: rest.to_owned(),
            ..delta.clone()
        });
        true
    }

    /// The next deltas of a reader, at most one of each kind, thoughts first; none when it has read everything.
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

    fn rest_of(&self, run: RunId, kind: TextKind, stored: &str, read: &mut Read) -> Option<Delta> {
        let rest = stored.get(read.bytes..).filter(|rest| !rest.is_empty())?;
        let piece = first_piece(rest);
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

/// The beginning of a text, at most [`MAX_PIECE`] bytes, cut at a character boundary.
fn first_piece(text: &str) -> &str {
    let mut ends = (0..=MAX_PIECE.min(text.len())).rev();
    ends.find_map(|end| text.get(..end)).unwrap_or_default()
}
