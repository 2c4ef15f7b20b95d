//! [`NoAnswer`]: an answer of status 200 without a usable text or call.

use std::fmt;

use serde_json::Value;
use workflow_core::value::Usage;
use workflow_httpkit::Secret;

use super::excerpt::excerpt;
use crate::reply::{BlockReason, Details, FinishReason};

/// An answer of status 200 without a usable text or function call. Its tokens are billed nevertheless.
#[derive(Clone, Debug)]
pub struct NoAnswer {
    pub(crate) reason: NoAnswerReason,
    pub(crate) message: Option<String>,
    pub(crate) usage: Usage,
    pub(crate) details: Details,
    pub(crate) parts: Vec<Value>,
    pub(crate) model_version: Option<String>,
    pub(crate) response_id: Option<String>,
}

/// Why an answer has no usable text or function call.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NoAnswerReason {
    /// The prompt was blocked before the model wrote anything. Code `prompt_blocked`; retryable once if the
    /// API's reason is `OTHER`.
    Blocked {
        /// The API's reason.
        reason: BlockReason,
        /// The safety ratings of the prompt, each as `CATEGORY: PROBABILITY`.
        ratings: Vec<String>,
    },
    /// The answer was withheld, for safety or another policy. Code `answer_refused`; not retryable.
    Refused {
        /// The API's reason.
        reason: FinishReason,
        /// The ratings that blocked the answer, each as `CATEGORY: PROBABILITY`.
        ratings: Vec<String>,
    },
    /// The account is limited or disabled. Code `permission_denied`; not retryable.
    Denied(FinishReason),
    /// The answer has no text, but a function call, an image or a sound. Code `unsupported_answer`; not
    /// retryable.
    Unsupported {
        /// The contents of the answer, in words.
        kinds: Vec<String>,
    },
    /// The model stopped without any text. Code `empty_answer`; retryable once.
    Empty,
    /// The token limit was reached before any text: thinking used all tokens. Code `out_of_tokens`; not
    /// retryable.
    OutOfTokens {
        /// `thoughtsTokenCount`.
        thought_tokens: u64,
        /// `maxOutputTokens`, if the request set it.
        max_output_tokens: Option<u32>,
    },
    /// The token limit was reached in an answer with function calls, so that arguments may be missing. Code `out_of_tokens`; not
    /// retryable.
    CallsCutOff {
        /// `maxOutputTokens`, if the request set it.
        max_output_tokens: Option<u32>,
    },
    /// A function call is not as the API documents it. Code `unreadable_call`; retryable once.
    UnreadableCall {
        /// The fault, in words.
        detail: String,
    },
    /// The model failed to write an answer, for example with `MALFORMED_RESPONSE`. Code `generation_failed`;
    /// retryable once.
    Failed(FinishReason),
    /// The model cannot continue the conversation that the request contains. Code `invalid_history`; not
    /// retryable.
    InvalidHistory(FinishReason),
    /// The answer needs a further request, but has no token to continue it, or no text after the
    /// last request that is allowed. Code `continuation_needed`; not retryable.
    Continuation,
    /// The request has a schema, but the text is not JSON. Code `answer_not_json`; retryable, unless the text
    /// was cut off.
    NotJson {
        /// The syntax error with line and column.
        detail: String,
        /// Whether the text was cut off at its token limit.
        truncated: bool,
    },
    /// The text is JSON, but does not match the schema of the request. Code `answer_does_not_fit`; retryable.
    SchemaMismatch {
        /// The place of the first mismatch, as a JSON pointer; empty for the whole answer.
        pointer: String,
        /// The mismatch, in words.
        detail: String,
    },
}

impl NoAnswer {
    /// Why there is no usable text.
    pub fn reason(&self) -> &NoAnswerReason {
        &self.reason
    }

    /// The API's message about the finish reason or the block, if it sent one.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The tokens that were used, over all requests of the answer.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Sources, tool results, function calls and media of the answer.
    pub fn details(&self) -> &Details {
        &self.details
    }

    /// The raw parts of the answer, unchanged.
    pub fn parts(&self) -> &[Value] {
        &self.parts
    }

    /// The model that answered; the API may route a name to another model.
    pub fn model_version(&self) -> Option<&str> {
        self.model_version.as_deref()
    }

    /// The API's identifier of the answer, for support requests.
    pub fn response_id(&self) -> Option<&str> {
        self.response_id.as_deref()
    }

    /// Why the model stopped. `None` if the prompt was blocked, so that the model never started. `Stop` is also
    /// returned if the API named no reason, and `MaxTokens` for every JSON that was cut off.
    pub fn finish_reason(&self) -> Option<FinishReason> {
        match &self.reason {
            NoAnswerReason::Blocked { .. } => None,
            NoAnswerReason::Refused { reason, .. }
            | NoAnswerReason::Denied(reason)
            | NoAnswerReason::Failed(reason)
            | NoAnswerReason::InvalidHistory(reason) => Some(reason.clone()),
            NoAnswerReason::OutOfTokens { .. }
            | NoAnswerReason::CallsCutOff { .. }
            | NoAnswerReason::NotJson {
                truncated: true, ..
            } => Some(FinishReason::MaxTokens),
            NoAnswerReason::Empty
            | NoAnswerReason::Unsupported { .. }
            | NoAnswerReason::UnreadableCall { .. }
            | NoAnswerReason::NotJson { .. }
            | NoAnswerReason::SchemaMismatch { .. } => Some(FinishReason::Stop),
            NoAnswerReason::Continuation => Some(FinishReason::Continuation),
        }
    }

    /// A stable `snake_case` code for the reason.
    pub fn code(&self) -> &'static str {
        match self.reason {
            NoAnswerReason::Blocked { .. } => "prompt_blocked",
            NoAnswerReason::Refused { .. } => "answer_refused",
            NoAnswerReason::Denied(_) => "permission_denied",
            NoAnswerReason::Unsupported { .. } => "unsupported_answer",
            NoAnswerReason::Empty => "empty_answer",
            NoAnswerReason::OutOfTokens { .. } | NoAnswerReason::CallsCutOff { .. } => {
                "out_of_tokens"
            }
            NoAnswerReason::UnreadableCall { .. } => "unreadable_call",
            NoAnswerReason::Failed(_) => "generation_failed",
            NoAnswerReason::InvalidHistory(_) => "invalid_history",
            NoAnswerReason::Continuation => "continuation_needed",
            NoAnswerReason::NotJson { .. } => "answer_not_json",
            NoAnswerReason::SchemaMismatch { .. } => "answer_does_not_fit",
        }
    }

    /// See [`GeminiError::retry_limit`](super::GeminiError::retry_limit). A model may write valid JSON
    /// in the next attempt, so a mismatch is retried without a limit of its own. A text that was cut
    /// off would be cut off again.
    pub(crate) fn retry_limit(&self) -> Option<u32> {
        match &self.reason {
            NoAnswerReason::NotJson { truncated, .. } if !truncated => None,
            NoAnswerReason::SchemaMismatch { .. } => None,
            NoAnswerReason::Empty
            | NoAnswerReason::UnreadableCall { .. }
            | NoAnswerReason::Failed(_) => Some(1),
            NoAnswerReason::Blocked { reason, .. } if *reason == BlockReason::Other => Some(1),
            _ => Some(0),
        }
    }

    /// Removes the key from the API's texts and shortens them. The raw parts are left as they are: they are
    /// the model's, and have to be sent back unchanged.
    ///
    /// Ratings, kinds and the details of a mismatch quote the answer or the server, so they are redacted, too.
    pub(crate) fn redact(&mut self, key: &Secret) {
        for text in [
            &mut self.message,
            &mut self.model_version,
            &mut self.response_id,
        ] {
            *text = text.take().map(|text| excerpt(&text, key));
        }
        self.reason.redact(key);
    }
}

impl NoAnswerReason {
    fn redact(&mut self, key: &Secret) {
        match self {
            Self::Blocked { reason, ratings } => {
                *reason = excerpt(reason.as_str(), key).into();
                for rating in ratings {
                    *rating = excerpt(rating, key);
                }
            }
            Self::Refused { reason, ratings } => {
                *reason = excerpt(reason.as_str(), key).into();
                for rating in ratings {
                    *rating = excerpt(rating, key);
                }
            }
            Self::Unsupported { kinds } => {
                for kind in kinds {
                    *kind = excerpt(kind, key);
                }
            }
            Self::Denied(reason) | Self::Failed(reason) | Self::InvalidHistory(reason) => {
                *reason = excerpt(reason.as_str(), key).into();
            }
            Self::NotJson { detail, .. } | Self::UnreadableCall { detail } => {
                *detail = excerpt(detail, key);
            }
            Self::SchemaMismatch { pointer, detail } => {
                *pointer = excerpt(pointer, key);
                *detail = excerpt(detail, key);
            }
            Self::Empty
            | Self::OutOfTokens { .. }
            | Self::CallsCutOff { .. }
            | Self::Continuation => {}
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        match &self.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for NoAnswer {}

impl fmt::Display for NoAnswerReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocked { reason, ratings } => blocked(f, reason, ratings),
            Self::Refused { reason, ratings } => {
                write!(f, "the model withheld its answer ({reason})")?;
                rated(f, ratings)
            }
            Self::Denied(reason) => {
                write!(f, "the account may not use the model ({reason})")
            }
            Self::Unsupported { kinds } => write!(
                f,
                "the model answered with {}, and without any text",
                kinds.join(", ")
            ),
            Self::Empty => f.write_str("the model ended without any text"),
            Self::OutOfTokens {
                thought_tokens,
                max_output_tokens,
            } => out_of_tokens(f, *thought_tokens, *max_output_tokens),
            Self::CallsCutOff { max_output_tokens } => {
                f.write_str("the token limit was reached within function calls: ")?;
                limit(f, *max_output_tokens)
            }
            Self::UnreadableCall { detail } => {
                write!(f, "a function call of the model cannot be read: {detail}")
            }
            Self::Failed(reason) => write!(f, "the model failed to write an answer ({reason})"),
            Self::InvalidHistory(reason) => {
                write!(f, "the model cannot continue the conversation that was sent ({reason})")
            }
            Self::Continuation => f.write_str(
                "the answer is longer than one request allows and cannot be continued (CONTINUATION)",
            ),
            Self::NotJson { detail, truncated } => not_json(f, detail, *truncated),
            Self::SchemaMismatch { pointer, detail } => {
                // An empty pointer is the whole document (RFC 6901, section 5), which a reader would take for a
                // missing one.
                let place = if pointer.is_empty() { "the top" } else { pointer };
                write!(f, "the answer does not fit its schema at {place}: {detail}")
            }
        }
    }
}

fn blocked(f: &mut fmt::Formatter<'_>, reason: &BlockReason, ratings: &[String]) -> fmt::Result {
    write!(f, "the prompt was blocked ({reason})")?;
    rated(f, ratings)
}

fn rated(f: &mut fmt::Formatter<'_>, ratings: &[String]) -> fmt::Result {
    if ratings.is_empty() {
        return Ok(());
    }
    write!(f, ", rated {}", ratings.join(", "))
}

fn out_of_tokens(f: &mut fmt::Formatter<'_>, thoughts: u64, most: Option<u32>) -> fmt::Result {
    write!(
        f,
        "the token limit was reached before any text: thoughtsTokenCount {thoughts}, "
    )?;
    limit(f, most)
}

fn limit(f: &mut fmt::Formatter<'_>, most: Option<u32>) -> fmt::Result {
    match most {
        Some(tokens) => write!(f, "maxOutputTokens {tokens}"),
        None => f.write_str("maxOutputTokens not set"),
    }
}

fn not_json(f: &mut fmt::Formatter<'_>, detail: &str, truncated: bool) -> fmt::Result {
    write!(f, "the answer is not valid JSON, {detail}")?;
    if truncated {
        f.write_str(": it was cut off at maxOutputTokens")?;
    }
    Ok(())
}
