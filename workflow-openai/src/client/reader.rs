//! [`AnswerReader`]: an answer, read from the body of a response.

use bytes::Bytes;
use reqwest::{Response, header::CONTENT_TYPE};
use serde_json::Value;
use workflow_httpkit::{BodyReader, Clock, Documents, ReadError, Surrogates};

use crate::{
    error::{Failure, HEAD},
    reply::{Assembly, Message, Piece},
};

/// An answer that is being read, streamed or whole: each is one or more JSON objects. Dropping it closes the connection.
pub(super) struct AnswerReader {
    pieces: BodyReader,
    clock: Clock,
    content_type: String,
    head: Vec<u8>,
    documents: Documents,
    surrogates: Surrogates,
    assembly: Assembly,
    /// Whether a complete object was received.
    has_document: bool,
    ended: bool,
}

impl AnswerReader {
    /// `limit`: the most bytes of the answer after decompression, whatever they are: text, arguments of calls, or framing. They are
    /// counted before they are collected.
    pub(super) fn new(response: Response, clock: Clock, limit: usize) -> Self {
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type =
            content_type.map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
        Self {
            pieces: BodyReader::new(response, limit),
            clock,
            content_type: content_type.unwrap_or_else(|| "no content type".to_owned()),
            head: Vec::new(),
            documents: Documents::default(),
            surrogates: Surrogates::default(),
            assembly: Assembly::default(),
            has_document: false,
            ended: false,
        }
    }

    /// What the next object brings; `None` at the end of the answer.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Piece>>, Failure> {
        loop {
            if let Some(document) = self.documents.next() {
                return self.read(&document).map(Some);
            }
            if self.ended {
                return self.check_end().map(|()| None);
            }
            self.more().await?;
        }
    }

    /// The complete answer, after [`next`](Self::next) has returned `None`.
    pub(super) fn finish(self) -> Result<Message, Failure> {
        Ok(self.assembly.finish()?)
    }

    /// Whether the end of the body is the end of the answer, however the body ends.
    fn is_complete(&self) -> bool {
        self.assembly.is_complete() || self.documents.is_done()
    }

    /// Reads an object. An incomplete one after a complete answer is ignored.
    fn read(&mut self, document: &[u8]) -> Result<Vec<Piece>, Failure> {
        match self.parsed(document) {
            Ok(chunk) => {
                self.has_document = true;
                self.assembly.add(&chunk)
            }
            Err(error) if !error.is_eof() => Err(self.foreign(document)),
            Err(_) if self.is_complete() => Ok(Vec::new()),
            Err(_) => Err(Failure::Interrupted(None)),
        }
    }

    /// Parses an object. If that fails, repairs a character that the stream has cut in two, and parses again. Most need no repair, so
    /// it comes second.
    fn parsed(&mut self, document: &[u8]) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(document).or_else(|error| match self.surrogates.repair(document) {
            Some(repaired) => serde_json::from_slice(&repaired),
            None => Err(error),
        })
    }

    /// Reads the next bytes. After `[DONE]` there is nothing to wait for. After a finish reason, token counts and `[DONE]` may follow,
    /// but errors and timeouts count as the end.
    async fn more(&mut self) -> Result<(), Failure> {
        let piece = if self.documents.is_done() {
            None
        } else if self.assembly.is_complete() {
            let last = self.clock.end(self.pieces.next()).await;
            last.ok().and_then(Result::ok).flatten()
        } else {
            self.piece().await?
        };
        if let Some(piece) = piece {
            let missing = HEAD.saturating_sub(self.head.len()).min(piece.len());
            self.head.extend_from_slice(&piece[..missing]);
            self.documents.push(&piece);
        } else {
            self.documents.end();
            self.ended = true;
        }
        Ok(())
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, Failure> {
        // The head has been received, but the first-byte timeout still runs: a server can send the head at once.
        let is_first = self.pieces.bytes_read() == 0;
        let piece = self.pieces.next();
        let piece: Result<_, ReadError> = if is_first {
            self.clock.first_byte(piece).await?
        } else {
            self.clock.more(piece).await?
        };
        Ok(piece?)
    }

    /// Checks that the answer may end here. A body without any object of the API is a page of a proxy if its content says so, and
    /// otherwise a broken connection, which is retried more often.
    fn check_end(&self) -> Result<(), Failure> {
        if self.is_complete() {
            return Ok(());
        }
        let claims = ["json", "event-stream"]
            .iter()
            .any(|it| self.content_type.contains(it));
        let is_foreign = !self.head.trim_ascii().is_empty() && !claims;
        let is_other = self.has_document && !self.assembly.has_begun();
        if is_other || (is_foreign && !self.assembly.has_begun()) {
            return Err(self.foreign(&self.head));
        }
        Err(Failure::Interrupted(None))
    }

    /// The error of an answer that is not the API's.
    fn foreign(&self, part: &[u8]) -> Failure {
        Failure::Foreign {
            content_type: self.content_type.clone(),
            excerpt: String::from_utf8_lossy(part.get(..HEAD).unwrap_or(part)).into_owned(),
        }
    }
}
