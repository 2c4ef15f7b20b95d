//! Error responses in the format of the API.

use axum::{
    extract::rejection::BytesRejection,
    http::StatusCode,
    response::{IntoResponse, Json, Response},
};
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct Refusal {
    code: StatusCode,
    status: &'static str,
    message: String,
    details: Vec<Value>,
}

impl Refusal {
    fn new(code: StatusCode, status: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            code,
            status,
            message,
            details: Vec::new(),
        }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    pub(super) fn internal() -> Self {
        let message = "The prompt asked for an internal error.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", message)
    }

    pub(super) fn rate_limited() -> Self {
        let message = "The prompt asked for a rate limit. Please retry in 2s.";
        let code = StatusCode::TOO_MANY_REQUESTS;
        let mut refusal = Self::new(code, "RESOURCE_EXHAUSTED", message);
        refusal.details =
            vec![json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2s"})];
        refusal
    }
}

impl From<BytesRejection> for Refusal {
    fn from(rejection: BytesRejection) -> Self {
        Self::new(
            rejection.status(),
            "INVALID_ARGUMENT",
            rejection.body_text(),
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut error = json!({
            "code": self.code.as_u16(),
            "message": self.message,
            "status": self.status,
        });
        if !self.details.is_empty() {
            error["details"] = self.details.into();
        }
        (self.code, Json(json!({ "error": error }))).into_response()
    }
}
