//! [`ReplyBuilder`]: builds a reply from the responses of one call, and decides whether it is an answer.
//! Pure.
//!
//! An answer can end in four ways: with a finish reason, with a blocked prompt, with an error object in the stream,
//! or cut off. The first two are decided here, by [`ReplyBuilder::finish`]; the third is the error of
//! [`ReplyBuilder::add`], and [`ReplyReader`](super::ReplyReader) finds the fourth by
//! [`ReplyBuilder::is_complete`].

use std::{collections::VecDeque, sync::Arc};

use serde_json::Value;
use workflow_core::value::Usage;
use workflow_llm::{AnswerSchema, Misfit};

use crate::{
    error::{ApiError, ErrorBody, GeminiError, NoAnswer, NoAnswerReason},
    reply::{
        BlockReason, Candidate, Chunk, Details, FinishReason, PromptFeedback, Reply, Response,
        parts::{self, Part, Parts},
    },
    request::{FunctionCall, GenerateRequest},
};

/// A reply in progress.
#[derive(Debug, Default)]
pub(crate) struct ReplyBuilder {
    schema: Option<Arc<AnswerSchema>>,
    max_output_tokens: Option<u32>,
    /// Whether the request declares functions. Otherwise a call is a content that the caller does not expect.
    has_functions: bool,
    calls: Vec<FunctionCall>,
    /// Why the first unreadable call cannot be read.
    unreadable_call: Option<String>,
    text: String,
    thoughts: String,
    finish_reason: Option<FinishReason>,
    /// The reason and the safety ratings of a blocked prompt.
    block: Option<(BlockReason, Vec<String>)>,
    /// The safety ratings to name if the answer is withheld.
    ratings: Vec<String>,
    message: Option<String>,
    details: Details,
    parts: Parts,
    /// Tokens of the requests before the current one.
    usage_before: Usage,
    /// Tokens of the current request so far.
    usage: Usage,
    prompt_tokens: Option<u64>,
    /// The newest continuation token. It is used only after the finish reason `CONTINUATION`.
    continuation: Option<String>,
    requests: u32,
    max_requests: u32,
    model_version: Option<String>,
    response_id: Option<String>,
}

impl ReplyBuilder {
    /// The reply to a request, before any response.
    pub(crate) fn new(request: &GenerateRequest) -> Self {
        Self {
            schema: request.schema.clone(),
            max_output_tokens: request.max_output_tokens,
            has_functions: !request.functions.is_empty(),
            requests: 1,
            max_requests: request.max_requests,
            ..Self::default()
        }
    }

    /// Sets the service tier that the head of a response names. A tier in the usage of a later event replaces it.
    pub(crate) fn set_service_tier(&mut self, tier: Option<&str>) {
        if let Some(tier) = tier {
            self.details.service_tier = Some(tier.to_owned());
        }
    }

    /// Whether a finish reason or a block reason was received. A stream that ends before it was cut off.
    pub(crate) fn is_complete(&self) -> bool {
        self.finish_reason.is_some() || self.block.is_some()
    }

    /// Adds the next response, and appends its new chunks to `news`.
    ///
    /// # Errors
    /// [`GeminiError::Api`] if the response is an error object.
    pub(crate) fn add(
        &mut self,
        mut part: Response,
        news: &mut VecDeque<Chunk>,
    ) -> Result<(), GeminiError> {
        if let Some(error) = &part.error {
            return Err(ApiError::from_error_body(ErrorBody::from_error(error)).into());
        }
        if let Some(candidate) = part.take_candidate() {
            self.add_candidate(candidate, news);
        }
        // An event can repeat the counts of the one before. Only a change is a chunk.
        if let Some(usage) = part.usage().filter(|usage| *usage != self.usage) {
            self.usage = usage;
            news.push_back(Chunk::Usage(self.total()));
        }
        if let Some(tier) = part.service_tier() {
            self.details.service_tier = Some(tier);
        }
        self.prompt_tokens = self.prompt_tokens.or(part.prompt_tokens());
        self.add_feedback(part.prompt_feedback.unwrap_or_default());
        self.model_version = part.model_version.or(self.model_version.take());
        self.response_id = part.id.or(self.response_id.take());
        Ok(())
    }

    /// Adds the piece of an answer in one event. Later values of a field replace earlier ones, except
    /// that a later event without a value does not remove one; `FINISH_REASON_UNSPECIFIED` is no value.
    fn add_candidate(&mut self, mut candidate: Candidate, news: &mut VecDeque<Chunk>) {
        let ratings = candidate.blocking_ratings();
        if !ratings.is_empty() {
            self.ratings = ratings;
        }
        self.details.add(&mut candidate);
        for part in candidate.take_parts() {
            match part {
                Part::Text(text) => {
                    self.parts.add_text(&text, false);
                    self.add_text(text, false, news);
                }
                Part::Other(part) => self.add_part(part, news),
            }
        }
        if self.has_functions {
            // They are in `calls`; the metadata of a step must not have all arguments a second time.
            self.details.function_calls.clear();
        }
        self.continuation = candidate.continuation_token.or(self.continuation.take());
        let reason = candidate.finish_reason.map(FinishReason::from);
        let reason = reason.filter(|reason| *reason != FinishReason::Unspecified);
        self.finish_reason = reason.or(self.finish_reason.take());
        self.message = candidate.finish_message.or(self.message.take());
    }

    fn add_part(&mut self, part: Value, news: &mut VecDeque<Chunk>) {
        if let Some((text, is_thought)) = parts::text_of(&part) {
            self.add_text(text.to_owned(), is_thought, news);
        }
        self.details.add_part(&part);
        self.add_call(&part);
        self.parts.add(part);
    }

    fn add_call(&mut self, part: &Value) {
        if !self.has_functions {
            return;
        }
        match FunctionCall::of_part(part) {
            Some(Ok(call)) => self.calls.push(call),
            Some(Err(detail)) => {
                self.unreadable_call.get_or_insert(detail);
            }
            None => {}
        }
    }

    fn add_text(&mut self, text: String, is_thought: bool, news: &mut VecDeque<Chunk>) {
        if text.is_empty() {
            return;
        }
        if is_thought {
            self.thoughts.push_str(&text);
            news.push_back(Chunk::Thought(text));
        } else {
            self.text.push_str(&text);
            news.push_back(Chunk::Text(text));
        }
    }

    /// The tokens of all requests so far. Within one request the counts are a running total, so the latest replaces
    /// the one before; over several requests they are added.
    fn total(&self) -> Usage {
        let mut total = self.usage_before;
        total += self.usage;
        total
    }

    /// Takes the token for a further request, and prepares for its responses. `None` if the answer is
    /// not to be continued: only the finish reason `CONTINUATION` counts, since streams contain tokens
    /// in other events, too.
    pub(crate) fn take_continuation(&mut self) -> Option<String> {
        let is_cut = self.finish_reason == Some(FinishReason::Continuation);
        if !is_cut || self.requests >= self.max_requests {
            return None;
        }
        let token = self.continuation.take().filter(|token| !token.is_empty())?;
        self.usage_before = self.total();
        self.usage = Usage::default();
        // Otherwise the next response would count as complete before it has begun.
        self.finish_reason = None;
        self.requests += 1;
        Some(token)
    }

    /// Notes that the prompt was blocked. Feedback without a reason, which the API sends with ratings only,
    /// blocks nothing.
    fn add_feedback(&mut self, feedback: PromptFeedback) {
        let ratings = feedback.ratings();
        if let Some(reason) = feedback.block_reason {
            self.block = Some((reason.into(), ratings));
            self.message = feedback.block_reason_message.or(self.message.take());
        }
    }

    /// The reply, or the reason why there is no usable answer. To be called at the regular end of a
    /// response; a missing finish reason is no error then.
    pub(crate) fn finish(self) -> Result<Reply, GeminiError> {
        let outcome = self.check_finish().and_then(|()| self.json());
        let usage = self.total();
        let reason = self.finish_reason.unwrap_or(FinishReason::Unspecified);
        match outcome {
            Ok(json) => Ok(Reply {
                text: self.text,
                calls: self.calls,
                json,
                thoughts: self.thoughts,
                finish_reason: reason,
                usage,
                prompt_tokens: self.prompt_tokens.unwrap_or_default(),
                requests: self.requests,
                details: self.details,
                parts: self.parts.into_values(),
                model_version: self.model_version,
                response_id: self.response_id,
            }),
            Err(reason) => Err(NoAnswer {
                reason,
                message: self.message,
                usage,
                details: self.details,
                parts: self.parts.into_values(),
                model_version: self.model_version,
                response_id: self.response_id,
            }
            .into()),
        }
    }

    /// Checks the finish reason, and that there is text or a call. The block comes first: a blocked prompt has no candidate,
    /// so it would look like an empty answer.
    fn check_finish(&self) -> Result<(), NoAnswerReason> {
        if let Some((reason, ratings)) = &self.block {
            let (reason, ratings) = (reason.clone(), ratings.clone());
            return Err(NoAnswerReason::Blocked { reason, ratings });
        }
        if !self.calls.is_empty() || self.unreadable_call.is_some() {
            return self.check_calls();
        }
        // White space is no answer. A text with more is returned untrimmed.
        let empty = self.text.trim().is_empty();
        match &self.finish_reason {
            None | Some(FinishReason::Stop) if empty => Err(self.without_text()),
            Some(FinishReason::MaxTokens) if empty => Err(self.out_of_tokens()),
            None | Some(FinishReason::Stop | FinishReason::MaxTokens) => Ok(()),
            // The limit on requests was reached: cut off, as at a token limit.
            Some(FinishReason::Continuation) if !empty => Ok(()),
            Some(reason) => Err(reason_of(reason.clone(), &self.ratings)),
        }
    }

    /// Checks an answer with calls. The API ends it as any other, with `STOP`, so the calls decide and not the reason. But after a
    /// reason that says that the answer is incomplete, withheld or faulty, no call may be executed, however complete it looks:
    /// `UNEXPECTED_TOOL_CALL` comes with the call that was not expected.
    fn check_calls(&self) -> Result<(), NoAnswerReason> {
        match &self.finish_reason {
            None | Some(FinishReason::Stop | FinishReason::Unknown(_)) => {}
            Some(FinishReason::MaxTokens) => {
                return Err(NoAnswerReason::CallsCutOff {
                    max_output_tokens: self.max_output_tokens,
                });
            }
            Some(reason) => return Err(reason_of(reason.clone(), &self.ratings)),
        }
        match &self.unreadable_call {
            Some(detail) => Err(NoAnswerReason::UnreadableCall {
                detail: detail.clone(),
            }),
            None => Ok(()),
        }
    }

    /// The reason if there is no text: there is other content, or none at all.
    fn without_text(&self) -> NoAnswerReason {
        match self.details.unsupported() {
            kinds if kinds.is_empty() => NoAnswerReason::Empty,
            kinds => NoAnswerReason::Unsupported { kinds },
        }
    }

    /// The reason if thinking used all tokens, with the numbers that an author needs to change the limit.
    fn out_of_tokens(&self) -> NoAnswerReason {
        NoAnswerReason::OutOfTokens {
            thought_tokens: self.total().thought_tokens,
            max_output_tokens: self.max_output_tokens,
        }
    }

    /// Parses the text as JSON and checks it against the schema of the request. `None` without a schema, and for an
    /// answer with calls: its text is no final answer. An answer that was cut off can be complete JSON nevertheless, and is accepted then.
    fn json(&self) -> Result<Option<Value>, NoAnswerReason> {
        let Some(schema) = self.schema.as_ref().filter(|_| self.calls.is_empty()) else {
            return Ok(None);
        };
        let cut = [FinishReason::MaxTokens, FinishReason::Continuation];
        let truncated = self
            .finish_reason
            .as_ref()
            .is_some_and(|it| cut.contains(it));
        let json = schema.read(&self.text);
        json.map(Some).map_err(|misfit| match misfit {
            Misfit::NotJson { detail } => NoAnswerReason::NotJson { detail, truncated },
            Misfit::DoesNotFit { pointer, detail } => {
                NoAnswerReason::SchemaMismatch { pointer, detail }
            }
        })
    }
}

/// The reason for a finish reason other than the successful ones. An unknown one counts as a failure to
/// write an answer, which is retried once.
fn reason_of(reason: FinishReason, ratings: &[String]) -> NoAnswerReason {
    use FinishReason as R;
    match reason {
        R::Continuation => NoAnswerReason::Continuation,
        R::PupLimitedDisabled => NoAnswerReason::Denied(reason),
        R::MissingThoughtSignature | R::TooManyToolCalls => NoAnswerReason::InvalidHistory(reason),
        R::Safety
        | R::Recitation
        | R::Language
        | R::Blocklist
        | R::ProhibitedContent
        | R::Spii
        | R::ImageSafety
        | R::ImageProhibitedContent
        | R::ImageOther
        | R::NoImage
        | R::ImageRecitation
        | R::ModelArmor => NoAnswerReason::Refused {
            reason,
            ratings: ratings.to_vec(),
        },
        _ => NoAnswerReason::Failed(reason),
    }
}

#[cfg(test)]
mod tests;
