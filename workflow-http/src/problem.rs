//! Every response that is not a success: RFC 9457, `application/problem+json`.
//!
//! The table of [`Kind`] is the only list of problem codes. Codes are part of the API: clients match on them,
//! and they never change. Titles are for readers. Handlers return [`Problem`] and build no error response in
//! another way.
//!
//! Rules for the choice of a status:
//!
//! - 400: the request itself is malformed, independent of what is stored.
//! - 404: a resource in the path does not exist. A malformed id is an unknown one.
//! - 409, 410, 412: the state of the resource does not permit the request, or not any more.
//! - 422: well-formed JSON with faults in its content. `errors` has one entry per fault.
//! - 429, 503: a limit, a shutdown or the store; the same request may succeed later, so `Retry-After` is set.
//!
//! The detail states what was attempted with which value. It never contains the cause of an internal error, or a key.

use std::{fmt, time::Duration};

use axum::{
    extract::rejection::QueryRejection,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER},
    },
    response::{AppendHeaders, IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use workflow_core::{
    EngineError, Fault, InvalidWorkflow, executor::SignalError, store::StoreError, value::JsonError,
};

macro_rules! kinds {
    ($($name:ident = $status:ident, $code:literal, $title:literal;)+) => {
        /// The kinds of problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Kind { $($name,)+ }

        impl Kind {
            /// Every kind, in the order of the table. The API reference and its tests walk it.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)+];

            /// Status, code for programs, title for readers.
            fn row(self) -> (StatusCode, &'static str, &'static str) {
                match self { $(Kind::$name => (StatusCode::$status, $code, $title),)+ }
            }
        }
    };
}

// A new kind needs one line here, and a description in the operations that return it; a test finds those that are
// missing. A code is never renamed or removed. Sections of RFC 9110: 400 is 15.5.1, 401 15.5.2, 403 15.5.4, 404
// 15.5.5, 405 15.5.6, 406 15.5.7, 408 15.5.9, 409 15.5.10, 410 15.5.11, 412 15.5.13, 413 15.5.14, 414 15.5.15, 415
// 15.5.16, 422 15.5.21, 503 15.6.4. 429 and 431 are of RFC 6585, sections 4 and 5.
kinds! {
    NotJson = BAD_REQUEST, "invalid_json", "The body is not JSON";
    JsonTooDeep = BAD_REQUEST, "json_too_deep", "The JSON is nested too deep";
    UnreadableBody = BAD_REQUEST, "unreadable_body", "The body could not be read";
    UnknownParameter = BAD_REQUEST, "unknown_parameter", "The query has an unknown parameter";
    InvalidQuery = BAD_REQUEST, "invalid_query", "The query is not valid";
    BadCursor = BAD_REQUEST, "bad_cursor", "The cursor belongs to another list";
    InvalidEventId = BAD_REQUEST, "invalid_event_id", "The event id is not a number";
    BeyondEnd = BAD_REQUEST, "beyond_the_end", "The log has no such event";
    InvalidIdempotencyKey = BAD_REQUEST, "invalid_idempotency_key", "The idempotency key is not valid";
    InvalidIfMatch = BAD_REQUEST, "invalid_if_match", "The If-Match header is not valid";
    NotHttp = BAD_REQUEST, "malformed_request", "The request is not HTTP";
    Unauthorized = UNAUTHORIZED, "unauthorized", "An API key is needed";
    HostNotAllowed = FORBIDDEN, "host_not_allowed", "This host name is not served";
    ForeignOrigin = FORBIDDEN, "foreign_origin", "Pages of this site may not send writes";
    UnknownPath = NOT_FOUND, "not_found", "There is nothing at this path";
    UnknownWorkflow = NOT_FOUND, "unknown_workflow", "There is no such workflow";
    UnknownVersion = NOT_FOUND, "unknown_version", "The workflow has no such version";
    UnknownRun = NOT_FOUND, "unknown_run", "There is no such run";
    UnknownStep = NOT_FOUND, "unknown_step", "There is no such step";
    UnknownWait = NOT_FOUND, "unknown_wait", "There is no such wait";
    RunNotEnded = CONFLICT, "run_not_ended", "The run has not ended yet";
    RunStopped = CONFLICT, "run_stopped", "The run cannot continue";
    WaitAnswered = CONFLICT, "wait_answered", "The wait was answered already";
    WaitEnded = CONFLICT, "wait_ended", "The waiting step has ended";
    WaitExpired = GONE, "wait_expired", "The wait expired without an answer";
    OtherVersion = PRECONDITION_FAILED, "other_version", "The newest version is a different one";
    WrongMethod = METHOD_NOT_ALLOWED, "method_not_allowed", "This method is not served here";
    NotAcceptable = NOT_ACCEPTABLE, "not_acceptable", "None of the accepted media types is available";
    BodyTooSlow = REQUEST_TIMEOUT, "body_too_slow", "The body took too long";
    BodyTooLarge = PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large";
    UrlTooLong = URI_TOO_LONG, "url_too_long", "The URL is too long";
    HeadTooLarge = REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", "The head of the request is too large";
    WrongMediaType = UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body must be JSON";
    InvalidWorkflow = UNPROCESSABLE_ENTITY, "invalid_workflow", "The workflow is not valid";
    InvalidInput = UNPROCESSABLE_ENTITY, "invalid_input", "The input does not match the workflow's schema";
    InvalidAnswer = UNPROCESSABLE_ENTITY, "invalid_answer", "The answer does not match the step's schema";
    InvalidBody = UNPROCESSABLE_ENTITY, "invalid_body", "The body is not valid";
    KeyReused = UNPROCESSABLE_ENTITY, "idempotency_key_reused", "The idempotency key was used for another request";
    Busy = TOO_MANY_REQUESTS, "busy", "Too many runs are waiting";
    TooManyRequests = TOO_MANY_REQUESTS, "too_many_requests", "There are too many requests";
    TooManyReaders = TOO_MANY_REQUESTS, "too_many_readers", "Too many streams follow this run";
    TooManyWrongKeys = TOO_MANY_REQUESTS, "too_many_wrong_keys", "Too many wrong API keys from this address";
    TooManyBodies = SERVICE_UNAVAILABLE, "too_many_bodies", "Too many bodies are being received";
    TooManyConnections = SERVICE_UNAVAILABLE, "too_many_connections", "There are too many connections";
    Interrupted = SERVICE_UNAVAILABLE, "interrupted", "The run was interrupted before the request took effect";
    StoreFailed = SERVICE_UNAVAILABLE, "store_unavailable", "The store does not answer";
    ShuttingDown = SERVICE_UNAVAILABLE, "shutting_down", "The service is shutting down";
    Internal = INTERNAL_SERVER_ERROR, "internal", "The service failed";
}

impl Kind {
    pub(crate) fn status(self) -> StatusCode {
        self.row().0
    }

    pub(crate) fn code(self) -> &'static str {
        self.row().1
    }

    /// The title is the same for all problems of a kind, as RFC 9457, section 3.1.3, recommends.
    pub(crate) fn title(self) -> &'static str {
        self.row().2
    }

    /// A problem of this kind. `detail` is a sentence about this occurrence: lower case, no full stop.
    pub(crate) fn of(self, detail: impl Into<String>) -> Problem {
        let (status, code, title) = self.row();
        let content = Box::new(workflow_core::error::Problem::new(code, detail).with_title(title));
        Problem {
            status,
            content,
            headers: Vec::new(),
        }
    }
}

/// RFC 9457, section 3. It has no charset: JSON is UTF-8 (RFC 8259, section 8.1).
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// An error response: the failure in the shape that events also use, a status, and headers.
///
/// The box keeps `Result<T, Problem>` small.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    content: Box<workflow_core::error::Problem>,
    /// Additional headers, such as `Retry-After`.
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem with a list of faults in `what`, a noun for the detail.
    pub(crate) fn of_faults(kind: Kind, what: &str, faults: Vec<Fault>) -> Self {
        let detail = match faults.len() {
            1 => format!("1 fault in the {what}"),
            // Validation stops at this number.
            InvalidWorkflow::MAX => format!("{} or more faults in the {what}", faults.len()),
            _ => format!("{} faults in the {what}", faults.len()),
        };
        let mut problem = kind.of(detail);
        problem.content.errors = faults;
        problem
    }

    fn of_signal(error: SignalError) -> Self {
        let detail = error.to_string();
        match error {
            SignalError::NoSuchWait(_) => Kind::UnknownWait.of(detail),
            SignalError::Answered(_) => Kind::WaitAnswered.of(detail),
            SignalError::Expired(_) => Kind::WaitExpired.of(detail),
            SignalError::Ended(_) => Kind::WaitEnded.of(detail),
            SignalError::Invalid(faults) => Self::of_faults(Kind::InvalidAnswer, "answer", faults),
            other => Self::internal(&other),
        }
    }

    /// Adds a header. A name may be added twice; both are sent.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Adds `Retry-After`, in whole seconds and rounded up: a client that came earlier would be refused once more.
    /// It is a number of seconds and not a date (RFC 9110, section 10.2.3), so the clocks need not agree.
    pub(crate) fn with_retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with(RETRY_AFTER, seconds.into())
    }

    /// Adds `Connection: close`. For responses after which the rest of the request is still on the way: the bytes
    /// of a body would be read as the next request.
    pub(crate) fn closing(self) -> Self {
        self.with(CONNECTION, HeaderValue::from_static("close"))
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The body: the members of a problem in an event, and `status`.
    pub(crate) fn json(&self) -> Vec<u8> {
        let body = Body {
            content: &self.content,
            status: self.status.as_u16(),
        };
        serde_json::to_vec(&body).expect("strings and numbers serialize")
    }

    /// A problem with the code `internal`. The cause is logged and not sent: it may contain paths or data of others.
    pub(crate) fn internal(cause: &dyn fmt::Debug) -> Self {
        tracing::error!(?cause, "a request failed");
        Kind::Internal.of("the service could not process the request; see its log")
    }
}

/// The body of a problem response.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HttpProblem")]
pub(crate) struct Body<'a> {
    #[serde(flatten)]
    content: &'a workflow_core::error::Problem,
    /// The HTTP status of the response.
    status: u16,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = self.json();
        // Headers are appended, not inserted: `AppendHeaders` keeps two with the same name.
        let media_type = [(CONTENT_TYPE, MEDIA_TYPE)];
        (self.status, media_type, AppendHeaders(self.headers), body).into_response()
    }
}

/// Each `Retry-After` is an estimate: a queue moves within a second, a restart or a store needs some.
///
/// The text of an [`EngineError`] is written for callers, so it is the detail. Its sources are not: the cause of a
/// failed store is logged only. Errors that a caller cannot cause or change become 500 `internal`, among them those
/// of later versions, since the enum is non-exhaustive.
impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let detail = error.to_string();
        match error {
            EngineError::Invalid(invalid) => {
                Self::of_faults(Kind::InvalidWorkflow, "workflow", invalid.into_faults())
            }
            EngineError::InvalidInput(faults) => {
                Self::of_faults(Kind::InvalidInput, "input", faults)
            }
            EngineError::InvalidRetry(faults)
            | EngineError::InvalidBudget(faults)
            | EngineError::InvalidEvaluation(faults) => {
                Self::of_faults(Kind::InvalidBody, "body", faults)
            }
            EngineError::Signal(error) => Self::of_signal(error),
            EngineError::OtherVersion { .. } => Kind::OtherVersion.of(detail),
            EngineError::KeyReused(_) => Kind::KeyReused.of(detail),
            EngineError::NotEnded(_) => Kind::RunNotEnded.of(detail),
            EngineError::Stopped { .. } => Kind::RunStopped.of(detail),
            EngineError::NoSuchWorkflow(_) => Kind::UnknownWorkflow.of(detail),
            EngineError::NoSuchVersion { .. } => Kind::UnknownVersion.of(detail),
            EngineError::NoSuchRun(_) => Kind::UnknownRun.of(detail),
            EngineError::NoSuchStep(_) => Kind::UnknownStep.of(detail),
            EngineError::BeyondEnd { .. } => Kind::BeyondEnd.of(detail),
            EngineError::BadCursor => Kind::BadCursor.of(detail),
            EngineError::Busy { .. } => Kind::Busy
                .of(detail)
                .with_retry_after(Duration::from_secs(1)),
            EngineError::Interrupted(_) => Kind::Interrupted
                .of(detail)
                .with_retry_after(Duration::from_secs(5)),
            EngineError::ShuttingDown => Kind::ShuttingDown
                .of(detail)
                .with_retry_after(Duration::from_secs(5)),
            EngineError::Store(error @ StoreError::Unavailable(_)) => {
                tracing::error!(?error, "a request failed");
                Kind::StoreFailed
                    .of(error.to_string())
                    .with_retry_after(Duration::from_secs(5))
            }
            other => Self::internal(&other),
        }
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Syntax(error) => Kind::NotJson.of(error.to_string()),
            JsonError::Faults(faults) => Self::of_faults(Kind::InvalidBody, "body", faults),
            // The enum is non-exhaustive; its only other error today is nesting.
            other => Kind::JsonTooDeep.of(other.to_string()),
        }
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Kind::InvalidQuery.of(rejection.body_text())
    }
}
