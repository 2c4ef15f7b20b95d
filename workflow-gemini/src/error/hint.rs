//! Hints: what to do about an error.
//!
//! A hint depends on the code only, with two exceptions: an [`ApiError`](super::ApiError) can have its own, and a
//! limited account shares its code with a key that lacks a permission.

use std::borrow::Cow;

use super::{GeminiError, no_answer::NoAnswerReason};

impl GeminiError {
    /// What the author of the request or the operator of the service can do. `None` if nothing but a
    /// retry helps, or if the message says it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Api(error) | Self::CoolingDown { error, .. } => {
                if let Some(own) = error.own_hint() {
                    return Some(own.to_owned().into());
                }
            }
            Self::NoAnswer(error) if matches!(error.reason(), NoAnswerReason::Denied(_)) => {
                return Some("the account is limited or disabled: see AI Studio".into());
            }
            _ => {}
        }
        of_code(self.code()).map(Cow::Borrowed)
    }
}

/// The hint of a code. Codes without one either pass by themselves, or have a message that says what to do.
fn of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "authentication_failed" => "check GEMINI_API_KEY (or GOOGLE_API_KEY) of the service",
        "billing_required" => "add credits or raise the spending cap of the project in AI Studio",
        "model_not_found" => "use another `model`: this one is unknown or retired",
        "token_unavailable" => "check why the token provider of the service fails",
        "out_of_tokens" => "raise `max_output_tokens`, or reduce thinking",
        "continuation_needed" => "limit the answer with `max_output_tokens`",
        "unsupported_answer" => {
            "only text can be an output: ask for text, or use a model that writes text"
        }
        "daily_quota_exceeded" => "wait until midnight Pacific time, or use another model or plan",
        "no_quota" => "use another model, or turn on billing for the project",
        _ => return None,
    })
}
