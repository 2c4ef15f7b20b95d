//! A request that the API took, and that brought no answer.

use std::fmt;

use serde_json::Value;
use workflow_core::value::Usage;
use workflow_httpkit::Secret;

use super::excerpt::excerpt;
use crate::reply::{BlockReason, Details, FinishReason};

/// The API said 200, and what came is no answer. Its tokens are billed all the same.
#[derive(Clone, Debug)]
pub struct NoAnswer {
    pub(crate) verdict: Verdict,
    pub(crate) message: Option<String>,
    pub(crate) usage: Usage,
    pub(crate) details: Details,
    pub(crate) parts: Vec<Value>,
    pub(crate) model_version: Option<String>,
    pub(crate) response_id: Option<String>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// The prompt was refused.
    Blocked {
        /// Why.
        reason: BlockReason,
        /// How it was rated, each as `CATEGORY: PROBABILITY`.
        ratings: Vec<String>,
    },
    /// The answer was withheld.
    Refused {
        /// Why.
        reason: FinishReason,
        /// The ratings that explain it, each as `CATEGORY: PROBABILITY`.
        ratings: Vec<String>,
    },
    /// The account may not use the model.
    Denied(FinishReason),
    /// What came is no text: a function call, an image, a sound.
    Unsupported {
        /// What came, in words.
        kinds: Vec<String>,
    },
    /// The model ended without a word.
    Empty,
    /// The limit was reached before the first word: thinking spent it.
    OutOfTokens {
        /// `thoughtsTokenCount`.
        thought_tokens: u64,
        /// `maxOutputTokens`, when the request set it.
        max_output_tokens: Option<u32>,
    },
    /// The model failed at writing.
    Failed(FinishReason),
    /// What was sent cannot be gone on from.
    InvalidHistory(FinishReason),
    /// The answer goes on in a further request, and has no text yet or no token to go on with.
    Continuation,
    /// The request had a schema, and the text is not JSON.
    NotJson {
        /// What is wrong, and where.
        detail: String,
        /// Whether the text was cut off at its token limit.
        truncated: bool,
    },
    /// The text is JSON, but not as the request's schema wants it.
    Unfit {
        /// Where, as a JSON pointer; empty for the whole.
        place: String,
        /// What is wrong there.
        detail: String,
    },
}

impl NoAnswer {
    /// Why there is none.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// What the API says about it.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Tokens that were used.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// What came besides a text.
    pub fn details(&self) -> &Details {
        &self.details
    }

    /// The parts that came all the same, as they came.
    pub fn parts(&self) -> &[Value] {
        &self.parts
    }

    /// The model that was asked in the end.
    pub fn model_version(&self) -> Option<&str> {
        self.model_version.as_deref()
    }

    /// The API's name for what it sent.
    pub fn response_id(&self) -> Option<&str> {
        self.response_id.as_deref()
    }

    /// Why the model stopped, where it had begun.
    pub fn finish_reason(&self) -> Option<FinishReason> {
        match &self.verdict {
            Verdict::Blocked { .. } => None,
            Verdict::Refused { reason, .. }
            | Verdict::Denied(reason)
            | Verdict::Failed(reason)
            | Verdict::InvalidHistory(reason) => Some(reason.clone()),
            Verdict::OutOfTokens { .. }
            | Verdict::NotJson {
                truncated: true, ..
            } => Some(FinishReason::MaxTokens),
            Verdict::Empty
            | Verdict::Unsupported { .. }
            | Verdict::NotJson { .. }
            | Verdict::Unfit { .. } => Some(FinishReason::Stop),
            Verdict::Continuation => Some(FinishReason::Continuation),
        }
    }

    /// A short `snake_case` word for the verdict.
    pub fn code(&self) -> &'static str {
        match self.verdict {
            Verdict::Blocked { .. } => "prompt_blocked",
            Verdict::Refused { .. } => "answer_refused",
            Verdict::Denied(_) => "permission_denied",
            Verdict::Unsupported { .. } => "unsupported_answer",
            Verdict::Empty => "empty_answer",
            Verdict::OutOfTokens { .. } => "out_of_tokens",
            Verdict::Failed(_) => "generation_failed",
            Verdict::InvalidHistory(_) => "invalid_history",
            Verdict::Continuation => "continuation_needed",
            Verdict::NotJson { .. } => "answer_not_json",
            Verdict::Unfit { .. } => "answer_does_not_fit",
        }
    }

    /// How many further attempts are reasonable; `None`: as many as one likes.
    pub(crate) fn retry_limit(&self) -> Option<u32> {
        match &self.verdict {
            Verdict::NotJson { truncated, .. } if !truncated => None,
            Verdict::Unfit { .. } => None,
            Verdict::Empty | Verdict::Failed(_) => Some(1),
            Verdict::Blocked { reason, .. } if *reason == BlockReason::Other => Some(1),
            _ => Some(0),
        }
    }

    pub(crate) fn present(&mut self, key: &Secret) {
        for text in [
            &mut self.message,
            &mut self.model_version,
            &mut self.response_id,
        ] {
            *text = text.take().map(|text| excerpt(&text, key));
        }
        self.verdict.present(key);
    }
}

impl Verdict {
    fn present(&mut self, key: &Secret) {
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
            Self::NotJson { detail, .. } => *detail = excerpt(detail, key),
            Self::Unfit { place, detail } => {
                *place = excerpt(place, key);
                *detail = excerpt(detail, key);
            }
            Self::Empty | Self::OutOfTokens { .. } | Self::Continuation => {}
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.verdict)?;
        match &self.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for NoAnswer {}

impl fmt::Display for Verdict {
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
            Self::Failed(reason) => write!(f, "the model failed to write an answer ({reason})"),
            Self::InvalidHistory(reason) => {
                write!(f, "the model cannot go on from what was sent ({reason})")
            }
            Self::Continuation => f.write_str(
                "the answer is longer than a request may give, and cannot be gone on with \
                 (CONTINUATION)",
            ),
            Self::NotJson { detail, truncated } => not_json(f, detail, *truncated),
            Self::Unfit { place, detail } => {
                let place = if place.is_empty() { "the top" } else { place };
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

fn out_of_tokens(f: &mut fmt::Formatter<'_>, thoughts: u64, limit: Option<u32>) -> fmt::Result {
    write!(
        f,
        "the token limit was reached before any text: thoughtsTokenCount {thoughts}, "
    )?;
    match limit {
        Some(limit) => write!(f, "maxOutputTokens {limit}"),
        None => f.write_str("maxOutputTokens not set"),
    }
}

fn not_json(f: &mut fmt::Formatter<'_>, detail: &str, truncated: bool) -> fmt::Result {
    write!(f, "the answer is not the JSON that was asked for, {detail}")?;
    if truncated {
        f.write_str(": it was cut off at maxOutputTokens")?;
    }
    Ok(())
}
