//! The answer as it grows, and what it amounts to in the end. Pure.

use std::{collections::VecDeque, sync::Arc};

use serde_json::Value;
use workflow_core::Usage;

use crate::{
    api_error::ApiError,
    error::GeminiError,
    no_answer::{NoAnswer, Verdict},
    reason::{BlockReason, FinishReason},
    reply::{Chunk, Reply},
    request::GenerateRequest,
    schema::{Misfit, Schema},
    wire::{Candidate, Fault, PromptFeedback, Response},
};

/// What has come so far of one answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    schema: Option<Arc<Schema>>,
    max_output_tokens: Option<u32>,
    text: String,
    thoughts: String,
    finish_reason: Option<FinishReason>,
    block: Option<(BlockReason, Vec<String>)>,
    message: Option<String>,
    usage: Usage,
    model_version: Option<String>,
    response_id: Option<String>,
}

impl Answer {
    /// Nothing yet.
    pub(crate) fn to(request: &GenerateRequest) -> Self {
        Self {
            schema: request.schema.clone(),
            max_output_tokens: request.max_output_tokens,
            ..Self::default()
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
            news.push_back(Chunk::Usage(usage));
        }
        self.add_feedback(part.prompt_feedback.unwrap_or_default());
        self.model_version = part.model_version.or(self.model_version.take());
        self.response_id = part.id.or(self.response_id.take());
        Ok(())
    }

    fn add_candidate(&mut self, mut candidate: Candidate, news: &mut VecDeque<Chunk>) {
        for (text, is_thought) in candidate.take_texts() {
            let whole = if is_thought {
                &mut self.thoughts
            } else {
                &mut self.text
            };
            whole.push_str(&text);
            let chunk = if is_thought {
                Chunk::Thought
            } else {
                Chunk::Text
            };
            news.push_back(chunk(text));
        }
        let reason = candidate.finish_reason.map(FinishReason::from);
        let reason = reason.filter(|reason| *reason != FinishReason::Unspecified);
        self.finish_reason = reason.or(self.finish_reason.take());
        self.message = candidate.finish_message.or(self.message.take());
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
        let reason = self.finish_reason.unwrap_or(FinishReason::Unspecified);
        match verdict {
            Ok(json) => Ok(Reply {
                text: self.text,
                json,
                thoughts: self.thoughts,
                finish_reason: reason,
                usage: self.usage,
                model_version: self.model_version,
                response_id: self.response_id,
            }),
            Err(verdict) => Err(NoAnswer {
                verdict,
                message: self.message,
                usage: self.usage,
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
            None | Some(FinishReason::Stop) if empty => Err(Verdict::Empty),
            Some(FinishReason::MaxTokens) if empty => Err(self.out_of_tokens()),
            None | Some(FinishReason::Stop | FinishReason::MaxTokens) => Ok(()),
            Some(reason) => Err(verdict_of(reason.clone())),
        }
    }

    fn out_of_tokens(&self) -> Verdict {
        Verdict::OutOfTokens {
            thought_tokens: self.usage.thought_tokens,
            max_output_tokens: self.max_output_tokens,
        }
    }

    /// The text as JSON that fits, where a schema was sent.
    fn json(&self) -> Result<Option<Value>, Verdict> {
        let Some(schema) = &self.schema else {
            return Ok(None);
        };
        let truncated = self.finish_reason == Some(FinishReason::MaxTokens);
        let json = serde_json::from_str(&self.text).map_err(|error| Verdict::NotJson {
            detail: error.to_string(),
            truncated,
        })?;
        match schema.check(&json) {
            Ok(()) => Ok(Some(json)),
            Err(Misfit { place, detail }) => Err(Verdict::Unfit { place, detail }),
        }
    }
}

/// What a reason other than the good ones means.
fn verdict_of(reason: FinishReason) -> Verdict {
    use FinishReason as R;
    match reason {
        R::Continuation => Verdict::Continuation,
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
        | R::ModelArmor => Verdict::Refused(reason),
        _ => Verdict::Failed(reason),
    }
}

#[cfg(test)]
mod tests;
