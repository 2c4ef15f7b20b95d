//! Bytes to frames of an event stream (WHATWG HTML, section 9.2.6), with a bound on the size of a frame.

use std::collections::VecDeque;

/// Splits bytes, cut anywhere, into frames. Buffers at most one frame.
#[derive(Debug)]
pub(crate) struct Frames {
    limit: usize,
    line: Vec<u8>,
    data: Vec<u8>,
    after_cr: bool,
    has_data: bool,
    past_first_line: bool,
    ready: VecDeque<Frame>,
}

/// What a blank line ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The `data` of an event. Its name and id are not read: the JSON has both.
    Data(Vec<u8>),
    /// A frame without data: the greeting, or a heartbeat.
    Comment,
}

/// A frame has more bytes than the limit.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event has more than {0} bytes")]
pub(crate) struct TooLarge(usize);

impl Frames {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            data: Vec::new(),
            after_cr: false,
            has_data: false,
            past_first_line: false,
            ready: VecDeque::new(),
        }
    }

    /// Adds the next bytes.
    ///
    /// # Errors
    /// [`TooLarge`], before memory for more is allocated.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), TooLarge> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) {
                // The second half of a CRLF.
                bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let part = &bytes[..end.unwrap_or(bytes.len())];
            if self.line.len() + self.data.len() + part.len() > self.limit {
                return Err(TooLarge(self.limit));
            }
            self.line.extend_from_slice(part);
            let Some(end) = end else { return Ok(()) };
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            self.end_line();
        }
        Ok(())
    }

    /// The next complete frame.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        self.ready.pop_front()
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let mut line = line.as_slice();
        if !std::mem::replace(&mut self.past_first_line, true) {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            let has_data = std::mem::take(&mut self.has_data);
            self.ready.push_back(if has_data {
                Frame::Data(data)
            } else {
                Frame::Comment
            });
        } else if let Some(data) = line.strip_prefix(b"data:") {
            if self.has_data {
                self.data.push(b'\n');
            }
            self.has_data = true;
            self.data
                .extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(pieces: &[&[u8]]) -> Vec<Frame> {
        let mut frames = Frames::new(64);
        for piece in pieces {
            frames.push(piece).unwrap();
        }
        std::iter::from_fn(|| frames.next()).collect()
    }

    #[test]
    fn frames_are_the_same_wherever_the_bytes_are_cut() {
        let text = "\u{feff}retry: 1000\n: ok\n\nid: 1\r\ndata: {\"ä\":1}\r\n\r\ndata:a\rdata: b\r\r: hb\n\ndata: open";
        let bytes = text.as_bytes();
        let expected = vec![
            Frame::Comment,
            Frame::Data("{\"ä\":1}".into()),
            Frame::Data(b"a\nb".to_vec()),
            Frame::Comment,
        ];
        assert_eq!(frames(&[bytes]), expected);
        for cut in 0..bytes.len() {
            let (start, end) = bytes.split_at(cut);
            assert_eq!(frames(&[start, end]), expected, "cut at {cut}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(frames(&single), expected);
    }

    #[test]
    fn a_frame_is_limited_over_all_its_lines() {
        let mut frames = Frames::new(20);
        for _ in 0..3 {
            frames.push(b"data: 1234567890\n\n").unwrap();
        }
        frames.push(b"data: 1234567890\n").unwrap();
        assert_eq!(frames.push(b"data: 123456"), Err(TooLarge(20)));
        assert_eq!(Frames::new(20).push(&[b'x'; 21]), Err(TooLarge(20)));
    }
}
