//! [`Recording`]: the log of a run as lines of JSON, over as many connections as it takes.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{
    Stream,
    stream::{self, BoxStream},
};
use reqwest::{Method, Response, header::ACCEPT};
use serde::de::IgnoredAny;
use tokio::time::{sleep, timeout};
use workflow_core::RunId;

use crate::{backoff::Backoff, error::Error, http::Http};

/// The most bytes of one line. The first one can have 16 MiB each of results to reuse by path and by content.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

const ATTEMPT: &str = "failed to read the recording";

/// The lines of a recording, without their line breaks. Made by [`Client::recording`](crate::Client::recording); dropping it
/// closes the connection.
#[must_use = "a stream does nothing unless polled"]
pub struct Recording(BoxStream<'static, Result<String, Error>>);

impl Recording {
    pub(crate) fn new(http: Http, run: RunId) -> Self {
        let reader = LineReader {
            backoff: http.backoff(),
            http,
            run,
            lines: 0,
            connection: None,
            has_ended: false,
        };
        Self(Box::pin(stream::unfold(reader, async |mut reader| {
            reader.next().await.map(|line| (line, reader))
        })))
    }
}

impl Stream for Recording {
    type Item = Result<String, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").finish_non_exhaustive()
    }
}

struct LineReader {
    http: Http,
    run: RunId,
    /// How many lines were read: events are numbered from 1 without gaps, so it is the number of the last one.
    lines: u64,
    backoff: Backoff,
    connection: Option<Connection>,
    has_ended: bool,
}

struct Connection {
    response: Response,
    /// The bytes that came after the last line.
    rest: Vec<u8>,
    /// How many of them have no line break.
    searched: usize,
}

impl LineReader {
    async fn next(&mut self) -> Option<Result<String, Error>> {
        loop {
            if self.has_ended {
                return None;
            }
            let error = match self.advance().await {
                Ok(Some(line)) => return Some(Ok(line)),
                Ok(None) => continue,
                Err(error) => error,
            };
            self.connection = None;
            match self.backoff.failed(error) {
                Ok(wait) => sleep(wait).await,
                Err(error) => {
                    self.has_ended = true;
                    return Some(Err(error));
                }
            }
        }
    }

    /// Connects, or takes the next line, or reads more bytes.
    async fn advance(&mut self) -> Result<Option<String>, Error> {
        let silence = self.http.times.silence;
        let silent = |elapsed| Error::unreachable(ATTEMPT, elapsed);
        let Some(connection) = &mut self.connection else {
            self.connection = Some(timeout(silence, self.connect()).await.map_err(silent)??);
            return Ok(None);
        };
        if let Some(line) = connection.take_line() {
            let line = event(line)?;
            self.lines += 1;
            self.backoff.succeeded();
            return Ok(Some(line));
        }
        let piece = timeout(silence, connection.response.chunk()).await;
        let piece = piece.map_err(silent)?;
        let piece = piece.map_err(|error| Error::unreachable(ATTEMPT, error.without_url()))?;
        match piece {
            Some(piece) => connection.push(&piece)?,
            None if connection.rest.is_empty() => self.has_ended = true,
            None => return Err(Error::unreachable(ATTEMPT, "the last line is incomplete")),
        }
        Ok(None)
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let path = format!("runs/{}/events?after={}", self.run, self.lines);
        let request = self.http.request(Method::GET, &path, ATTEMPT)?;
        let request = request.header(ACCEPT, "application/x-ndjson");
        Ok(Connection {
            response: self.http.respond(request, ATTEMPT).await?,
            rest: Vec::new(),
            searched: 0,
        })
    }
}

impl Connection {
    /// # Errors
    /// If a line is too large, before memory for more is allocated.
    fn push(&mut self, piece: &[u8]) -> Result<(), Error> {
        if self.rest.len() + piece.len() > MAX_LINE_BYTES {
            let detail = format!("a line has more than {MAX_LINE_BYTES} bytes");
            return Err(Error::protocol(ATTEMPT, detail));
        }
        self.rest.extend_from_slice(piece);
        Ok(())
    }

    fn take_line(&mut self) -> Option<Vec<u8>> {
        let unsearched = self.rest.get(self.searched..).unwrap_or_default();
        let Some(end) = unsearched.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.rest.len();
            return None;
        };
        let after = self.rest.split_off(self.searched + end + 1);
        let mut line = std::mem::replace(&mut self.rest, after);
        line.pop();
        self.searched = 0;
        Some(line)
    }
}

/// The text of a line, if it is JSON: a proxy may answer with a page of its own.
fn event(line: Vec<u8>) -> Result<String, Error> {
    let not_one = "the response is not the recording of a run";
    let line = String::from_utf8(line)
        .map_err(|error| Error::protocol(ATTEMPT, not_one).with_source(error))?;
    serde_json::from_str::<IgnoredAny>(&line)
        .map_err(|error| Error::protocol(ATTEMPT, not_one).with_source(error))?;
    Ok(line)
}
