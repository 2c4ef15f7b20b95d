//! What can be done about an error.

use std::borrow::Cow;

use super::{GeminiError, no_answer::Verdict};

impl GeminiError {
    /// What the author of a request, or the operator of a service, can do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Api(error) | Self::CoolingDown { error, .. } => {
                if let Some(own) = error.own_hint() {
                    return Some(own.to_owned().into());
                }
            }
            Self::NoAnswer(error) if matches!(error.verdict(), Verdict::Denied(_)) => {
                return Some("the account is limited or disabled: see AI Studio".into());
            }
            _ => {}
        }
        of_code(self.code()).map(Cow::Borrowed)
    }
}

fn of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "authentication_failed" => "check GEMINI_API_KEY (or GOOGLE_API_KEY) of the service",
        "billing_required" => "add credits or raise the spending cap of the project in AI Studio",
        "model_not_found" => "name another `model`: this one is unknown or retired",
        "token_unavailable" => "see why the service gets no access token",
        "out_of_tokens" => "raise `max_output_tokens`, or let the model think less",
        "continuation_needed" => "ask for less with `max_output_tokens`",
        "unsupported_answer" => {
            "only text can be an output: ask for text, or use a model that writes text"
        }
        "daily_quota_exceeded" => "wait until midnight Pacific time, or use another model or plan",
        "no_quota" => "use another model, or turn on billing for the project",
        _ => return None,
    })
}
