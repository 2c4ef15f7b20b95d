//! [`ReplyReader`]: the responses of one request, read from its body.
//!
//! The two methods differ in what marks the end. A whole answer is one JSON document, and HTTP framing says where
//! it ends. A stream that is cut between two events looks like one that has ended, so only a finish reason proves
//! that it is complete.

use workflow_httpkit::{Documents, Secret, Surrogates};

use super::response_body::ResponseBody;
use crate::{
    error::GeminiError,
    reply::{Response, Unreadable, responses},
    request::Method,
};

/// An answer that is being read, by either method. Owns the body, so dropping the reader closes the connection and
/// frees the slot of the request.
pub(crate) struct ReplyReader {
    method: Method,
    body: ResponseBody,
    documents: Documents,
    surrogates: Surrogates,
    /// Whether a response of the API was received.
    began: bool,
    ended: bool,
}

impl ReplyReader {
    pub(crate) fn new(method: Method, body: ResponseBody) -> Self {
        Self {
            method,
            body,
            documents: Documents::default(),
            surrogates: Surrogates::default(),
            began: false,
            ended: false,
        }
    }

    /// The number of bytes received so far.
    pub(crate) fn bytes(&self) -> usize {
        self.body.bytes()
    }

    /// The service tier that served the request, if the head of the response names it.
    pub(crate) fn service_tier(&self) -> Option<&str> {
        self.body.service_tier()
    }

    pub(crate) fn secret(&self) -> &Secret {
        self.body.secret()
    }

    /// The next responses; `None` at the end.
    ///
    /// `is_complete` is whether a finish reason was received. The end before it is an error, and how the
    /// body ends after it does not matter.
    ///
    /// # Cancellation
    /// Cancel-safe for a stream. A whole answer that was received in part is lost.
    pub(crate) async fn next(
        &mut self,
        is_complete: bool,
    ) -> Result<Option<Vec<Response>>, GeminiError> {
        match self.method {
            Method::Whole => self.whole().await,
            Method::Streamed => self.streamed(is_complete).await,
        }
    }

    /// Reads the whole body at once. HTTP framing marks its end, so no finish reason is needed.
    async fn whole(&mut self) -> Result<Option<Vec<Response>>, GeminiError> {
        if self.ended {
            return Ok(None);
        }
        let json = self.body.whole().await?;
        self.ended = true;
        let parts = self.parsed(&json).map_err(|error| match error {
            Unreadable::CutOff => GeminiError::Interrupted { source: None },
            Unreadable::Foreign => self.body.foreign_head(),
        });
        parts.map(Some)
    }

    /// Returns the next document of the stream, and reads more bytes if there is none.
    async fn streamed(&mut self, is_complete: bool) -> Result<Option<Vec<Response>>, GeminiError> {
        loop {
            if let Some(document) = self.documents.next() {
                return self.read(&document, is_complete).map(Some);
            }
            if self.ended {
                return self.check_end(is_complete).map(|()| None);
            }
            self.more(is_complete).await?;
        }
    }

    /// Parses a document. If that fails, repairs surrogate pairs that the stream has cut, and parses again. The
    /// repair comes second, because it copies the document and almost none needs it.
    fn parsed(&mut self, document: &[u8]) -> Result<Vec<Response>, Unreadable> {
        responses(document).or_else(|error| match self.surrogates.repair(document) {
            Some(repaired) => responses(&repaired),
            None => Err(error),
        })
    }

    /// Parses a document of the stream. An incomplete one after a complete answer is ignored.
    fn read(&mut self, document: &[u8], is_complete: bool) -> Result<Vec<Response>, GeminiError> {
        match self.parsed(document) {
            Ok(parts) => {
                self.began = true;
                Ok(parts)
            }
            Err(Unreadable::CutOff) if is_complete => Ok(Vec::new()),
            Err(Unreadable::CutOff) => Err(GeminiError::Interrupted { source: None }),
            Err(Unreadable::Foreign) => Err(self.body.foreign(document)),
        }
    }

    /// Reads the next bytes. After a complete answer, errors and timeouts count as the end.
    async fn more(&mut self, is_complete: bool) -> Result<(), GeminiError> {
        let piece = if is_complete {
            self.body.next_after_end().await.unwrap_or_default()
        } else {
            self.body.next().await?
        };
        if let Some(piece) = piece {
            self.documents.push(&piece);
        } else {
            self.documents.end();
            self.ended = true;
        }
        Ok(())
    }

    /// Checks that the stream may end here. A body without any document is a page of a proxy if its content type
    /// says so, and otherwise a broken connection, which is retried more often.
    fn check_end(&self, is_complete: bool) -> Result<(), GeminiError> {
        if !self.began && self.body.is_foreign() {
            return Err(self.body.foreign_head());
        }
        if !is_complete {
            return Err(GeminiError::Interrupted { source: None });
        }
        Ok(())
    }
}
