//! What the API means by an error status, and when to come back.

use std::{fmt, time::Duration};

use workflow_httpkit::Secret;

use super::{
    class::{Class, is_daily},
    excerpt::excerpt,
    fault::Fault,
};
use crate::limits::Refusal;

/// How long a model is left alone whose quota is used up.
const SPENT_QUOTA: Duration = Duration::from_secs(60);

/// The API, or something between it and us, refused a request.
#[derive(Clone, Debug)]
pub struct ApiError {
    class: Class,
    http_status: u16,
    status: Option<String>,
    message: String,
    quota: Option<String>,
    retry_after: Option<Duration>,
    hint: Option<String>,
}

impl ApiError {
    /// From an answer whose status is an error. `wish` is what its headers ask to wait.
    pub(crate) fn from_answer(http_status: u16, body: &[u8], wish: Option<Duration>) -> Self {
        let fault = Fault::from_body(body).unwrap_or_else(|| Fault {
            message: Some(String::from_utf8_lossy(body).into_owned()),
            ..Fault::default()
        });
        Self::new(http_status, fault, wish)
    }

    /// From an error that came after the answer had begun with 200.
    pub(crate) fn from_fault(fault: Fault) -> Self {
        let code = fault.code.filter(|code| *code >= 400).unwrap_or(500);
        Self::new(code, fault, None)
    }

    fn new(http_status: u16, fault: Fault, wish: Option<Duration>) -> Self {
        let class = Class::of(http_status, &fault);
        let retry_after = wish.or(fault.retry_delay);
        Self {
            class,
            http_status,
            quota: exceeded(&fault),
            retry_after: retry_after.filter(|_| class.is_retryable()),
            hint: None,
            status: fault.status,
            message: fault.message.unwrap_or_default(),
        }
    }

    pub(crate) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// What to do about it, where that is not the same for every error of its code.
    pub(crate) fn own_hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The HTTP status, or the one the API named later in a stream.
    pub fn http_status(&self) -> u16 {
        self.http_status
    }

    /// The API's word for the status, for example `RESOURCE_EXHAUSTED`.
    pub fn status(&self) -> Option<&str> {
        self.status.as_deref()
    }

    /// What the API says, or the first characters of a body that is not from the API.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The quota that was exceeded, for example
    /// `GenerateRequestsPerDayPerProjectPerModel-FreeTier`.
    pub fn quota(&self) -> Option<&str> {
        self.quota.as_deref()
    }

    /// A short `snake_case` word for the kind of refusal.
    pub fn code(&self) -> &'static str {
        self.class.code()
    }

    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.class.is_retryable()
    }

    /// How long the API asked to wait. `None` where waiting does not help.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    pub(crate) fn present(&mut self, key: &Secret) {
        self.message = excerpt(&self.message, key);
        for text in [&mut self.status, &mut self.quota] {
            *text = text.take().map(|text| excerpt(&text, key));
        }
    }
}

impl Refusal for ApiError {
    fn is_over_limit(&self) -> bool {
        self.class == Class::RateLimited
    }

    /// A quota that is used up may be raised at any time: the API is called again each minute.
    fn cool_down(&self) -> Option<Duration> {
        match self.class {
            Class::DailyQuota | Class::NoQuota => Some(SPENT_QUOTA),
            _ => self.retry_after,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the Gemini API answered {}", self.http_status)?;
        if let Some(status) = &self.status {
            write!(f, " {status}")?;
        }
        if let Some(quota) = &self.quota {
            write!(f, ", exceeded {quota}")?;
        }
        if let Some(hint) = self.class.hint() {
            write!(f, " ({hint})")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}

/// The quota to name: the daily one rather than another.
fn exceeded(fault: &Fault) -> Option<String> {
    let daily = fault.quotas.iter().find(|quota| is_daily(&quota.id));
    let named = daily.or(fault.quotas.first())?;
    Some(named.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(http_status: u16, body: &str) -> ApiError {
        ApiError::from_answer(http_status, body.as_bytes(), None)
    }

    #[test]
    fn each_status_has_its_class() {
        for (http_status, code, retryable) in [
            (302, "request_rejected", false),
            (400, "invalid_request", false),
            (401, "authentication_failed", false),
            (402, "billing_required", false),
            (403, "permission_denied", false),
            (404, "model_not_found", false),
            (408, "model_timeout", true),
            (409, "request_rejected", false),
            (413, "request_too_large", false),
            (429, "rate_limited", true),
            (499, "request_cancelled", false),
            (500, "model_internal_error", true),
            (501, "request_rejected", false),
            (502, "model_overloaded", true),
            (503, "model_overloaded", true),
            (504, "model_overloaded", true),
        ] {
            let error = error(http_status, "");
            assert_eq!(
                (error.code(), error.is_retryable()),
                (code, retryable),
                "{http_status}"
            );
            assert_eq!(
                error.to_string(),
                format!("the Gemini API answered {http_status}")
            );
        }
    }

    #[test]
    fn the_wait_is_the_headers_else_the_bodys() {
        let body = include_str!("../../tests/fixtures/429-per-minute.json");
        assert_eq!(
            error(429, body).retry_after(),
            Some(Duration::from_secs(36))
        );
        let wish = Some(Duration::from_secs(5));
        let both = ApiError::from_answer(429, body.as_bytes(), wish);
        assert_eq!(both.retry_after(), wish);
    }

    #[test]
    fn a_daily_quota_is_final_and_named_whatever_wait_is_asked_for() {
        let error = error(429, include_str!("../../tests/fixtures/429-per-day.json"));
        assert_eq!(
            (error.code(), error.is_retryable()),
            ("daily_quota_exceeded", false)
        );
        assert_eq!(error.retry_after(), None);
        assert!(
            error
                .to_string()
                .contains("GenerateRequestsPerDayPerProjectPerModel-FreeTier")
        );
    }

    #[test]
    fn a_limit_of_zero_is_final() {
        let error = error(
            429,
            include_str!("../../tests/fixtures/429-limit-zero.json"),
        );
        assert_eq!((error.code(), error.is_retryable()), ("no_quota", false));
    }

    #[test]
    fn a_bad_key_is_told_from_a_bad_body() {
        let error = error(
            400,
            include_str!("../../tests/fixtures/400-api-key-invalid.json"),
        );
        assert_eq!(error.code(), "authentication_failed");
    }

    #[test]
    fn a_late_error_without_a_code_counts_as_internal() {
        let error = ApiError::from_fault(Fault::default());
        assert_eq!((error.http_status(), error.is_retryable()), (500, true));
    }
}
