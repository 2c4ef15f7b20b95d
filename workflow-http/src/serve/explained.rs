//! Problem bodies for refusals that never reach the router: a head that is too large or malformed.
//!
//! hyper responds to these with a status line and no body, and has no hook to change that. So the stream
//! recognizes these responses when they are written, and writes a problem instead.
//!
//! The recognition relies on the bytes that hyper writes: status 400 or 431, and `content-length: 0`. If a later
//! version of hyper writes others, the refusal is sent without a body, and a test fails.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::problem::{Kind, MEDIA_TYPE, Problem};

/// A stream that replaces hyper's responses without a body by problems. It reads unchanged.
pub(crate) struct Explained<T> {
    stream: T,
    /// The bytes of a problem that are not written yet.
    unwritten: Bytes,
}

impl<T> Explained<T> {
    pub(crate) fn new(stream: T) -> Self {
        Self {
            stream,
            unwritten: Bytes::new(),
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Explained<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Explained<T> {
    /// Writes a problem instead of the refusal in `buf`, and reports all of `buf` as written.
    ///
    /// The contract of `poll_write` is what makes this correct: after `Pending`, the caller calls again with the
    /// same bytes. So while a problem is partly written, `buf` is still the refusal, and is not looked at. hyper
    /// writes such a refusal with a single call, since it has no body and fits into its buffer.
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.unwritten.is_empty() {
            let Some(problem) = refusal(buf) else {
                return Pin::new(&mut this.stream).poll_write(cx, buf);
            };
            this.unwritten = wire_bytes(&problem).into();
        }
        while !this.unwritten.is_empty() {
            let written = ready!(Pin::new(&mut this.stream).poll_write(cx, &this.unwritten))?;
            let _ = this.unwritten.split_to(written);
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match bufs.first() {
            Some(first) if !self.unwritten.is_empty() || refusal(first).is_some() => {
                self.poll_write(cx, first)
            }
            _ => Pin::new(&mut self.stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The problem that a response without a body stands for. Error responses of the router always have a body.
fn refusal(answer: &[u8]) -> Option<Problem> {
    let rest = answer.strip_prefix(b"HTTP/1.1 ")?;
    let problem = match rest.get(..3)? {
        b"400" => Kind::NotHttp.of("the request is not well-formed HTTP/1.1"),
        b"431" => {
            Kind::HeadTooLarge.of("the URL and headers are too long, or there are too many headers")
        }
        _ => return None,
    };
    let is_empty = contains(rest, b"\r\ncontent-length: 0\r\n");
    is_empty.then_some(problem)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// A complete response with a problem. It closes the connection, as hyper does after these errors. It has no `date`
/// and none of the headers of the router: nothing is known about the request.
fn wire_bytes(problem: &Problem) -> Vec<u8> {
    let (status, body) = (problem.status(), problem.json());
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), &body].concat()
}
