//! JSON objects within lines of text.

use std::{collections::VecDeque, mem};

/// Finds complete objects by their braces. Brackets and commas around objects are skipped.
///
/// Looks at every byte once, however an object is spread over lines, so the cost is linear. Bytes are enough: in
/// UTF-8, no byte of a longer character equals a quote, a backslash or a brace (RFC 3629, section 3). The objects
/// are not validated; `serde_json` does that.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    /// The open object so far.
    buffer: Vec<u8>,
    /// The number of open braces outside of strings.
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Objects {
    /// Whether an object has begun and not ended.
    pub(crate) fn is_open(&self) -> bool {
        self.depth > 0
    }

    /// Whether a line is JSON: it begins like JSON, or an object is open.
    pub(crate) fn wants(&self, line: &[u8]) -> bool {
        let first = line.trim_ascii_start().first();
        self.is_open() || matches!(first, Some(b'{' | b'}' | b'[' | b']' | b','))
    }

    /// Adds a line, and moves each object that ends in it to `ready`.
    pub(crate) fn push(&mut self, line: &[u8], ready: &mut VecDeque<Vec<u8>>) {
        if self.is_open() {
            // White space between tokens. Within a string it is invalid JSON, so a string that was cut at a line end is
            // an error and not a shorter text.
            self.buffer.push(b'\n');
        }
        let mut from = 0;
        for (at, &byte) in line.iter().enumerate() {
            if self.depth == 0 {
                if byte != b'{' {
                    continue;
                }
                from = at;
            }
            self.count(byte);
            if self.depth == 0 {
                // `from` is 0 if the object began in an earlier line, and else its first brace.
                self.buffer.extend_from_slice(&line[from..=at]);
                ready.push_back(mem::take(&mut self.buffer));
            }
        }
        if self.is_open() {
            self.buffer.extend_from_slice(&line[from..]);
        }
    }

    /// Takes the object that did not end.
    pub(crate) fn rest(&mut self) -> Option<Vec<u8>> {
        let rest = mem::take(self);
        rest.is_open().then_some(rest.buffer)
    }

    /// Tracks strings, escapes and the depth of braces. A `}` cannot underflow: outside of an object
    /// only `{` is counted.
    fn count(&mut self, byte: u8) {
        if mem::take(&mut self.escaped) {
            return;
        }
        match byte {
            b'\\' if self.in_string => self.escaped = true,
            b'"' => self.in_string = !self.in_string,
            b'{' if !self.in_string => self.depth += 1,
            b'}' if !self.in_string => self.depth -= 1,
            _ => {}
        }
    }
}
