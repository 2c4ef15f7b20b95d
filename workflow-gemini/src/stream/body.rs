//! An answer's body: read with time-outs and a bound on its size.

use bytes::Bytes;
use reqwest::{Response, header::CONTENT_TYPE};
use workflow_httpkit::{BodyReader, MAX_REFUSAL_BYTES, ReadError, Secret};

use super::clock::Clock;
use crate::{error::GeminiError, limits::Permit};

/// How many of the first bytes are kept, to show what came instead of an answer.
const HEAD: usize = 1_000;

/// The bytes of an answer, decompressed.
pub(crate) struct Body {
    pieces: BodyReader,
    content_type: Option<String>,
    service_tier: Option<String>,
    clock: Clock,
    /// The bound that an error names: of it, earlier answers of the same reply have used a part.
    limit: usize,
    head: Vec<u8>,
    secret: Secret,
    /// The request is on its way until this is dropped.
    _permit: Permit,
}

impl Body {
    /// The body of an answer whose head has come. `limit` is the client's bound, `room` what earlier
    /// answers have left of it.
    pub(crate) fn new(
        response: Response,
        clock: Clock,
        (limit, room): (usize, usize),
        secret: Secret,
        permit: Permit,
    ) -> Self {
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type =
            content_type.map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
        let service_tier = response.headers().get("x-gemini-service-tier");
        let service_tier = service_tier.and_then(|it| Some(it.to_str().ok()?.to_owned()));
        Self {
            pieces: BodyReader::new(response, room),
            content_type,
            service_tier,
            clock,
            limit,
            head: Vec::new(),
            secret,
            _permit: permit,
        }
    }

    /// What the request was sent with: it must not be shown.
    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The tier that served the request.
    pub(crate) fn service_tier(&self) -> Option<&str> {
        self.service_tier.as_deref()
    }

    /// How many bytes came so far.
    pub(crate) fn bytes(&self) -> usize {
        self.pieces.bytes_read()
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, GeminiError> {
        let is_first = self.pieces.bytes_read() == 0;
        let piece = self.pieces.next();
        let piece = if is_first {
            self.clock.first_byte(piece).await?
        } else {
            self.clock.more(piece).await?
        };
        self.take(piece)
    }

    /// The next piece behind an answer that is already complete.
    pub(crate) async fn next_after_the_end(&mut self) -> Result<Option<Bytes>, GeminiError> {
        let piece = self.clock.end(self.pieces.next()).await?;
        self.take(piece)
    }

    /// All of it.
    pub(crate) async fn whole(&mut self) -> Result<Vec<u8>, GeminiError> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }

    /// As much of a refusal as there is and as is worth reading. Its status counts, whatever
    /// becomes of its body.
    pub(crate) async fn refusal(&mut self) -> Vec<u8> {
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

    /// The error of an answer that is not the API's, as this part of it shows.
    pub(crate) fn foreign(&self, part: &[u8]) -> GeminiError {
        let content_type = self.content_type.as_deref();
        GeminiError::Foreign {
            content_type: content_type.unwrap_or("no content type").to_owned(),
            excerpt: String::from_utf8_lossy(part).into_owned(),
        }
    }

    /// The error of an answer none of which is the API's.
    pub(crate) fn foreign_head(&self) -> GeminiError {
        self.foreign(&self.head)
    }

    /// Whether something came, and does not even claim to be from the API.
    pub(crate) fn is_foreign(&self) -> bool {
        let kind = self.content_type.as_deref().unwrap_or_default();
        let claims = ["json", "event-stream"];
        !self.head.trim_ascii().is_empty() && !claims.iter().any(|claim| kind.contains(claim))
    }

    fn take(
        &mut self,
        piece: Result<Option<Bytes>, ReadError>,
    ) -> Result<Option<Bytes>, GeminiError> {
        let piece = piece.map_err(|error| match error {
            ReadError::TooLarge(_) => GeminiError::TooLarge { limit: self.limit },
            ReadError::Interrupted(source) => GeminiError::Interrupted {
                source: Some(source),
            },
        })?;
        if let Some(piece) = &piece {
            let missing = HEAD.saturating_sub(self.head.len()).min(piece.len());
            self.head.extend_from_slice(&piece[..missing]);
        }
        Ok(piece)
    }
}
