//! Every answer that is not a success: RFC 9457, `application/problem+json`.

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
        /// The kinds of problem there are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Kind { $($name,)+ }

        impl Kind {
            /// Every kind there is.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its status, the code programs match on, and the kind in words.
            fn row(self) -> (StatusCode, &'static str, &'static str) {
                match self { $(Kind::$name => (StatusCode::$status, $code, $title),)+ }
            }
        }
    };
}

kinds! {
    NotJson = BAD_REQUEST, "invalid_json", "The body is not JSON";
    JsonTooDeep = BAD_REQUEST, "json_too_deep", "The JSON is nested too deep";
    UnreadableBody = BAD_REQUEST, "unreadable_body", "The body could not be read";
    UnknownParameter = BAD_REQUEST, "unknown_parameter", "The query has a parameter that is not known here";
    InvalidQuery = BAD_REQUEST, "invalid_query", "The query is not valid";
    BadCursor = BAD_REQUEST, "bad_cursor", "The cursor is not one of this list";
    InvalidEventId = BAD_REQUEST, "invalid_event_id", "This is not the number of an event";
    BeyondEnd = BAD_REQUEST, "beyond_the_end", "The log is not that long";
    InvalidIdempotencyKey = BAD_REQUEST, "invalid_idempotency_key", "The idempotency key is not valid";
    InvalidIfMatch = BAD_REQUEST, "invalid_if_match", "The If-Match header is not valid";
    NotHttp = BAD_REQUEST, "malformed_request", "The request is not HTTP";
    Unauthorized = UNAUTHORIZED, "unauthorized", "An API key is needed";
    HostNotAllowed = FORBIDDEN, "host_not_allowed", "This host name is not served";
    ForeignOrigin = FORBIDDEN, "foreign_origin", "Pages of this site may not do that";
    UnknownPath = NOT_FOUND, "not_found", "There is nothing at this path";
    UnknownWorkflow = NOT_FOUND, "unknown_workflow", "There is no such workflow";
    UnknownVersion = NOT_FOUND, "unknown_version", "The workflow has no such version";
    UnknownRun = NOT_FOUND, "unknown_run", "There is no such run";
    UnknownStep = NOT_FOUND, "unknown_step", "There is no such step";
    UnknownWait = NOT_FOUND, "unknown_wait", "There is no such wait";
    RunNotEnded = CONFLICT, "run_not_ended", "The run has not ended yet";
    RunStopped = CONFLICT, "run_stopped", "The run cannot go on";
    WaitAnswered = CONFLICT, "wait_answered", "The wait was answered already";
    WaitEnded = CONFLICT, "wait_ended", "What the wait belongs to has ended";
    WaitExpired = GONE, "wait_expired", "Nobody answered in time";
    OtherVersion = PRECONDITION_FAILED, "other_version", "The newest version is another";
    WrongMethod = METHOD_NOT_ALLOWED, "method_not_allowed", "This method is not served here";
    NotAcceptable = NOT_ACCEPTABLE, "not_acceptable", "There is no such form of it";
    BodyTooSlow = REQUEST_TIMEOUT, "body_too_slow", "The body took too long";
    BodyTooLarge = PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large";
    UrlTooLong = URI_TOO_LONG, "url_too_long", "The URL is too long";
    HeadTooLarge = REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", "The head of the request is too large";
    WrongMediaType = UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body must be JSON";
    InvalidWorkflow = UNPROCESSABLE_ENTITY, "invalid_workflow", "The workflow is not valid";
    InvalidInput = UNPROCESSABLE_ENTITY, "invalid_input", "The input is not what the workflow takes";
    InvalidAnswer = UNPROCESSABLE_ENTITY, "invalid_answer", "The answer is not what the step asks for";
    InvalidBody = UNPROCESSABLE_ENTITY, "invalid_body", "The body is not valid";
    KeyReused = UNPROCESSABLE_ENTITY, "idempotency_key_reused", "The key was used for something else";
    Busy = TOO_MANY_REQUESTS, "busy", "Too many runs are waiting";
    TooManyRequests = TOO_MANY_REQUESTS, "too_many_requests", "There are too many requests";
    TooManyReaders = TOO_MANY_REQUESTS, "too_many_readers", "Too many streams follow this run";
    TooManyWrongKeys = TOO_MANY_REQUESTS, "too_many_wrong_keys", "Too many wrong API keys came from this address";
    TooManyBodies = SERVICE_UNAVAILABLE, "too_many_bodies", "Too many bodies are being received";
    TooManyConnections = SERVICE_UNAVAILABLE, "too_many_connections", "There are too many connections";
    Interrupted = SERVICE_UNAVAILABLE, "interrupted", "The run was interrupted before it came to this";
    StoreFailed = SERVICE_UNAVAILABLE, "store_unavailable", "The store does not answer";
    ShuttingDown = SERVICE_UNAVAILABLE, "shutting_down", "The service is shutting down";
    Internal = INTERNAL_SERVER_ERROR, "internal", "Something went wrong in the service";
}

impl Kind {
    pub(crate) fn status(self) -> StatusCode {
        self.row().0
    }

    pub(crate) fn code(self) -> &'static str {
        self.row().1
    }

    pub(crate) fn title(self) -> &'static str {
        self.row().2
    }

    /// A problem of this kind, told in a sentence.
    pub(crate) fn of(self, detail: impl Into<String>) -> Problem {
        let (status, code, title) = self.row();
        let told = Box::new(workflow_core::error::Problem::new(code, detail).with_title(title));
        Problem {
            status,
            told,
            headers: Vec::new(),
        }
    }
}

pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// A problem on its way to the client.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    told: Box<workflow_core::error::Problem>,
    /// What else the client should know.
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem that is several faults in `what`.
    pub(crate) fn of_faults(kind: Kind, what: &str, faults: Vec<Fault>) -> Self {
        let detail = match faults.len() {
            1 => format!("1 fault in the {what}"),
            InvalidWorkflow::MAX => format!("{} faults in the {what}, or more", faults.len()),
            _ => format!("{} faults in the {what}", faults.len()),
        };
        let mut problem = kind.of(detail);
        problem.told.errors = faults;
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

    /// Adds a header.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says when to come back, in whole seconds.
    pub(crate) fn with_retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with(RETRY_AFTER, seconds.into())
    }

    /// Says that the connection ends with this.
    pub(crate) fn closing(self) -> Self {
        self.with(CONNECTION, HeaderValue::from_static("close"))
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The body: the failure as events show it, too, and the status.
    pub(crate) fn json(&self) -> Vec<u8> {
        let body = Body {
            told: &self.told,
            status: self.status.as_u16(),
        };
        serde_json::to_vec(&body).expect("texts and numbers make JSON")
    }

    /// What went wrong is for the log; the client learns only that it did.
    pub(crate) fn internal(cause: &dyn fmt::Debug) -> Self {
        tracing::error!(?cause, "a request failed");
        Kind::Internal.of("the service could not do this; its log says why")
    }
}

/// The body of a problem.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HttpProblem")]
pub(crate) struct Body<'a> {
    #[serde(flatten)]
    told: &'a workflow_core::error::Problem,
    /// The status of the answer.
    status: u16,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = self.json();
        let media_type = [(CONTENT_TYPE, MEDIA_TYPE)];
        (self.status, media_type, AppendHeaders(self.headers), body).into_response()
    }
}

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
            EngineError::InvalidRetry(faults) => Self::of_faults(Kind::InvalidBody, "body", faults),
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
            // Too deep; there is no other error.
            other => Kind::JsonTooDeep.of(other.to_string()),
        }
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Kind::InvalidQuery.of(rejection.body_text())
    }
}
