//! Bytes to lines, whichever way they end.

use std::mem;

/// Cuts bytes into lines at CRLF, LF or CR, also when the bytes are cut within a line end.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    held: Vec<u8>,
    after_cr: bool,
}

impl Lines {
    /// Takes from `bytes` up to the end of a line and returns that line, without its end.
    /// `None`: `bytes` is used up, and the line goes on.
    pub(crate) fn take(&mut self, bytes: &mut &[u8]) -> Option<Vec<u8>> {
        self.skip_second_half(bytes);
        let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
            self.held.extend_from_slice(bytes);
            *bytes = &[];
            return None;
        };
        self.held.extend_from_slice(&bytes[..end]);
        self.after_cr = bytes[end] == b'\r';
        *bytes = &bytes[end + 1..];
        Some(mem::take(&mut self.held))
    }

    /// The last line, if it had no end.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        mem::take(&mut self.held)
    }

    /// A line already ended at a CR: the LF behind it ends no other one.
    fn skip_second_half(&mut self, bytes: &mut &[u8]) {
        if bytes.is_empty() || !mem::take(&mut self.after_cr) {
            return;
        }
        *bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
    }
}
