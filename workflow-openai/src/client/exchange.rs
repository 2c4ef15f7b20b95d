//! One request, from its admission to its last chunk.

use std::{collections::VecDeque, mem, sync::Arc};

use tracing::Instrument;
use workflow_core::node::agent::ToolCall;
use workflow_llm::{
    Delivery, ModelChunk, ModelError, ModelRequest, ModelTurn,
    gate::{Admission, AdmissionEvent, CoolingDown, NotAdmitted, Permit},
};

use super::{api::Api, reader::AnswerReader, span::CallSpan};
use crate::{
    error::{CallFacts, Failure, Refusal},
    reply::{FinishedCall, Message, Piece},
    request,
};

/// A request in progress.
pub(super) struct Exchange {
    api: Api,
    request: Arc<ModelRequest>,
    /// Chunks that the caller has not received yet.
    pending: VecDeque<ModelChunk>,
    /// `None` before the first poll.
    call: Option<CallSpan>,
    facts: CallFacts,
    thoughts: String,
    state: State,
}

/// Where a request is. Each step consumes the state and returns the next one, so a request cannot be in two.
///
/// `Start` → `Admission` → `Reading` → `Done`. Every state can lead to `Failed`.
enum State {
    Start,
    /// The request waits for its admission, with its body.
    Admission(Box<Admission<Refusal>>, Vec<u8>),
    /// The answer is being read. The permit is dropped after the connection.
    Reading(Box<AnswerReader>, Permit),
    /// The error is returned after the pending chunks.
    Failed(ModelError),
    Done,
}

impl Exchange {
    /// A request that has not begun. Boxed, because `try_unfold` moves it with every chunk.
    pub(super) fn new(api: Api, request: Arc<ModelRequest>) -> Box<Self> {
        let has_tools = !request.tools.is_empty();
        Box::new(Self {
            api,
            request,
            pending: VecDeque::new(),
            call: None,
            facts: CallFacts {
                has_tools,
                request_id: None,
            },
            thoughts: String::new(),
            state: State::Start,
        })
    }

    /// The next chunk and the request after it, as `stream::try_unfold` wants it.
    pub(super) async fn advance(
        mut self: Box<Self>,
    ) -> Result<Option<(ModelChunk, Box<Self>)>, ModelError> {
        let span = self.call().span().clone();
        let chunk = self.next().instrument(span).await?;
        Ok(chunk.map(|chunk| (chunk, self)))
    }

    /// The span of the request. It begins with the first poll, so a stream that is never polled has none.
    fn call(&mut self) -> &mut CallSpan {
        let (api, request) = (&self.api, &self.request);
        self.call
            .get_or_insert_with(|| CallSpan::new(api.settings(), api.model_of(request), request))
    }

    async fn next(&mut self) -> Result<Option<ModelChunk>, ModelError> {
        loop {
            if let Some(chunk) = self.pending.pop_front() {
                self.call().record_chunk(&chunk);
                return Ok(Some(chunk));
            }
            let next = match mem::replace(&mut self.state, State::Done) {
                State::Done => return Ok(None),
                State::Failed(error) => return Err(error),
                State::Start => self.begin(),
                // Boxed: it happens once, and its future is large, which would be copied for each chunk.
                State::Admission(admission, body) => {
                    Box::pin(self.await_admission(admission, body)).await
                }
                State::Reading(reader, permit) => {
                    let read = self.read(reader, permit).await;
                    read.map_err(|failure| self.failure(failure))
                }
            };
            self.state = next.unwrap_or_else(|error| {
                self.call().record_failure(&error);
                State::Failed(error)
            });
        }
    }

    /// Checks the request and begins its admission. The check comes first: an invalid request must not take a slot from a valid one.
    fn begin(&self) -> Result<State, ModelError> {
        let model = self.api.model_of(&self.request);
        request::check(&self.request, model)?;
        let body = self.api.body(&self.request)?;
        let body = serde_json::to_vec(&body).map_err(ModelError::invalid_request)?;
        let gate = Arc::clone(self.api.gate());
        let admission = Admission::new(gate, model, self.request.is_retry);
        let admission = admission.map_err(|cooling| self.cooling_down(&cooling))?;
        Ok(State::Admission(Box::new(admission), body))
    }

    /// Waits for the next event of the admission. Sends the request as soon as it is admitted.
    async fn await_admission(
        &mut self,
        mut admission: Box<Admission<Refusal>>,
        body: Vec<u8>,
    ) -> Result<State, ModelError> {
        let event = admission.next().await;
        let chunk = match event.map_err(|error| self.not_admitted(error))? {
            AdmissionEvent::Queued { queue, position } => ModelChunk::Queued { queue, position },
            AdmissionEvent::Dequeued => ModelChunk::Admitted,
            AdmissionEvent::Admitted(pass) => {
                // From here on the request counts as sent, even if the connection fails.
                let permit = pass.sent();
                let reader = self.api.call(body, &mut self.facts).await;
                let reader = reader.map_err(|failure| self.failure(failure))?;
                return Ok(State::Reading(Box::new(reader), permit));
            }
        };
        self.pending.push_back(chunk);
        Ok(State::Admission(admission, body))
    }

    /// Reads the next object of the answer and turns it into chunks.
    async fn read(
        &mut self,
        mut reader: Box<AnswerReader>,
        permit: Permit,
    ) -> Result<State, Failure> {
        let Some(pieces) = reader.next().await? else {
            let message = reader.finish()?;
            let model = self.api.model_of(&self.request);
            self.api.gate().succeeded(model, self.request.is_retry);
            let turn = self.turn(message);
            self.pending.push_back(ModelChunk::Done(Box::new(turn)));
            return Ok(State::Done);
        };
        let with_thoughts = self.request.include_thoughts != Some(false);
        for piece in pieces {
            self.pending.push_back(match piece {
                Piece::Text(text) => ModelChunk::Text(text),
                Piece::Usage(usage) => ModelChunk::Usage(usage),
                Piece::Thought(_) if !with_thoughts => continue,
                Piece::Thought(thought) => {
                    self.thoughts.push_str(&thought);
                    ModelChunk::Thought(thought)
                }
            });
        }
        Ok(State::Reading(reader, permit))
    }

    fn turn(&mut self, message: Message) -> ModelTurn {
        let errors = &self.api.settings().errors;
        let shown = |text: Option<String>| text.map(|text| errors.shown(&text));
        let mut facts = self.facts.answer();
        facts.finish_reason = shown(message.finish_reason);
        facts.model_version = shown(message.model);
        facts.response_id = shown(message.id);
        facts.parts = vec![message.state.clone()];
        let mut turn = ModelTurn::text(message.text);
        turn.thoughts = mem::take(&mut self.thoughts);
        turn.calls = message.calls.into_iter().map(tool_call).collect();
        turn.state = Some(message.state);
        turn.is_truncated = facts.finish_reason.as_deref() == Some("length");
        turn.usage = message.usage;
        turn.prompt_tokens = message.usage.input_tokens;
        let tier = shown(message.service_tier);
        // The word for the tier that tables of prices call `standard`.
        turn.service_tier = tier.map(|tier| {
            if tier == "default" {
                "standard".to_owned()
            } else {
                tier
            }
        });
        turn.facts = facts;
        turn
    }

    /// The error of a request that was sent. A refusal may begin a cool-down; a timeout or a broken connection says nothing about the
    /// model's limits.
    fn failure(&self, failure: Failure) -> ModelError {
        if let Failure::Refused(refusal) = &failure {
            let model = self.api.model_of(&self.request);
            let mut refusal = Refusal::clone(refusal);
            refusal.redact(&self.api.settings().errors.redactor);
            self.api.gate().refused(model, &refusal);
        }
        self.api.settings().errors.error(failure, &self.facts)
    }

    fn not_admitted(&self, error: NotAdmitted<Refusal>) -> ModelError {
        match error {
            NotAdmitted::CoolingDown(cooling) => self.cooling_down(&cooling),
            NotAdmitted::QueueFull { queue, most } => {
                let message =
                    format!("the queue for {queue} is full: its limit is {most} (`max_queued`)");
                ModelError::new("queue_full", message)
                    .with_retries(None)
                    .with_delivery(Delivery::NotSent)
            }
        }
    }

    /// The error has the code of the refusal that began the cool-down.
    fn cooling_down(&self, cooling: &CoolingDown<Refusal>) -> ModelError {
        let errors = &self.api.settings().errors;
        errors.cooling_down(&cooling.model, cooling.left, &cooling.refusal)
    }
}

/// A call whose arguments cannot be read has them as text, for people; the engine does not make it.
fn tool_call(call: FinishedCall) -> ToolCall {
    match call.args() {
        Ok(args) => ToolCall::new(call.name, args).with_id(call.id),
        Err(problem) => {
            let args = call.arguments.into();
            let tool = ToolCall::new(call.name, args).with_id(call.id);
            tool.with_problem(problem)
        }
    }
}
