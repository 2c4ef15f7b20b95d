//! [`Updates`]: the stream of a run, over as many connections as it takes.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{
    Stream,
    stream::{self, BoxStream},
};
use reqwest::{Method, Response, StatusCode, header::ACCEPT};
use tokio::time::{sleep, timeout};
use workflow_core::RunId;

use crate::{
    backoff::Backoff,
    cursor::Cursor,
    error::Error,
    frames::{Frame, Frames},
    http::Http,
    update::Update,
};

/// The most bytes of one event. A server's limit of a step's output is 1 MiB by default.
const MAX_EVENT_BYTES: usize = 32 * 1024 * 1024;

const ATTEMPT: &str = "failed to follow the run";

/// The updates of a run. Made by [`Client::follow`](crate::Client::follow); dropping it closes the connection.
#[must_use = "a stream does nothing unless polled"]
pub struct Updates(BoxStream<'static, Result<Update, Error>>);

impl Updates {
    pub(crate) fn new(http: Http, run: RunId, after: u64) -> Self {
        let follower = Follower {
            backoff: http.backoff(),
            http,
            run,
            cursor: Cursor::at(after),
            connection: None,
            ready: VecDeque::new(),
            has_ended: false,
        };
        Self(Box::pin(stream::unfold(follower, async |mut follower| {
            follower.next().await.map(|update| (update, follower))
        })))
    }
}

impl Stream for Updates {
    type Item = Result<Update, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl fmt::Debug for Updates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Updates").finish_non_exhaustive()
    }
}

struct Follower {
    http: Http,
    run: RunId,
    cursor: Cursor,
    backoff: Backoff,
    connection: Option<Connection>,
    ready: VecDeque<Update>,
    has_ended: bool,
}

struct Connection {
    response: Response,
    frames: Frames,
    /// Whether the greeting has come. What follows shows that the connection works.
    is_greeted: bool,
}

impl Follower {
    async fn next(&mut self) -> Option<Result<Update, Error>> {
        loop {
            if let Some(update) = self.ready.pop_front() {
                return Some(Ok(update));
            }
            if self.has_ended {
                return None;
            }
            let Err(error) = self.advance().await else {
                continue;
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

    /// Connects, or reads the next piece of the stream.
    async fn advance(&mut self) -> Result<(), Error> {
        let silence = self.http.times.silence;
        let silent = |elapsed| Error::unreachable(ATTEMPT, elapsed);
        let Some(connection) = &mut self.connection else {
            self.connection = timeout(silence, self.connect()).await.map_err(silent)??;
            // No content: the reader has the last event already.
            self.has_ended = self.connection.is_none();
            return Ok(());
        };
        let piece = timeout(silence, connection.response.chunk()).await;
        let piece = piece.map_err(silent)?;
        let piece = piece.map_err(|error| Error::unreachable(ATTEMPT, error.without_url()))?;
        let piece = piece.ok_or_else(|| Error::unreachable(ATTEMPT, "the stream ended early"))?;
        let too_large =
            |error| Error::protocol(ATTEMPT, "an event is too large").with_source(error);
        connection.frames.push(&piece).map_err(too_large)?;
        self.take_frames()
    }

    async fn connect(&self) -> Result<Option<Connection>, Error> {
        let path = format!("runs/{}/events", self.run);
        let mut request = self.http.request(Method::GET, &path, ATTEMPT)?;
        request = request.header(ACCEPT, "text/event-stream");
        if self.cursor.after() > 0 {
            request = request.header("last-event-id", self.cursor.after());
        }
        let response = self.http.respond(request, ATTEMPT).await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        Ok(Some(Connection {
            response,
            frames: Frames::new(MAX_EVENT_BYTES),
            is_greeted: false,
        }))
    }

    fn take_frames(&mut self) -> Result<(), Error> {
        let Some(connection) = &mut self.connection else {
            return Ok(());
        };
        while let Some(frame) = connection.frames.next() {
            // A server that greets and then breaks off has not recovered yet: only what follows counts as success.
            if connection.is_greeted || matches!(frame, Frame::Data(_)) {
                self.backoff.succeeded();
            }
            connection.is_greeted = true;
            let Frame::Data(data) = frame else { continue };
            let update = Update::parse(&data).map_err(|error| {
                Error::protocol(ATTEMPT, "the stream is not that of a run").with_source(error)
            })?;
            // A gap is a stream of a confused proxy or server: reading again from the last event repairs it.
            let update = self.cursor.take(update);
            let update = update.map_err(|gap| Error::unreachable(ATTEMPT, gap))?;
            let Some(update) = update else { continue };
            self.has_ended = update.is_terminal();
            self.ready.push_back(update);
            if self.has_ended {
                self.connection = None;
                return Ok(());
            }
        }
        Ok(())
    }
}
