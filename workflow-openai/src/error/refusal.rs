//! [`Refusal`]: a refusal of the API, with its class and the wait that the API asks for.

use std::{fmt, time::Duration};

use reqwest::header::HeaderMap;
use serde_json::Value;
use workflow_httpkit::Redactor;

use super::{class::Class, excerpt};

/// The cool-down of a model whose credit is used up. It may be raised at any time, so one request a minute checks.
const NO_QUOTA_WAIT: Duration = Duration::from_secs(60);

/// An error status of the API or of a proxy, or an error object within an answer.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) class: Class,
    http_status: u16,
    /// `code` or `type` of the error object.
    name: Option<String>,
    message: String,
    retry_after: Option<Duration>,
    /// The header `x-should-retry`.
    should_retry: Option<bool>,
    /// Whether the body is an error object of the API.
    is_of_api: bool,
    /// Whether an answer had begun.
    in_answer: bool,
}

/// The error object, read leniently: each compatible server has its own.
#[derive(Debug, Default, PartialEq)]
struct ErrorBody {
    status: Option<u16>,
    code: Option<String>,
    kind: Option<String>,
    message: String,
}

impl Refusal {
    /// Reads an answer with an error status. A body that is no error object becomes the message.
    pub(crate) fn from_answer(
        http_status: u16,
        headers: &HeaderMap,
        body: &[u8],
        retry_after: Option<Duration>,
    ) -> Self {
        let json: Option<Value> = serde_json::from_slice(body.trim_ascii()).ok();
        let error_body = json.as_ref().and_then(ErrorBody::of);
        let is_of_api = error_body.is_some();
        let error_body = error_body.unwrap_or_else(|| ErrorBody {
            message: String::from_utf8_lossy(body).into_owned(),
            ..ErrorBody::default()
        });
        let should_retry = headers.get("x-should-retry");
        let should_retry = should_retry.and_then(|it| it.to_str().ok()?.trim().parse().ok());
        Self {
            retry_after,
            should_retry,
            is_of_api,
            in_answer: false,
            ..Self::new(http_status, error_body)
        }
    }

    /// The error object in a chunk of an answer that began with status 200.
    pub(crate) fn in_answer(chunk: &Value) -> Option<Self> {
        let is_error = chunk["object"] == "error" || !is_blank(&chunk["error"]);
        let error_body = is_error.then(|| ErrorBody::of(chunk)).flatten()?;
        let names = [&error_body.code, &error_body.kind];
        let by_name = names.into_iter().flatten().find_map(|name| status_of(name));
        // The API had accepted the request, so without a code it is an internal error.
        let status = error_body.status.or(by_name).unwrap_or(500);
        Some(Self::new(status, error_body))
    }

    fn new(http_status: u16, error_body: ErrorBody) -> Self {
        let ErrorBody {
            code,
            kind,
            message,
            ..
        } = error_body;
        Self {
            class: Class::of(http_status, code.as_deref(), kind.as_deref()),
            http_status,
            name: code.or(kind),
            message,
            retry_after: None,
            should_retry: None,
            is_of_api: true,
            in_answer: true,
        }
    }

    /// Whether the same request may succeed later. The API's own word counts, but for a credit that is used up.
    pub(crate) fn is_retryable(&self) -> bool {
        match self.should_retry {
            Some(should) if self.class != Class::NoQuota => should,
            _ => self.class.is_retryable(),
        }
    }

    /// The wait that the API asks for. `None` after a permanent refusal, where it would mislead.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after.filter(|_| self.is_retryable())
    }

    /// Whether the refusal costs nothing. A proxy that gave up may have left an answer behind that is billed.
    pub(crate) fn is_free(&self) -> bool {
        let is_of_proxy = self.http_status >= 500 || matches!(self.http_status, 408 | 499);
        !self.in_answer && ((self.is_of_api && self.http_status != 504) || !is_of_proxy)
    }

    /// Whether a 404 is rather that of a wrong address than of an unknown model.
    pub(crate) fn is_foreign(&self) -> bool {
        !self.is_of_api
    }

    /// Removes secrets from the texts of the server, and shortens them.
    pub(crate) fn redact(&mut self, redactor: &Redactor) {
        self.message = excerpt(&self.message, redactor);
        self.name = self.name.take().map(|name| excerpt(&name, redactor));
    }
}

impl workflow_llm::gate::Refusal for Refusal {
    fn is_over_limit(&self) -> bool {
        self.class == Class::RateLimited
    }

    fn cool_down(&self) -> Option<Duration> {
        match self.class {
            Class::NoQuota => Some(NO_QUOTA_WAIT),
            _ => self.retry_after(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.http_status)?;
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

impl ErrorBody {
    /// Reads a body: `{"error": {…}}`, `{"error": "text"}`, `{"object": "error", "message": …}`, `{"detail": …}`, or a list with
    /// one of them (Gemini's layer). `None` if it is something else.
    fn of(body: &Value) -> Option<Self> {
        let body = body.get(0).unwrap_or(body);
        let error = [&body["error"], &body["detail"]]
            .into_iter()
            .find(|it| !is_blank(it));
        let error = error.or_else(|| body["message"].is_string().then_some(body))?;
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()).filter(|it| !it.is_empty()),
            _ => None,
        };
        let code = &error["code"];
        Some(Self {
            status: code
                .as_u64()
                .and_then(|it| it.try_into().ok())
                .filter(|it| *it >= 400),
            code: text(code),
            kind: text(&error["type"]).or_else(|| text(&error["status"])),
            message: [&error["message"], error]
                .into_iter()
                .find_map(text)
                .unwrap_or_else(|| error.to_string()),
        })
    }
}

/// Whether a field is there for nothing: some servers send `"error": null` or `{}` in each chunk.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// The status of a code or type in an answer that began with 200.
fn status_of(name: &str) -> Option<u16> {
    Some(match name {
        "invalid_request_error" | "context_length_exceeded" | "BadRequestError" => 400,
        "authentication_error" | "invalid_api_key" => 401,
        "permission_error" => 403,
        "model_not_found" | "not_found_error" => 404,
        "rate_limit_exceeded"
        | "rate_limit_error"
        | "insufficient_quota"
        | "tokens"
        | "requests" => 429,
        "overloaded_error" | "overloaded" | "service_unavailable" => 503,
        number => number
            .parse()
            .ok()
            .filter(|status| (400..600).contains(status))?,
    })
}
