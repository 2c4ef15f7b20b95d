//! [`ApiError`]: a refusal of the API, with its class and the wait that the API asks for.

use std::{fmt, time::Duration};

use workflow_httpkit::Secret;
use workflow_llm::gate::Refusal;

use super::{
    class::{Class, is_daily},
    error_body::ErrorBody,
    excerpt::excerpt,
};

/// The cool-down of a model whose quota is exhausted. The end of the quota's period is not known here,
/// and the quota may be raised at any time, so one request a minute checks.
const EXHAUSTED_QUOTA_WAIT: Duration = Duration::from_secs(60);

/// A refusal: an error status of the API or of a proxy, or an error object within a stream.
///
/// Its message names the status, the quota and the API's own words. Returned by
/// [`GeminiError::Api`](crate::GeminiError::Api) and
/// [`GeminiError::CoolingDown`](crate::GeminiError::CoolingDown).
#[derive(Clone, Debug)]
pub struct ApiError {
    class: Class,
    http_status: u16,
    status: Option<String>,
    message: String,
    quota: Option<String>,
    retry_after: Option<Duration>,
    hint: Option<String>,
    /// Whether an answer had begun.
    in_answer: bool,
}

impl ApiError {
    /// Reads the answer of an error status. `retry_after_header` is the wait from its headers, which
    /// wins over the body's. A body that is no error object becomes the message.
    pub(crate) fn from_answer(
        http_status: u16,
        body: &[u8],
        retry_after_header: Option<Duration>,
    ) -> Self {
        // A proxy answers with HTML or plain text. Its first words are often the only hint at the cause.
        let error_body = ErrorBody::from_body(body).unwrap_or_else(|| ErrorBody {
            message: Some(String::from_utf8_lossy(body).into_owned()),
            ..ErrorBody::default()
        });
        Self::new(http_status, error_body, retry_after_header)
    }

    /// Converts an error object in an answer that began with status 200. Without a code it counts as 500, since the
    /// API had accepted the request. A code below 400 would make an error object a success, so it does not count as
    /// one.
    pub(crate) fn from_error_body(error_body: ErrorBody) -> Self {
        let code = error_body.code.filter(|code| *code >= 400).unwrap_or(500);
        Self {
            in_answer: true,
            ..Self::new(code, error_body, None)
        }
    }

    /// Whether the refusal costs nothing: the API sent it instead of an answer. A proxy that gave up may have left an answer behind
    /// that is billed.
    pub(crate) fn is_free(&self) -> bool {
        let is_of_api = self.status.is_some() && self.http_status != 504;
        let is_of_proxy = self.http_status >= 500 || matches!(self.http_status, 408 | 499);
        !self.in_answer && (is_of_api || !is_of_proxy)
    }

    /// A wait is kept only for retryable errors: after a permanent one it would mislead the caller.
    fn new(http_status: u16, error_body: ErrorBody, retry_after_header: Option<Duration>) -> Self {
        let class = Class::of(http_status, &error_body);
        let retry_after = retry_after_header.or(error_body.retry_delay);
        Self {
            class,
            http_status,
            quota: exceeded(&error_body),
            retry_after: retry_after.filter(|_| class.is_retryable()),
            hint: None,
            in_answer: false,
            status: error_body.status,
            message: error_body.message.unwrap_or_default(),
        }
    }

    /// Sets a hint that wins over that of the code.
    pub(crate) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// A hint for this error, if the hint of its code does not fit.
    pub(crate) fn own_hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The HTTP status, or the status in an error object within a stream.
    pub fn http_status(&self) -> u16 {
        self.http_status
    }

    /// The canonical status of Google APIs (`google.rpc.Code`), for example `RESOURCE_EXHAUSTED`.
    pub fn status(&self) -> Option<&str> {
        self.status.as_deref()
    }

    /// The message of the API, or the first characters of a body that is not from the API. One line, at
    /// most 1,000 characters, without the key.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The quota that was exceeded, for example
    /// `GenerateRequestsPerDayPerProjectPerModel-FreeTier`.
    pub fn quota(&self) -> Option<&str> {
        self.quota.as_deref()
    }

    /// A stable `snake_case` code for the class of the refusal.
    pub fn code(&self) -> &'static str {
        self.class.code()
    }

    /// Whether the same request may succeed in a later attempt.
    pub fn is_retryable(&self) -> bool {
        self.class.is_retryable()
    }

    /// The wait that the API asked for. `None` if it asked for none, or if waiting does not help. From the header
    /// `Retry-After` or `retry-after-ms`, else from `RetryInfo` in the body.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Removes the key from the API's texts, in case the API or a proxy echoes it, and shortens them.
    pub(crate) fn redact(&mut self, key: &Secret) {
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

    /// A minute for an exhausted quota; other refusals cool down for as long as the API asks.
    fn cool_down(&self) -> Option<Duration> {
        match self.class {
            Class::DailyQuota | Class::NoQuota => Some(EXHAUSTED_QUOTA_WAIT),
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
        // The cause, as a part of the message. The advice of `GeminiError::hint` is a separate field.
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

/// The quota to name in the message: the daily one if there are several, since it lasts longest.
fn exceeded(error_body: &ErrorBody) -> Option<String> {
    let daily = error_body.quotas.iter().find(|quota| is_daily(&quota.id));
    let named = daily.or(error_body.quotas.first())?;
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
    fn the_wait_is_read_from_the_header_or_else_from_the_body() {
        let body = include_str!("../../tests/fixtures/429-per-minute.json");
        assert_eq!(
            error(429, body).retry_after(),
            Some(Duration::from_secs(36))
        );
        let retry_after_header = Some(Duration::from_secs(5));
        let both = ApiError::from_answer(429, body.as_bytes(), retry_after_header);
        assert_eq!(both.retry_after(), retry_after_header);
    }

    #[test]
    fn a_daily_quota_is_permanent_and_named_whatever_the_requested_wait() {
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
    fn a_limit_of_zero_is_permanent() {
        let error = error(
            429,
            include_str!("../../tests/fixtures/429-limit-zero.json"),
        );
        assert_eq!((error.code(), error.is_retryable()), ("no_quota", false));
    }

    #[test]
    fn an_invalid_key_is_distinguished_from_an_invalid_body() {
        let error = error(
            400,
            include_str!("../../tests/fixtures/400-api-key-invalid.json"),
        );
        assert_eq!(error.code(), "authentication_failed");
    }

    #[test]
    fn a_late_error_without_a_code_counts_as_internal() {
        let error = ApiError::from_error_body(ErrorBody::default());
        assert_eq!((error.http_status(), error.is_retryable()), (500, true));
    }
}
