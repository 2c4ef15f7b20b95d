//! One call of the client, from its first request to its last chunk.
//!
//! A call is a state machine: admission, request, answer, and again from admission if the answer is
//! longer than one request allows. The caller polls it as a stream
//! ([`GeminiClient::stream`](crate::GeminiClient::stream)).
//!
//! Each error ends the call, and is recorded once in the span and in the limits ([`Exchange::failed`]). Each
//! success is recorded once, after the last request.

use std::{
    collections::VecDeque,
    mem,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use tracing::Instrument;
use workflow_llm::gate::{Admission, AdmissionEvent, Pass};

use super::{api::Api, span::CallSpan};
use crate::{
    error::{ApiError, GeminiError},
    reply::Chunk,
    request::{GenerateRequest, Method},
    stream::{ReplyBuilder, ReplyReader},
};

/// A call in progress.
pub(crate) struct Exchange {
    api: Api,
    method: Method,
    request: Box<GenerateRequest>,
    reply: ReplyBuilder,
    /// Chunks that the caller has not received yet.
    pending: VecDeque<Chunk>,
    /// `None` before the first poll.
    call: Option<CallSpan>,
    /// The part of `max_reply_bytes` that is left, over all requests of the answer.
    bytes_left: usize,
    /// Counts the requests that were sent.
    sent: Arc<AtomicU32>,
    state: State,
}

/// Where a call is. Each step consumes the state and returns the next one, so a call cannot be in two.
///
/// `Start` → `Admission` → `Reading` → `Done`, or from `Reading` back to `Start` if the answer needs a
/// further request. Every state can lead to `Failed`.
enum State {
    /// A request has to be sent: the first one, or with a token one that continues the answer.
    Start(Option<String>),
    /// The request waits for its admission.
    Admission(Box<Admission<ApiError>>, Option<String>),
    /// The answer is being read.
    Reading(Box<ReplyReader>),
    /// The call has failed. The error is returned after the pending chunks.
    Failed(GeminiError),
    /// The call has ended.
    Done,
}

impl Exchange {
    /// A call that has not begun. Boxed, because `try_unfold` moves it with every chunk.
    pub(crate) fn new(
        api: Api,
        method: Method,
        request: GenerateRequest,
        sent: Arc<AtomicU32>,
    ) -> Box<Self> {
        Box::new(Self {
            sent,
            bytes_left: api.max_reply_bytes(),
            reply: ReplyBuilder::new(&request),
            api,
            method,
            request: Box::new(request),
            pending: VecDeque::new(),
            call: None,
            state: State::Start(None),
        })
    }

    /// The next chunk and the call after it, as `stream::try_unfold` wants it.
    pub(crate) async fn advance(
        mut self: Box<Self>,
    ) -> Result<Option<(Chunk, Box<Self>)>, GeminiError> {
        loop {
            if let Some(chunk) = self.pending.pop_front() {
                self.call().record_chunk(&chunk);
                return Ok(Some((chunk, self)));
            }
            if matches!(self.state, State::Done) {
                return Ok(None);
            }
            let span = self.call().span().clone();
            self.step().instrument(span).await?;
        }
    }

    /// The span of the call. It begins with the first poll, so a stream that is never polled has none.
    fn call(&mut self) -> &mut CallSpan {
        let (api, request) = (&self.api, &self.request);
        self.call.get_or_insert_with(|| {
            let model = api.model_of(request);
            CallSpan::new(api.observed(), model, self.method, request)
        })
    }

    /// Takes the next step of the state machine, which may add chunks.
    ///
    /// The state is `Done` while a step runs, so a call whose future is dropped within a step cannot be continued;
    /// `try_unfold` drops the call together with the future.
    async fn step(&mut self) -> Result<(), GeminiError> {
        let next = match mem::replace(&mut self.state, State::Done) {
            State::Done => return Ok(()),
            State::Failed(error) => return Err(error),
            State::Start(token) => self.begin_admission(token),
            // Boxed: it happens once, and its future is large, which would be copied for each chunk.
            State::Admission(admission, token) => {
                Box::pin(self.await_admission(admission, token)).await
            }
            State::Reading(mut reader) => match self.read(&mut reader).await {
                Ok(next) => Ok(next.unwrap_or(State::Reading(reader))),
                Err(error) => Err(error.redacted(reader.secret())),
            },
        };
        self.state = next.unwrap_or_else(|error| self.failed(error));
        Ok(())
    }

    /// Records an error in the span and, if the API refused the request, in the limits. Only a refusal can begin a
    /// cool-down: a timeout or a broken connection says nothing about the model's limits, and `CoolingDown` comes
    /// from a cool-down that is recorded already.
    fn failed(&mut self, error: GeminiError) -> State {
        self.call().record_failure(&error);
        let model = self.api.model_of(&self.request);
        if let GeminiError::Api(refusal) = &error {
            self.api.gate().refused(model, refusal);
        }
        State::Failed(error)
    }

    fn begin_admission(&self, token: Option<String>) -> Result<State, GeminiError> {
        // A request that continues an answer is not a retry and takes nothing from the retry budget.
        let is_retry = self.request.retry && token.is_none();
        let admission = self.api.admit(&self.request, is_retry)?;
        Ok(State::Admission(Box::new(admission), token))
    }

    /// Waits for the next event of the admission. Sends the request as soon as it is admitted.
    async fn await_admission(
        &mut self,
        mut admission: Box<Admission<ApiError>>,
        token: Option<String>,
    ) -> Result<State, GeminiError> {
        let chunk = match admission.next().await? {
            AdmissionEvent::Queued { queue, position } => Chunk::Queued { queue, position },
            AdmissionEvent::Dequeued => Chunk::Admitted,
            AdmissionEvent::Admitted(pass) => return self.send(pass, token.as_deref()).await,
        };
        self.pending.push_back(chunk);
        Ok(State::Admission(admission, token))
    }

    /// Sends the admitted request. From here on it counts as sent, even if the connection fails. The token of the
    /// retry budget is spent before the request is sent, and not after: a request that is dropped in between may
    /// have reached the API.
    async fn send(&mut self, pass: Pass, token: Option<&str>) -> Result<State, GeminiError> {
        let permit = pass.sent();
        self.sent.fetch_add(1, Ordering::Relaxed);
        let call = self
            .api
            .call(self.method, &self.request, token, self.bytes_left, permit);
        let reader = ReplyReader::new(self.method, call.await?);
        self.reply.set_service_tier(reader.service_tier());
        Ok(State::Reading(Box::new(reader)))
    }

    /// Reads the next responses and turns them into chunks. Returns the next state at the end of the answer. An error in the
    /// answer comes after the chunks that were received before it.
    async fn read(&mut self, reader: &mut ReplyReader) -> Result<Option<State>, GeminiError> {
        let Some(parts) = reader.next(self.reply.is_complete()).await? else {
            return self.ended(reader).map(Some);
        };
        // A part that fails ends the loop: the parts after an error object are no answer.
        for part in parts {
            self.reply.add(part, &mut self.pending)?;
        }
        Ok(None)
    }

    /// The answer to one request has ended: continues it with a further request, or finishes the call. The limit on
    /// bytes is for the answer as a whole, so each request reduces it. The limits count the call as one success,
    /// however many requests it took.
    fn ended(&mut self, reader: &ReplyReader) -> Result<State, GeminiError> {
        self.bytes_left = self.bytes_left.saturating_sub(reader.bytes());
        if let Some(token) = self.reply.take_continuation() {
            return Ok(State::Start(Some(token)));
        }
        let reply = mem::take(&mut self.reply).finish()?;
        let reply = reply.redacted(reader.secret());
        let model = self.api.model_of(&self.request);
        self.api.gate().succeeded(model, self.request.retry);
        self.pending.push_back(Chunk::Done(Box::new(reply)));
        Ok(State::Done)
    }
}
