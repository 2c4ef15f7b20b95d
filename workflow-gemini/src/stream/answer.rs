//! The answer as it grows, and what it amounts to in the end. Pure.

use std::{collections::VecDeque, sync::Arc};

use serde_json::Value;
use workflow_core::value::Usage;

use crate::{
    error::{ApiError, Fault, GeminiError, NoAnswer, Verdict},
    reply::{
        BlockReason, Candidate, Chunk, Details, FinishReason, PromptFeedback, Reply, Response,
        parts,
    },
    request::{GenerateRequest, Misfit, Schema},
};

/// The most requests one answer may take: a model gives 65,536 tokens per streamed request.
const MAX_REQUESTS: u32 = 16;

/// What has come so far of one answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    schema: Option<Arc<Schema>>,
    max_output_tokens: Option<u32>,
    text: String,
    thoughts: String,
    finish_reason: Option<FinishReason>,
    block: Option<(BlockReason, Vec<String>)>,
    /// Why the text was withheld, should it be.
    ratings: Vec<String>,
    message: Option<String>,
    details: Details,
    parts: Vec<Value>,
    /// Of the requests before this one.
    spent: Usage,
    /// Of this request, so far.
    usage: Usage,
    prompt_tokens: Option<u64>,
    continuation: Option<String>,
    requests: u32,
    model_version: Option<String>,
    response_id: Option<String>,
}

impl Answer {
    /// Nothing yet.
    pub(crate) fn to(request: &GenerateRequest) -> Self {
        Self {
            schema: request.schema.clone(),
            max_output_tokens: request.max_output_tokens,
            requests: 1,
            ..Self::default()
        }
    }

    /// The tier that served a request, as the head of its answer says.
    pub(crate) fn served_by(&mut self, tier: Option<&str>) {
        if let Some(tier) = tier {
            self.details.service_tier = Some(tier.to_owned());
        }
    }

    /// Whether the API said why it stopped: what ends before that was cut off.
    pub(crate) fn is_complete(&self) -> bool {
        self.finish_reason.is_some() || self.block.is_some()
    }

    /// Takes the next part and tells what is new in it.
    pub(crate) fn add(
        &mut self,
        mut part: Response,
        news: &mut VecDeque<Chunk>,
    ) -> Result<(), GeminiError> {
        if let Some(error) = &part.error {
            return Err(ApiError::from_fault(Fault::from_error(error)).into());
        }
        if let Some(candidate) = part.take_candidate() {
            self.add_candidate(candidate, news);
        }
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

    fn add_candidate(&mut self, mut candidate: Candidate, news: &mut VecDeque<Chunk>) {
        let ratings = candidate.blocking_ratings();
        if !ratings.is_empty() {
            self.ratings = ratings;
        }
        let parts = candidate.take_parts();
        self.details.add(&mut candidate, &parts);
        for part in parts {
            if let Some((text, is_thought)) = parts::text_of(&part) {
                self.add_text(text, is_thought, news);
            }
            parts::add(&mut self.parts, part);
        }
        self.continuation = candidate.continuation_token.or(self.continuation.take());
        let reason = candidate.finish_reason.map(FinishReason::from);
        let reason = reason.filter(|reason| *reason != FinishReason::Unspecified);
        self.finish_reason = reason.or(self.finish_reason.take());
        self.message = candidate.finish_message.or(self.message.take());
    }

    fn add_text(&mut self, text: &str, is_thought: bool, news: &mut VecDeque<Chunk>) {
        if is_thought {
            self.thoughts.push_str(text);
            news.push_back(Chunk::Thought(text.to_owned()));
        } else {
            self.text.push_str(text);
            news.push_back(Chunk::Text(text.to_owned()));
        }
    }

    /// Tokens of all requests.
    fn total(&self) -> Usage {
        let mut total = self.spent;
        total += self.usage;
        total
    }

    /// With what a further request goes on, if the answer is longer than one request may give. A
    /// token alone means nothing: streams carry some on the way.
    pub(crate) fn goes_on(&mut self) -> Option<String> {
        let is_cut = self.finish_reason == Some(FinishReason::Continuation);
        if !is_cut || self.requests >= MAX_REQUESTS {
            return None;
        }
        let token = self.continuation.take().filter(|token| !token.is_empty())?;
        self.spent = self.total();
        self.usage = Usage::default();
        self.finish_reason = None;
        self.requests += 1;
        Some(token)
    }

    fn add_feedback(&mut self, feedback: PromptFeedback) {
        let ratings = feedback.ratings();
        if let Some(reason) = feedback.block_reason {
            self.block = Some((reason.into(), ratings));
            self.message = feedback.block_reason_message.or(self.message.take());
        }
    }

    /// What the whole amounts to: an answer, or why it is none. It came whole, as its framing
    /// says; so a missing reason is not taken for a cut.
    pub(crate) fn finish(self) -> Result<Reply, GeminiError> {
        let verdict = self.verdict().and_then(|()| self.json());
        let usage = self.total();
        let reason = self.finish_reason.unwrap_or(FinishReason::Unspecified);
        match verdict {
            Ok(json) => Ok(Reply {
                text: self.text,
                json,
                thoughts: self.thoughts,
                finish_reason: reason,
                usage,
                prompt_tokens: self.prompt_tokens.unwrap_or_default(),
                requests: self.requests,
                details: self.details,
                parts: self.parts,
                model_version: self.model_version,
                response_id: self.response_id,
            }),
            Err(verdict) => Err(NoAnswer {
                verdict,
                message: self.message,
                usage,
                details: self.details,
                parts: self.parts,
                model_version: self.model_version,
                response_id: self.response_id,
            }
            .into()),
        }
    }

    fn verdict(&self) -> Result<(), Verdict> {
        if let Some((reason, ratings)) = &self.block {
            let (reason, ratings) = (reason.clone(), ratings.clone());
            return Err(Verdict::Blocked { reason, ratings });
        }
        let empty = self.text.trim().is_empty();
        match &self.finish_reason {
            None | Some(FinishReason::Stop) if empty => Err(self.without_text()),
            Some(FinishReason::MaxTokens) if empty => Err(self.out_of_tokens()),
            None | Some(FinishReason::Stop | FinishReason::MaxTokens) => Ok(()),
            // As long as it may get here: cut off, like at a limit of tokens.
            Some(FinishReason::Continuation) if !empty => Ok(()),
            Some(reason) => Err(verdict_of(reason.clone(), &self.ratings)),
        }
    }

    /// Nothing came, or only what is no text.
    fn without_text(&self) -> Verdict {
        match self.details.unsupported() {
            kinds if kinds.is_empty() => Verdict::Empty,
            kinds => Verdict::Unsupported { kinds },
        }
    }

    fn out_of_tokens(&self) -> Verdict {
        Verdict::OutOfTokens {
            thought_tokens: self.total().thought_tokens,
            max_output_tokens: self.max_output_tokens,
        }
    }

    /// The text as JSON that fits, where a schema was sent.
    fn json(&self) -> Result<Option<Value>, Verdict> {
        let Some(schema) = &self.schema else {
            return Ok(None);
        };
        let cut = [FinishReason::MaxTokens, FinishReason::Continuation];
        let truncated = self
            .finish_reason
            .as_ref()
            .is_some_and(|it| cut.contains(it));
        let json = read_json(&self.text).map_err(|error| Verdict::NotJson {
            detail: error.to_string(),
            truncated,
        })?;
        match schema.check(&json) {
            Ok(()) => Ok(Some(json)),
            Err(Misfit { place, detail }) => Err(Verdict::Unfit { place, detail }),
        }
    }
}

/// Reads JSON, also within a Markdown fence, which models write in spite of `responseJsonSchema`.
fn read_json(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| {
        let fenced = unfenced(text).and_then(|json| serde_json::from_str(json).ok());
        fenced.ok_or(error)
    })
}

/// What is within a fence that is all there is of a text.
fn unfenced(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("```")?.strip_suffix("```")?;
    let (language, json) = inner.split_once('\n')?;
    let is_language = language.trim().chars().all(char::is_alphanumeric);
    is_language.then_some(json)
}

/// What a reason other than the good ones means.
fn verdict_of(reason: FinishReason, ratings: &[String]) -> Verdict {
    use FinishReason as R;
    match reason {
        R::Continuation => Verdict::Continuation,
        R::PupLimitedDisabled => Verdict::Denied(reason),
        R::MissingThoughtSignature | R::TooManyToolCalls => Verdict::InvalidHistory(reason),
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
        | R::ModelArmor => Verdict::Refused {
            reason,
            ratings: ratings.to_vec(),
        },
        _ => Verdict::Failed(reason),
    }
}

#[cfg(test)]
mod tests;
