//! The classes of refusals: status and error body to code, retry and hint. Pure.
//!
//! The statuses are those of the [error codes](https://ai.google.dev/gemini-api/docs/troubleshooting)
//! in the API's documentation; where the API is known to deviate from it, the function says so.

use super::error_body::ErrorBody;

/// The class of a refusal. Each has one code, and one answer to whether a retry is useful.
///
/// A class is finer than a status where callers react differently: a quota can recover within a minute, within a
/// day, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// 400 without a more specific cause.
    InvalidRequest,
    /// 400 with `FAILED_PRECONDITION`, for example in a region where the API is not available.
    FailedPrecondition,
    /// 400 for a conversation that the API does not accept, for example without a thought signature.
    InvalidHistory,
    /// 401, or 400 for an invalid key.
    Authentication,
    /// 402, or 429 whose message names credits or a spending cap.
    Billing,
    /// 403, for example a key that is restricted to other APIs.
    PermissionDenied,
    /// 404: an unknown or retired model, or a wrong base URL.
    NotFound,
    /// 408: the server's own timeout.
    RequestTimeout,
    /// 413.
    RequestTooLarge,
    /// 429 for a limit per minute. Passes by itself.
    RateLimited,
    /// 429 for a quota per day.
    DailyQuota,
    /// 429 with a limit of 0: the plan does not include the model.
    NoQuota,
    /// 499: the request was cancelled by the client or a proxy.
    Cancelled,
    /// 500.
    Internal,
    /// 502 to 504.
    Overloaded,
    /// Any other status, also a redirect, which is not followed.
    Rejected,
}

impl Class {
    /// The class of a status and the error object in its body.
    ///
    /// An invalid key is 400 with the reason `API_KEY_INVALID`, not 401. 502 comes from gateways before
    /// the API and means the same as 503.
    pub(crate) fn of(http_status: u16, error_body: &ErrorBody) -> Self {
        let invalid_key = error_body.reason.as_deref() == Some("API_KEY_INVALID");
        match http_status {
            400 if invalid_key => Self::Authentication,
            400 if error_body.status.as_deref() == Some("FAILED_PRECONDITION") => {
                Self::FailedPrecondition
            }
            400 if names_history(error_body) => Self::InvalidHistory,
            400 => Self::InvalidRequest,
            401 => Self::Authentication,
            402 => Self::Billing,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            408 => Self::RequestTimeout,
            413 => Self::RequestTooLarge,
            429 => Self::of_quota(error_body),
            499 => Self::Cancelled,
            500 => Self::Internal,
            // 501 is `Rejected`: the server does not support the method (RFC 9110, section 15.6.2).
            502..=504 => Self::Overloaded,
            _ => Self::Rejected,
        }
    }

    /// 429 has four causes, which need different reactions: money, a model that the plan excludes, a
    /// quota per day, and a rate limit. Only the last one passes soon.
    fn of_quota(error_body: &ErrorBody) -> Self {
        // In order of their severity. A refusal can name several quotas, and the most lasting one decides.
        if is_billing_limit(error_body) {
            Self::Billing
        } else if has_zero_limit(error_body) {
            Self::NoQuota
        } else if error_body.quotas.iter().any(|quota| is_daily(&quota.id)) {
            Self::DailyQuota
        } else {
            Self::RateLimited
        }
    }

    /// The public code. Codes are stable, because workflows and programs match on them.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::FailedPrecondition => "failed_precondition",
            Self::InvalidHistory => "invalid_history",
            Self::Authentication => "authentication_failed",
            Self::Billing => "billing_required",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "model_not_found",
            Self::RequestTimeout => "model_timeout",
            Self::RequestTooLarge => "request_too_large",
            Self::RateLimited => "rate_limited",
            Self::DailyQuota => "daily_quota_exceeded",
            Self::NoQuota => "no_quota",
            Self::Cancelled => "request_cancelled",
            Self::Internal => "model_internal_error",
            Self::Overloaded => "model_overloaded",
            Self::Rejected => "request_rejected",
        }
    }

    /// Whether the condition passes by itself. 499 is not retryable: this client or a proxy has cancelled the
    /// request. An exhausted daily quota is not, because no back-off lasts until midnight.
    pub(crate) fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RequestTimeout | Self::RateLimited | Self::Internal | Self::Overloaded
        )
    }

    /// An explanation for the message, if the API's own message does not make the cause clear.
    pub(crate) fn hint(self) -> Option<&'static str> {
        match self {
            Self::DailyQuota => Some("a daily quota, reset at midnight Pacific time"),
            Self::NoQuota => Some("this project has no quota for this model"),
            _ => None,
        }
    }
}

/// Whether a quota is one per day, such as `GenerateRequestsPerDayPerProjectPerModel-FreeTier`. The API has no field
/// for the period of a quota.
pub(crate) fn is_daily(quota: &str) -> bool {
    quota.contains("PerDay")
}

/// Whether the account's credits or its spending cap are used up. The status was 429 until mid-2026,
/// and still is behind some proxies. Only the message shows it, and only if there are no details.
fn is_billing_limit(error_body: &ErrorBody) -> bool {
    let message = error_body.message.as_deref().unwrap_or_default();
    let message = message.to_ascii_lowercase();
    error_body.quotas.is_empty()
        && error_body.retry_delay.is_none()
        && ["prepayment credits are depleted", "spending cap"]
            .iter()
            .any(|words| message.contains(words))
}

/// Whether a 400 is about the order or the signatures of the turns. The status of all 400 is the same, so only the message shows it.
fn names_history(error_body: &ErrorBody) -> bool {
    let message = error_body.message.as_deref().unwrap_or_default();
    let message = message.to_ascii_lowercase();
    [
        "thought_signature",
        "thought signature",
        "function call turn",
        "function response turn",
        "function response parts",
        "ending with a model turn",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// Whether the limit is 0, so that no request will ever be accepted. The API states it only in the
/// message, or as the quota's value.
fn has_zero_limit(error_body: &ErrorBody) -> bool {
    let zero = error_body
        .quotas
        .iter()
        .any(|quota| quota.limit.as_deref() == Some("0"));
    zero || error_body.message.as_deref().is_some_and(says_limit_zero)
}

/// Whether a message contains `limit: 0`, but not `limit: 0.5` or `limit: 05`.
fn says_limit_zero(message: &str) -> bool {
    let mut after = message.split("limit: 0").skip(1);
    after.any(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_billing_limit_is_distinguished_from_a_rate_limit() {
        let error_body = |message: &str, retry_delay| ErrorBody {
            message: Some(message.to_owned()),
            retry_delay,
            ..ErrorBody::default()
        };
        let second = Some(std::time::Duration::from_secs(1));
        for (status, error_body, class) in [
            (402, ErrorBody::default(), Class::Billing),
            (
                429,
                error_body("Your prepayment credits are depleted. Please", None),
                Class::Billing,
            ),
            (
                429,
                error_body("The spending cap of the project is reached.", None),
                Class::Billing,
            ),
            (
                429,
                error_body("Your prepayment credits are depleted.", second),
                Class::RateLimited,
            ),
            (
                429,
                error_body("Too many requests", None),
                Class::RateLimited,
            ),
        ] {
            assert_eq!(Class::of(status, &error_body), class, "{error_body:?}");
        }
        assert!(!Class::Billing.is_retryable());
    }

    #[test]
    fn a_refused_history_is_distinguished_from_an_invalid_request() {
        let refused = |message: &str| {
            let message = Some(message.to_owned());
            let body = ErrorBody {
                message,
                ..ErrorBody::default()
            };
            Class::of(400, &body).code()
        };
        for message in [
            "Function call is missing a thought_signature in functionCall parts. This is required",
            "Invalid thought signature.",
            "Corrupted thought signature.",
            "Please ensure that the number of function response parts is equal to the number of \
             function call parts of the function call turn.",
            "Please ensure that function call turn comes immediately after a user turn or after a \
             function response turn.",
            "Requests ending with a model turn are not supported.",
        ] {
            assert_eq!(refused(message), "invalid_history", "{message}");
        }
        for message in [
            "Function calling config is set without function_declarations.",
            "Invalid JSON payload received. Unknown name \"turns\"",
        ] {
            assert_eq!(refused(message), "invalid_request", "{message}");
        }
    }

    #[test]
    fn only_a_limit_of_zero_means_never() {
        assert!(says_limit_zero("limit: 0"));
        assert!(says_limit_zero("limit: 0, model: x"));
        for other in ["limit: 20", "limit: 0.5", "limit: 05", ""] {
            assert!(!says_limit_zero(other), "{other}");
        }
    }
}
