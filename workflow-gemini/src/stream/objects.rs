//! JSON objects in lines of text.

use std::{collections::VecDeque, mem};

/// Finds whole objects by their braces; brackets and commas around objects do not count.
///
/// Looks at every byte once, however an object is spread over lines.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    held: Vec<u8>,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Objects {
    /// Whether an object has begun and not ended.
    pub(crate) fn is_open(&self) -> bool {
        self.depth > 0
    }

    /// Whether a line is JSON: it begins like it, or an object is open.
    pub(crate) fn wants(&self, line: &[u8]) -> bool {
        let first = line.trim_ascii_start().first();
        self.is_open() || matches!(first, Some(b'{' | b'}' | b'[' | b']' | b','))
    }

    /// Takes a line and hands over each object that ends in it.
    pub(crate) fn push(&mut self, line: &[u8], ready: &mut VecDeque<Vec<u8>>) {
        if self.is_open() {
            self.held.push(b'\n');
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
                self.held.extend_from_slice(&line[from..=at]);
                ready.push_back(mem::take(&mut self.held));
            }
        }
        if self.is_open() {
            self.held.extend_from_slice(&line[from..]);
        }
    }

    /// The object that did not end.
    pub(crate) fn rest(&mut self) -> Option<Vec<u8>> {
        let rest = mem::take(self);
        rest.is_open().then_some(rest.held)
    }

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
