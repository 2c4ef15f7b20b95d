//! A question and its answer, from the first request to the last chunk.

use std::{collections::VecDeque, mem};

use tracing::Instrument;

use super::{api::Api, span::CallSpan};
use crate::{
    error::{ApiError, GeminiError},
    limits::{Entering, Entry, Pass},
    reply::Chunk,
    request::{GenerateRequest, Method},
    stream::{Answer, Reading},
};

/// One answer on its way. It takes further requests when it is longer than one may give.
pub(crate) struct Exchange {
    api: Api,
    method: Method,
    request: Box<GenerateRequest>,
    answer: Answer,
    news: VecDeque<Chunk>,
    call: Option<CallSpan>,
    /// How many bytes the answer may still have.
    room: usize,
    state: State,
}

enum State {
    /// A request is to be sent: the first, or one that continues where a token says.
    Asking(Option<String>),
    /// It waits until it may be sent.
    Entering(Box<Entry<ApiError>>, Option<String>),
    /// Its answer is coming.
    Reading(Box<Reading>),
    /// What came before is told first.
    Failed(GeminiError),
    /// It has ended.
    Over,
}

impl Exchange {
    pub(crate) fn new(api: Api, method: Method, request: GenerateRequest) -> Box<Self> {
        Box::new(Self {
            room: api.max_reply_bytes(),
            answer: Answer::to(&request),
            api,
            method,
            request: Box::new(request),
            news: VecDeque::new(),
            call: None,
            state: State::Asking(None),
        })
    }

    /// The next chunk, and where the answer is then.
    pub(crate) async fn advance(
        mut self: Box<Self>,
    ) -> Result<Option<(Chunk, Box<Self>)>, GeminiError> {
        let span = self.call().span().clone();
        let chunk = self.next().instrument(span).await?;
        Ok(chunk.map(|chunk| (chunk, self)))
    }

    /// The span of the call, which begins with its first poll.
    fn call(&mut self) -> &mut CallSpan {
        let (api, request) = (&self.api, &self.request);
        self.call.get_or_insert_with(|| {
            let model = api.model_of(request);
            CallSpan::new(api.observed(), model, self.method, request)
        })
    }

    async fn next(&mut self) -> Result<Option<Chunk>, GeminiError> {
        loop {
            if let Some(chunk) = self.news.pop_front() {
                self.call().told(&chunk);
                return Ok(Some(chunk));
            }
            let next = match mem::replace(&mut self.state, State::Over) {
                State::Over => return Ok(None),
                State::Failed(error) => return Err(error),
                State::Asking(token) => self.enter(token),
                State::Entering(entry, token) => self.wait(entry, token).await,
                State::Reading(reading) => {
                    let secret = reading.secret().clone();
                    let next = self.read(reading).await;
                    next.map_err(|error| error.presented(&secret))
                }
            };
            self.state = next.unwrap_or_else(|error| self.failed(error));
        }
    }

    fn failed(&mut self, error: GeminiError) -> State {
        self.call().failed(&error);
        let model = self.api.model_of(&self.request);
        if let GeminiError::Api(refusal) = &error {
            self.api.gate().refused(model, refusal);
        }
        State::Failed(error)
    }

    fn enter(&self, token: Option<String>) -> Result<State, GeminiError> {
        // A further request of an answer is not a retry.
        let is_retry = self.request.retry && token.is_none();
        let entry = self.api.enter(&self.request, is_retry)?;
        Ok(State::Entering(Box::new(entry), token))
    }

    async fn wait(
        &mut self,
        mut entry: Box<Entry<ApiError>>,
        token: Option<String>,
    ) -> Result<State, GeminiError> {
        let news = match entry.next().await? {
            Entering::Queued { queue, position } => Chunk::Queued { queue, position },
            Entering::Left => Chunk::Admitted,
            Entering::Admitted(pass) => return self.ask(pass, token.as_deref()).await,
        };
        self.news.push_back(news);
        Ok(State::Entering(entry, token))
    }

    async fn ask(&mut self, pass: Pass, token: Option<&str>) -> Result<State, GeminiError> {
        let permit = pass.sent();
        let call = self
            .api
            .call(self.method, &self.request, token, self.room, permit);
        let reading = Reading::new(self.method, call.await?);
        self.answer.served_by(reading.service_tier());
        Ok(State::Reading(Box::new(reading)))
    }

    async fn read(&mut self, mut reading: Box<Reading>) -> Result<State, GeminiError> {
        let Some(parts) = reading.next(self.answer.is_complete()).await? else {
            return self.ended(&reading);
        };
        for part in parts {
            self.answer.add(part, &mut self.news)?;
        }
        Ok(State::Reading(reading))
    }

    fn ended(&mut self, reading: &Reading) -> Result<State, GeminiError> {
        self.room = self.room.saturating_sub(reading.bytes());
        if let Some(token) = self.answer.goes_on() {
            return Ok(State::Asking(Some(token)));
        }
        let reply = mem::take(&mut self.answer).finish()?;
        let reply = reply.presented(reading.secret());
        let model = self.api.model_of(&self.request);
        self.api.gate().succeeded(model, self.request.retry);
        self.news.push_back(Chunk::Done(Box::new(reply)));
        Ok(State::Over)
    }
}
