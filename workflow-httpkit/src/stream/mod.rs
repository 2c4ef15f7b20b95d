//! Bytes of a streamed answer, cut anywhere, to JSON objects: [`Documents`]. [`Surrogates`] repairs what a stream has cut within a character.
//!
//! Model providers send server-sent events with one object each. But an error in the middle of a stream may
//! come as bare JSON: over many lines, wrapped in `[ ]`, with `data:` before its first line only or
//! before none. So objects are found by their braces, whatever the framing.
//!
//! Everything is pure, and buffers without a bound: the caller limits the bytes before it hands them out.

mod lines;
mod objects;
mod surrogates;

pub use self::surrogates::Surrogates;

use std::{collections::VecDeque, mem};

use self::{lines::Lines, objects::Objects};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Splits bytes, cut anywhere, into JSON objects.
///
/// Buffers at most the object that is still open. The caller limits the number of bytes.
#[derive(Debug, Default)]
pub struct Documents {
    lines: Lines,
    objects: Objects,
    /// Whether the open object began in an event, which a blank line ends.
    in_event: bool,
    past_first_line: bool,
    is_done: bool,
    ready: VecDeque<Vec<u8>>,
}

impl Documents {
    /// Adds the next bytes.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while let Some(line) = self.lines.take(&mut bytes) {
            self.line(&line);
        }
    }

    /// Marks the end of the stream. An object that is still open becomes a document, although it is
    /// incomplete; its reader reports it as cut off.
    pub fn end(&mut self) {
        let line = self.lines.rest();
        // A stream may end without a line end; the specification would discard that event, and its text.
        if !line.is_empty() {
            self.line(&line);
        }
        self.ready.extend(self.objects.rest());
    }

    /// Whether the event `[DONE]` was received, with which some providers end a stream.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// The next complete document.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would end for good"
    )]
    pub fn next(&mut self) -> Option<Vec<u8>> {
        self.ready.pop_front()
    }

    /// Handles a line: the data of an event, a blank line, or a line of bare JSON. An `event:` or `id:` line is a
    /// line of bare JSON here, which is ignored because it does not look like JSON.
    fn line(&mut self, line: &[u8]) {
        let line = self.without_mark(line);
        match data_of(line) {
            Some(data) => self.data(data),
            None if line.is_empty() => self.blank(),
            None => self.json(line, false),
        }
    }

    /// Removes a byte order mark from the first line, as the specification of server-sent events requires.
    fn without_mark<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        if mem::replace(&mut self.past_first_line, true) {
            return line;
        }
        line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
    }

    /// Data that is no JSON becomes a document, too: skipping it could skip a part of the answer
    /// unnoticed.
    fn data(&mut self, data: &[u8]) {
        if !self.objects.is_open() && data.trim_ascii() == b"[DONE]" {
            self.is_done = true;
        } else if self.objects.wants(data) {
            self.json(data, true);
        } else if !data.trim_ascii().is_empty() {
            self.ready.push_back(data.to_vec());
        }
    }

    /// Adds a line of JSON to the objects. A line that does not look like JSON is ignored. Within an open object
    /// every line belongs to it, whatever it looks like.
    fn json(&mut self, line: &[u8], in_event: bool) {
        if !self.objects.wants(line) {
            return;
        }
        // Where the object began decides: bare JSON may contain blank lines, an event may not.
        if !self.objects.is_open() {
            self.in_event = in_event;
        }
        self.objects.push(line, &mut self.ready);
    }

    /// A blank line ends an event. If its object is still open, the event was cut off.
    fn blank(&mut self) {
        if self.in_event {
            self.ready.extend(self.objects.rest());
        }
    }
}

/// The value of a `data` line. Comments and other fields of server-sent events are ignored. At most one space after
/// the colon is removed, as the specification says.
fn data_of(line: &[u8]) -> Option<&[u8]> {
    let value = line.strip_prefix(b"data:")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests;
