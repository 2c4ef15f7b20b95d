//! A response body, read within a bound.

use std::error::Error;

use bytes::Bytes;
use reqwest::Response;

/// The most bytes of a refusal that are read: more of it helps nobody.
pub const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// Reads the body of a response piece by piece, and never more than a bound.
///
/// # Cancellation
/// A dropped [`next`](Self::next) loses nothing that was received. Dropping the reader closes the connection.
#[derive(Debug)]
pub struct BodyReader {
    response: Response,
    limit: usize,
    read: usize,
}

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It has more bytes than the bound, counted after decompression.
    #[error("the body has more than {0} bytes")]
    TooLarge(usize),
    /// The connection failed. The error names no URL.
    #[error("the body broke off")]
    Interrupted(#[source] Box<dyn Error + Send + Sync>),
}

impl BodyReader {
    /// The body of a response whose head was received. `limit` is in bytes after decompression.
    pub fn new(response: Response, limit: usize) -> Self {
        Self {
            response,
            limit,
            read: 0,
        }
    }

    /// How many bytes were read so far.
    pub fn bytes_read(&self) -> usize {
        self.read
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// [`ReadError`]; after one, the rest of the body is of no use.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ReadError> {
        let piece = self.response.chunk().await;
        let interrupted =
            |error: reqwest::Error| ReadError::Interrupted(error.without_url().into());
        let Some(piece) = piece.map_err(interrupted)? else {
            return Ok(None);
        };
        self.read = self.read.saturating_add(piece.len());
        if self.read > self.limit {
            return Err(ReadError::TooLarge(self.limit));
        }
        Ok(Some(piece))
    }

    /// All of it.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn whole(&mut self) -> Result<Vec<u8>, ReadError> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }

    /// As much of a refusal as was received, at most [`MAX_REFUSAL_BYTES`]. The status of a refusal counts,
    /// whatever becomes of its body, so this cannot fail.
    pub async fn refusal(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        while let Ok(Some(piece)) = self.next().await {
            body.extend_from_slice(&piece);
            if body.len() >= MAX_REFUSAL_BYTES {
                body.truncate(MAX_REFUSAL_BYTES);
                break;
            }
        }
        body
    }
}
