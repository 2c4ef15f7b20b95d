//! [`NoAnswer`]: an answer of status 200 without text or calls.

use std::fmt;

use workflow_core::value::Usage;
use workflow_httpkit::Redactor;

use super::excerpt;

/// An answer without text or calls. Its tokens are billed nevertheless.
#[derive(Debug)]
pub(crate) struct NoAnswer {
    pub(crate) reason: NoAnswerReason,
    /// What the model said instead.
    pub(crate) message: Option<String>,
    pub(crate) finish_reason: Option<String>,
    pub(crate) usage: Usage,
    pub(crate) model: Option<String>,
    pub(crate) id: Option<String>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswerReason {
    /// The model declined, or a filter withheld its answer.
    Refused,
    /// The model ended without any text.
    Empty,
    /// The token limit was reached before any text, or within a call.
    OutOfTokens,
    /// Calls are announced and missing, or one has no name.
    Malformed,
    /// The provider failed while the model wrote.
    Failed,
}

impl NoAnswer {
    pub(crate) fn code(&self) -> &'static str {
        match self.reason {
            NoAnswerReason::Refused => "answer_refused",
            NoAnswerReason::Empty => "empty_answer",
            NoAnswerReason::OutOfTokens => "out_of_tokens",
            NoAnswerReason::Malformed | NoAnswerReason::Failed => "generation_failed",
        }
    }

    /// The most retries that are reasonable.
    pub(crate) fn retry_limit(&self) -> u32 {
        match self.reason {
            NoAnswerReason::Refused | NoAnswerReason::OutOfTokens => 0,
            NoAnswerReason::Empty | NoAnswerReason::Malformed | NoAnswerReason::Failed => 1,
        }
    }

    /// Removes secrets from the texts of the server, and shortens them.
    pub(crate) fn redact(&mut self, redactor: &Redactor) {
        for text in [
            &mut self.message,
            &mut self.finish_reason,
            &mut self.model,
            &mut self.id,
        ] {
            *text = text.take().map(|text| excerpt(&text, redactor));
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.reason {
            NoAnswerReason::Refused => "the model withheld its answer",
            NoAnswerReason::Empty => "the model ended without any text",
            NoAnswerReason::OutOfTokens => {
                "the token limit was reached before the answer was complete"
            }
            NoAnswerReason::Malformed => "the model called a tool, but did not say which",
            NoAnswerReason::Failed => "the model failed to write an answer",
        })?;
        if let Some(reason) = &self.finish_reason {
            write!(f, " ({reason})")?;
        }
        match &self.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}
