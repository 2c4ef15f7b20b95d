//! The classes of refusals: status, code and type to an error code and whether a retry is useful. Pure.

/// The class of a refusal. Each has one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// 400 and 422 without a more specific cause.
    InvalidRequest,
    /// 400: the request has more tokens than the model's context.
    ContextLength,
    /// 400: the provider's filter blocked the prompt (Azure).
    Blocked,
    /// 401.
    Authentication,
    /// 402.
    Billing,
    /// 403.
    PermissionDenied,
    /// 404.
    NotFound,
    /// 408.
    RequestTimeout,
    /// 409: another request is in the way.
    Conflict,
    /// 413.
    RequestTooLarge,
    /// 429.
    RateLimited,
    /// 429 whose cause is a credit that is used up. Waiting does not help.
    NoQuota,
    /// 499: cancelled by the client or a proxy.
    Cancelled,
    /// 500.
    Internal,
    /// 502 to 504, and the statuses by which gateways say that the server behind them is not there.
    Overloaded,
    /// Any other status, also a redirect, which is not followed.
    Rejected,
}

impl Class {
    /// The class of a status with the `code` and `type` of the error object. Never by its message.
    pub(crate) fn of(http_status: u16, code: Option<&str>, kind: Option<&str>) -> Self {
        let is_named = |name| code == Some(name) || kind == Some(name);
        match http_status {
            400..=499 if is_named("insufficient_quota") => Self::NoQuota,
            400 | 413 | 422
                // The second is llama.cpp's.
                if is_named("context_length_exceeded") || is_named("exceed_context_size_error") =>
            {
                Self::ContextLength
            }
            400 if is_named("content_filter") => Self::Blocked,
            400 | 404 if is_named("model_not_found") => Self::NotFound,
            400 if is_named("invalid_api_key") => Self::Authentication,
            400 | 422 => Self::InvalidRequest,
            401 => Self::Authentication,
            402 => Self::Billing,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            408 => Self::RequestTimeout,
            409 => Self::Conflict,
            413 => Self::RequestTooLarge,
            429 => Self::RateLimited,
            499 => Self::Cancelled,
            500 => Self::Internal,
            // 520 to 527 are Cloudflare's, 529 is Anthropic's.
            502..=504 | 520..=527 | 529 => Self::Overloaded,
            _ => Self::Rejected,
        }
    }

    /// The public code. Codes are stable, because workflows and programs match on them.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::ContextLength => "context_length_exceeded",
            Self::Blocked => "prompt_blocked",
            Self::Authentication => "authentication_failed",
            Self::Billing => "billing_required",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "model_not_found",
            Self::RequestTimeout => "model_timeout",
            Self::Conflict => "request_conflict",
            Self::RequestTooLarge => "request_too_large",
            Self::RateLimited => "rate_limited",
            Self::NoQuota => "no_quota",
            Self::Cancelled => "request_cancelled",
            Self::Internal => "model_internal_error",
            Self::Overloaded => "model_overloaded",
            Self::Rejected => "request_rejected",
        }
    }

    /// Whether the condition passes by itself.
    pub(crate) fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RequestTimeout
                | Self::Conflict
                | Self::RateLimited
                | Self::Internal
                | Self::Overloaded
        )
    }
}
