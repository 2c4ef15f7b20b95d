//! The bytes of a streamed answer, cut into the JSON objects they carry. Pure.
//!
//! The API sends server-sent events with one object each, but an error may follow as bare JSON:
//! over many lines, wrapped in `[ ]`, and with `data:` before its first line or before none. So
//! objects are found by their braces; `data:` only says that a line is meant.

mod answer;
mod body;
mod clock;
mod lines;
mod objects;
mod reading;
mod surrogates;

pub(crate) use self::{
    answer::Answer,
    body::Body,
    clock::{Clock, Timeouts},
    reading::Reading,
};

use std::{collections::VecDeque, mem};

use self::{lines::Lines, objects::Objects};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Turns bytes, cut anywhere, into JSON objects.
///
/// Holds at most the object that is still open: who pushes bounds how much that can be.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    lines: Lines,
    objects: Objects,
    /// Whether the open object began in an event, so that a blank line ends it.
    in_event: bool,
    past_first_line: bool,
    ready: VecDeque<Vec<u8>>,
}

impl Documents {
    /// Takes the next bytes.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) {
        while let Some(line) = self.lines.take(&mut bytes) {
            self.line(&line);
        }
    }

    /// Takes the end: what is still held is all that will come of it, whole or not.
    pub(crate) fn end(&mut self) {
        let line = self.lines.rest();
        if !line.is_empty() {
            self.line(&line);
        }
        self.ready.extend(self.objects.rest());
    }

    /// The next document.
    pub(crate) fn next(&mut self) -> Option<Vec<u8>> {
        self.ready.pop_front()
    }

    fn line(&mut self, line: &[u8]) {
        let line = self.without_mark(line);
        match data_of(line) {
            Some(data) => self.data(data),
            None if line.is_empty() => self.blank(),
            None => self.json(line, false),
        }
    }

    fn without_mark<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        if mem::replace(&mut self.past_first_line, true) {
            return line;
        }
        line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
    }

    /// Data that is no JSON is handed over, too: to leave it out could leave out text.
    fn data(&mut self, data: &[u8]) {
        if self.objects.wants(data) {
            self.json(data, true);
        } else if !data.trim_ascii().is_empty() {
            self.ready.push_back(data.to_vec());
        }
    }

    fn json(&mut self, line: &[u8], in_event: bool) {
        if !self.objects.wants(line) {
            return;
        }
        if !self.objects.is_open() {
            self.in_event = in_event;
        }
        self.objects.push(line, &mut self.ready);
    }

    /// An event that ends within its object was cut off.
    fn blank(&mut self) {
        if self.in_event {
            self.ready.extend(self.objects.rest());
        }
    }
}

/// The value of a `data` line. Comments and other fields have none.
fn data_of(line: &[u8]) -> Option<&[u8]> {
    let value = line.strip_prefix(b"data:")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests;
