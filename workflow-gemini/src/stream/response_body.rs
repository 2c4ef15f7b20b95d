//! The body of an HTTP response, read with timeouts and a limit on its size.

use bytes::Bytes;
use reqwest::{Response, header::CONTENT_TYPE};
use workflow_httpkit::{
    BodyReader, Clock, MAX_REFUSAL_BYTES, ReadError, Secret, without_cut_secret,
};

use workflow_llm::gate::Permit;

use crate::error::GeminiError;

/// The number of first bytes that are kept, for the excerpt of a foreign answer. More than an error shows, since spaces
/// are joined there, and a part of the key at the end is dropped.
const HEAD: usize = 4_096;

/// The decompressed bytes of a response.
pub(crate) struct ResponseBody {
    pieces: BodyReader,
    content_type: Option<String>,
    service_tier: Option<String>,
    clock: Clock,
    /// The limit that an error names. Earlier responses of the same reply have used a part of it, so
    /// the reader's own limit may be lower.
    limit: usize,
    /// The first bytes.
    head: Vec<u8>,
    secret: Secret,
    /// The request counts as in flight until this is dropped. Declared last, so the
    /// connection is dropped before it.
    _permit: Permit,
}

impl ResponseBody {
    /// The body of a response whose head was received. `limit` is the client's `max_reply_bytes`,
    /// `bytes_left` the part of it that earlier responses of the same reply have left.
    pub(crate) fn new(
        response: Response,
        clock: Clock,
        (limit, bytes_left): (usize, usize),
        secret: Secret,
        permit: Permit,
    ) -> Self {
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type =
            content_type.map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
        let service_tier = response.headers().get("x-gemini-service-tier");
        let service_tier = service_tier.and_then(|it| Some(it.to_str().ok()?.to_owned()));
        Self {
            pieces: BodyReader::new(response, bytes_left),
            content_type,
            service_tier,
            clock,
            limit,
            head: Vec::new(),
            secret,
            _permit: permit,
        }
    }

    /// The credential of the request, to be removed from texts of the server.
    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The service tier that served the request, from the header `x-gemini-service-tier`.
    pub(crate) fn service_tier(&self) -> Option<&str> {
        self.service_tier.as_deref()
    }

    /// The number of bytes received so far.
    pub(crate) fn bytes(&self) -> usize {
        self.pieces.bytes_read()
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// [`GeminiError::Timeout`], [`GeminiError::TooLarge`], or [`GeminiError::Interrupted`].
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, GeminiError> {
        // The head has been received, but the first-byte timeout still runs: a server can send the head at once.
        let is_first = self.pieces.bytes_read() == 0;
        let piece = self.pieces.next();
        let piece = if is_first {
            self.clock.first_byte(piece).await?
        } else {
            self.clock.more(piece).await?
        };
        self.take(piece)
    }

    /// The next piece after the answer is complete. Waits for a short time only.
    pub(crate) async fn next_after_end(&mut self) -> Result<Option<Bytes>, GeminiError> {
        let piece = self.clock.end(self.pieces.next()).await?;
        self.take(piece)
    }

    /// The complete body.
    pub(crate) async fn whole(&mut self) -> Result<Vec<u8>, GeminiError> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }

    /// The body of a refusal, at most [`MAX_REFUSAL_BYTES`]. Never fails, because the status is what
    /// matters: an incomplete body is better than its read error.
    pub(crate) async fn refusal(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        while let Ok(Some(piece)) = self.next().await {
            body.extend_from_slice(&piece);
            if body.len() >= MAX_REFUSAL_BYTES {
                body.truncate(MAX_REFUSAL_BYTES);
                break;
            }
        }
        let whole = without_cut_secret(&body, MAX_REFUSAL_BYTES, self.secret.redactor()).len();
        body.truncate(whole);
        body
    }

    /// The error of an answer that is not the API's, with an excerpt of this part.
    pub(crate) fn foreign(&self, part: &[u8]) -> GeminiError {
        let content_type = self.content_type.as_deref();
        GeminiError::Foreign {
            content_type: content_type.unwrap_or("no content type").to_owned(),
            excerpt: String::from_utf8_lossy(part).into_owned(),
        }
    }

    /// The error of an answer that is not the API's, with an excerpt of its beginning.
    pub(crate) fn foreign_head(&self) -> GeminiError {
        self.foreign(without_cut_secret(&self.head, HEAD, self.secret.redactor()))
    }

    /// Whether there is a body, and its content type is neither JSON nor server-sent events. An empty body is not:
    /// a server may end the connection before its first byte.
    pub(crate) fn is_foreign(&self) -> bool {
        let kind = self.content_type.as_deref().unwrap_or_default();
        let claims = ["json", "event-stream"];
        !self.head.trim_ascii().is_empty() && !claims.iter().any(|claim| kind.contains(claim))
    }

    /// Converts the errors of the reader, and keeps the first bytes for an excerpt.
    fn take(
        &mut self,
        piece: Result<Option<Bytes>, ReadError>,
    ) -> Result<Option<Bytes>, GeminiError> {
        let piece = piece.map_err(|error| match error {
            // The limit of the client, not the rest of it that the reader knows: only the former can be set.
            ReadError::TooLarge(_) => GeminiError::TooLarge { limit: self.limit },
            ReadError::Interrupted(source) => GeminiError::Interrupted {
                source: Some(source),
            },
        })?;
        if let Some(piece) = &piece {
            // A byte limit, so the last character may be cut; `from_utf8_lossy` replaces it.
            let missing = HEAD.saturating_sub(self.head.len()).min(piece.len());
            self.head.extend_from_slice(&piece[..missing]);
        }
        Ok(piece)
    }
}
