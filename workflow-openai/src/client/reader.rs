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

    /// Whether nothing of the answer is missing, however the body ends.
    fn has_ended(&self) -> bool {
        self.assembly.has_ended() || self.documents.is_done()
    }

    /// Whether a regular end of the body is the end of the answer.
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
            Err(_) if self.has_ended() => Ok(Vec::new()),
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
        } else if self.assembly.has_ended() {
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

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, time::Duration};

    use futures::stream;
    use proptest::prelude::*;
    use serde_json::json;
    use workflow_httpkit::Timeouts;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    /// What an answer brings whose body arrives in these pieces: the joined texts and thoughts, and the state, or the failure.
    fn read(pieces: Vec<Vec<u8>>) -> Result<[String; 3], String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let pieces = pieces
            .into_iter()
            .filter(|it| !it.is_empty())
            .map(Ok::<_, Infallible>);
        let body = reqwest::Body::wrap_stream(stream::iter(pieces));
        let response = http::Response::builder()
            .header("content-type", "text/event-stream")
            .body(body)
            .unwrap();
        let timeouts = Timeouts {
            connect: LIMIT,
            first_byte: LIMIT,
            idle: LIMIT,
            total: None,
        };
        runtime.block_on(async {
            let mut reader =
                AnswerReader::new(Response::from(response), Clock::start(timeouts), 1_000_000);
            let (mut text, mut thoughts) = (String::new(), String::new());
            loop {
                match reader.next().await {
                    Ok(None) => break,
                    Err(failure) => return Err(format!("{failure:?}")),
                    Ok(Some(pieces)) => {
                        for piece in pieces {
                            match piece {
                                Piece::Text(more) => text.push_str(&more),
                                Piece::Thought(more) => thoughts.push_str(&more),
                                Piece::Usage(_) => {}
                            }
                        }
                    }
                }
            }
            let message = reader.finish().map_err(|failure| format!("{failure:?}"))?;
            assert_eq!(message.text, text);
            Ok([text, thoughts, message.state.to_string()])
        })
    }

    fn delta() -> impl Strategy<Value = Value> {
        let text = "[a-c{}\"\\\\ü😀\n]{0,6}";
        let call = (
            0..3u64,
            "[ab]?",
            "[a-c]?",
            "[{}\\[\\]\":,1\\\\ ü]{0,5}",
            any::<bool>(),
        )
            .prop_map(|(index, id, name, arguments, has_index)| {
                let mut call =
                    json!({"id": id, "function": {"name": name, "arguments": arguments}});
                if has_index {
                    call["index"] = json!(index);
                }
                json!({"tool_calls": [call]})
            });
        prop_oneof![
            text.prop_map(|text| json!({"content": text})),
            text.prop_map(|text| json!({"reasoning_content": text})),
            text.prop_map(|text| json!({"reasoning": text})),
            call,
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn an_answer_does_not_depend_on_where_its_bytes_are_cut(
            deltas in prop::collection::vec(delta(), 0..8),
            reason in prop_oneof![Just(json!(null)), Just(json!("stop")), Just(json!("length"))],
            end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
            is_done in any::<bool>(),
            truncated_at in prop::option::of(any::<prop::sample::Index>()),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let chunk = |delta: &Value, reason: &Value| {
                let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
                json!({"choices": [choice]}).to_string()
            };
            let mut lines = Vec::new();
            for delta in &deltas {
                lines.push(format!("data: {}", chunk(delta, &Value::Null)));
                lines.push(": ping".to_owned());
            }
            lines.push(format!("data: {}", chunk(&json!({}), &reason)));
            if is_done {
                lines.push("data: [DONE]".to_owned());
            }
            lines.push(String::new());
            let mut body = lines.join(&end.repeat(2)).into_bytes();
            if let Some(at) = truncated_at {
                body.truncate(at.index(body.len()));
            }
            let whole = read(vec![body.clone()]);
            let single: Vec<Vec<u8>> = body.chunks(1).map(<[u8]>::to_vec).collect();
            prop_assert_eq!(&read(single), &whole);
            let mut places: Vec<usize> = cuts.iter().map(|it| it.index(body.len() + 1)).collect();
            places.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for place in places.into_iter().chain([body.len()]) {
                pieces.push(body[from..place].to_vec());
                from = place;
            }
            prop_assert_eq!(&read(pieces), &whole);
        }
    }
}
