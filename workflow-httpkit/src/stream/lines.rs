//! Bytes to lines, with any of the three line ends of server-sent events.
//!
//! The line ends are those of the HTML standard, section 9.2.5 ("Parsing an event stream").

use std::{borrow::Cow, mem};

/// Splits bytes into lines at CRLF, LF or CR, also if the bytes are cut within a line end.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// The beginning of a line whose end is still to come. Bytes, not text, since a character can be cut, too.
    buffer: Vec<u8>,
    after_cr: bool,
}

impl Lines {
    /// Removes a line from the start of `bytes` and returns it without its end. `None` if `bytes` has
    /// no further line end; the rest is buffered. Only a line that began in earlier bytes is copied.
    pub(crate) fn take<'a>(&mut self, bytes: &mut &'a [u8]) -> Option<Cow<'a, [u8]>> {
        self.skip_second_half(bytes);
        let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
            self.buffer.extend_from_slice(bytes);
            *bytes = &[];
            return None;
        };
        let line = &bytes[..end];
        self.after_cr = bytes[end] == b'\r';
        *bytes = &bytes[end + 1..];
        if self.buffer.is_empty() {
            return Some(line.into());
        }
        self.buffer.extend_from_slice(line);
        Some(mem::take(&mut self.buffer).into())
    }

    /// The last line, if it has no end.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        mem::take(&mut self.buffer)
    }

    /// Skips the LF of a CRLF: the line already ended at the CR.
    fn skip_second_half(&mut self, bytes: &mut &[u8]) {
        // Without a byte, the LF may still come, so the flag must stay.
        if bytes.is_empty() || !mem::take(&mut self.after_cr) {
            return;
        }
        *bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
    }
}
