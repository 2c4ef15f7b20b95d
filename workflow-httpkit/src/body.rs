//! Reading a response body up to a limit.

use std::error::Error;

use bytes::Bytes;
use reqwest::Response;

/// The most bytes that are read of the body of a refusal. Error messages show much less.
pub const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// A reader of a response body with a limit on its size.
///
/// The limit counts bytes after decompression, so a small response that expands (a "zip bomb") is stopped,
/// too. Pieces are counted before they are collected.
///
/// # Cancellation
/// Dropping the future of [`next`](Self::next) loses no received bytes. Dropping the reader closes the
/// connection.
#[derive(Debug)]
pub struct BodyReader {
    response: Response,
    limit: usize,
    /// The bytes so far, after decompression.
    read: usize,
}

/// The error of an incomplete body.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The body has more bytes than the limit, after decompression.
    #[error("the body has more than {0} bytes")]
    TooLarge(usize),
    /// The connection failed. The source does not contain the URL, whose query may be private.
    #[error("the body broke off")]
    Interrupted(#[source] Box<dyn Error + Send + Sync>),
}

impl BodyReader {
    /// Creates a reader for the body of a response. `limit` is in bytes after decompression.
    pub fn new(response: Response, limit: usize) -> Self {
        Self {
            response,
            limit,
            read: 0,
        }
    }

    /// The number of bytes read so far.
    pub fn bytes_read(&self) -> usize {
        self.read
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// [`ReadError`]. The reader must not be used after an error.
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

    /// Reads the complete body.
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

    /// Reads the body of a refusal, at most [`MAX_REFUSAL_BYTES`]. Never fails: the status of a refusal is
    /// what matters, so an incomplete body is returned as it is.
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
