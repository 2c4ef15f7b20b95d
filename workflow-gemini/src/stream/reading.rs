//! The answer to one request, read piece by piece.

use workflow_httpkit::Secret;

use super::{Documents, body::Body, surrogates::Surrogates};
use crate::{
    error::GeminiError,
    reply::{Response, Unreadable, responses},
    request::Method,
};

/// An answer that is coming.
pub(crate) struct Reading {
    method: Method,
    body: Body,
    documents: Documents,
    surrogates: Surrogates,
    /// Whether anything came that looks like the API's.
    began: bool,
    ended: bool,
}

impl Reading {
    pub(crate) fn new(method: Method, body: Body) -> Self {
        Self {
            method,
            body,
            documents: Documents::default(),
            surrogates: Surrogates::default(),
            began: false,
            ended: false,
        }
    }

    /// How many bytes it had so far.
    pub(crate) fn bytes(&self) -> usize {
        self.body.bytes()
    }

    /// The tier that served the request, where the head of the answer says so.
    pub(crate) fn service_tier(&self) -> Option<&str> {
        self.body.service_tier()
    }

    pub(crate) fn secret(&self) -> &Secret {
        self.body.secret()
    }

    /// What comes next; `None` at the end. `is_complete`: the model has said why it stopped.
    pub(crate) async fn next(
        &mut self,
        is_complete: bool,
    ) -> Result<Option<Vec<Response>>, GeminiError> {
        match self.method {
            Method::Whole => self.whole().await,
            Method::Streamed => self.streamed(is_complete).await,
        }
    }

    /// All at once: its framing says where it ends.
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

    /// Reads a document; mended, where only half a surrogate pair keeps it from being JSON.
    fn parsed(&mut self, document: &[u8]) -> Result<Vec<Response>, Unreadable> {
        responses(document).or_else(|error| match self.surrogates.mend(document) {
            Some(mended) => responses(&mended),
            None => Err(error),
        })
    }

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

    /// Reads more bytes. Behind a complete answer only the end can come, and how it comes does
    /// not matter.
    async fn more(&mut self, is_complete: bool) -> Result<(), GeminiError> {
        let piece = if is_complete {
            self.body.next_after_the_end().await.unwrap_or_default()
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
