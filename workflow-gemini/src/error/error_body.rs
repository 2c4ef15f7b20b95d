//! The error object of the API (`google.rpc.Status` as JSON), read leniently.
//!
//! Reading never fails: an error body with one unexpected field must still give its status and
//! message. Proxies and older versions of the API deviate in every field.

use std::time::Duration;

use serde_json::Value;

/// The fields of an error object that the client uses. Its texts are unredacted.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ErrorBody {
    /// The HTTP status. It differs from the status of the answer if a stream began with 200.
    pub(crate) code: Option<u16>,
    /// The canonical status (`google.rpc.Code`), for example `RESOURCE_EXHAUSTED`.
    pub(crate) status: Option<String>,
    pub(crate) message: Option<String>,
    /// `ErrorInfo.reason`, for example `API_KEY_INVALID`.
    pub(crate) reason: Option<String>,
    /// `RetryInfo.retryDelay`.
    pub(crate) retry_delay: Option<Duration>,
    /// The violations of `QuotaFailure`.
    pub(crate) quotas: Vec<Quota>,
}

/// A quota that was exceeded.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Quota {
    pub(crate) id: String,
    pub(crate) limit: Option<String>,
}

impl ErrorBody {
    /// Reads a body: an object with `error`, or an array with such an object, as the streaming method
    /// sends it. `None` if it is neither.
    pub(crate) fn from_body(body: &[u8]) -> Option<Self> {
        let json: Value = serde_json::from_slice(body.trim_ascii()).ok()?;
        let object = json.get(0).unwrap_or(&json);
        object.get("error").map(Self::from_error)
    }

    /// Reads the value of `error`.
    ///
    /// A plain string, which some proxies send as `error`, becomes the message.
    pub(crate) fn from_error(error: &Value) -> Self {
        let text = |name| error.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut error_body = Self {
            code: code_of(error),
            status: text("status"),
            message: text("message").or_else(|| error.as_str().map(str::to_owned)),
            ..Self::default()
        };
        let details = error.get("details").and_then(Value::as_array);
        for detail in details.into_iter().flatten() {
            error_body.add(detail);
        }
        error_body
    }

    /// Reads one of the typed details. The type is a URL such as
    /// `type.googleapis.com/google.rpc.RetryInfo`; only the last part matters.
    fn add(&mut self, detail: &Value) {
        let kind = detail.get("@type").and_then(Value::as_str);
        match kind.and_then(|name| name.rsplit('.').next()) {
            Some("RetryInfo") => self.retry_delay = retry_delay(detail),
            Some("ErrorInfo") => {
                self.reason = detail
                    .get("reason")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
            }
            Some("QuotaFailure") => self.quotas.extend(quotas(detail)),
            _ => {}
        }
    }
}

/// The numeric code, or else the HTTP status of the canonical status. A code that is no number in the range of
/// `u16` counts as missing.
fn code_of(error: &Value) -> Option<u16> {
    let number = error.get("code").and_then(Value::as_u64);
    let number = number.and_then(|code| u16::try_from(code).ok());
    number.or_else(|| code_of_status(error.get("status")?.as_str()?))
}

/// The HTTP mapping in `google/rpc/code.proto`.
fn code_of_status(status: &str) -> Option<u16> {
    Some(match status {
        "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE" => 400,
        "UNAUTHENTICATED" => 401,
        "PERMISSION_DENIED" => 403,
        "NOT_FOUND" => 404,
        "RESOURCE_EXHAUSTED" => 429,
        "CANCELLED" => 499,
        "INTERNAL" => 500,
        "UNAVAILABLE" => 503,
        "DEADLINE_EXCEEDED" => 504,
        _ => return None,
    })
}

/// A `google.protobuf.Duration` as JSON: decimal seconds with the suffix `s`. A negative or infinite number of
/// seconds counts as no wait.
fn retry_delay(detail: &Value) -> Option<Duration> {
    let text = detail.get("retryDelay")?.as_str()?;
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// The violations of a `QuotaFailure`. The id names period, scope and plan of a quota; without it, the
/// metric is used.
fn quotas(detail: &Value) -> impl Iterator<Item = Quota> {
    let violations = detail.get("violations").and_then(Value::as_array);
    violations.into_iter().flatten().map(|violation| {
        let text = |name| violation.get(name).and_then(Value::as_str);
        let id = text("quotaId").or_else(|| text("quotaMetric"));
        Quota {
            id: id.unwrap_or("unnamed quota").to_owned(),
            limit: text("quotaValue").map(str::to_owned),
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_full_error_is_read() {
        let body = include_bytes!("../../tests/fixtures/429-per-minute.json");
        let error_body = ErrorBody::from_body(body).unwrap();
        assert_eq!(error_body.code, Some(429));
        assert_eq!(error_body.status.as_deref(), Some("RESOURCE_EXHAUSTED"));
        assert_eq!(error_body.reason.as_deref(), Some("RATE_LIMIT_EXCEEDED"));
        assert_eq!(error_body.retry_delay, Some(Duration::from_secs(36)));
        assert_eq!(
            error_body.quotas[0].id,
            "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
        );
        assert_eq!(error_body.quotas[0].limit.as_deref(), Some("20"));
    }

    #[test]
    fn unexpected_shapes_are_read_as_far_as_possible() {
        let read = |json: Value| ErrorBody::from_body(json.to_string().as_bytes());
        let wrapped = read(json!([{"error": {"code": 503, "message": "busy"}}])).unwrap();
        assert_eq!(
            (wrapped.code, wrapped.message.as_deref()),
            (Some(503), Some("busy"))
        );
        let odd = json!({"error": {"code": "invalid_request", "status": "NOT_FOUND", "details": {
            "a": 1}, "message": 7}});
        assert_eq!(read(odd).unwrap().code, Some(404));
        let dimensions = json!({"error": {"details": [{"@type": "x/google.rpc.QuotaFailure",
            "violations": [{"quotaDimensions": "odd"}, 3]}, null, {"@type": 1}]}});
        assert_eq!(read(dimensions).unwrap().quotas.len(), 2);
        assert_eq!(
            read(json!({"error": "nope"})).unwrap().message.as_deref(),
            Some("nope")
        );
        assert_eq!(read(json!({"message": "no error in it"})), None);
        assert_eq!(ErrorBody::from_body(b"<html>"), None);
    }

    #[test]
    fn delays_are_decimal_seconds() {
        let read = |text: &str| retry_delay(&json!({"retryDelay": text}));
        assert_eq!(read("0.5s"), Some(Duration::from_millis(500)));
        assert_eq!(read("36.429760048s").map(|it| it.as_secs()), Some(36));
        for wrong in ["36", "-1s", "NaNs", "1e99s", "s", "1m"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
