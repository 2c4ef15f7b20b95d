//! The API's error object, as far as it can be read: reading it never fails.

use std::time::Duration;

use serde_json::Value;

/// What an error body says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Fault {
    /// The HTTP status the API means, also where the answer began with 200.
    pub(crate) code: Option<u16>,
    /// The API's word for it, for example `RESOURCE_EXHAUSTED`.
    pub(crate) status: Option<String>,
    pub(crate) message: Option<String>,
    /// `ErrorInfo.reason`, for example `API_KEY_INVALID`.
    pub(crate) reason: Option<String>,
    pub(crate) retry_delay: Option<Duration>,
    pub(crate) quotas: Vec<Quota>,
}

/// A limit that was exceeded.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Quota {
    pub(crate) id: String,
    pub(crate) limit: Option<String>,
}

impl Fault {
    /// Reads a body: an object with `error`, or that in a one-element array.
    pub(crate) fn from_body(body: &[u8]) -> Option<Self> {
        let json: Value = serde_json::from_slice(body.trim_ascii()).ok()?;
        let object = json.get(0).unwrap_or(&json);
        object.get("error").map(Self::from_error)
    }

    /// Reads the value of `error`.
    pub(crate) fn from_error(error: &Value) -> Self {
        let text = |name| error.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut fault = Self {
            code: code_of(error),
            status: text("status"),
            message: text("message").or_else(|| error.as_str().map(str::to_owned)),
            ..Self::default()
        };
        let details = error.get("details").and_then(Value::as_array);
        for detail in details.into_iter().flatten() {
            fault.add(detail);
        }
        fault
    }

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

/// The numeric code, or else the one that belongs to the status word.
fn code_of(error: &Value) -> Option<u16> {
    let number = error.get("code").and_then(Value::as_u64);
    let number = number.and_then(|code| u16::try_from(code).ok());
    number.or_else(|| code_of_status(error.get("status")?.as_str()?))
}

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

fn retry_delay(detail: &Value) -> Option<Duration> {
    let text = detail.get("retryDelay")?.as_str()?;
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

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
        let fault = Fault::from_body(body).unwrap();
        assert_eq!(fault.code, Some(429));
        assert_eq!(fault.status.as_deref(), Some("RESOURCE_EXHAUSTED"));
        assert_eq!(fault.reason.as_deref(), Some("RATE_LIMIT_EXCEEDED"));
        assert_eq!(fault.retry_delay, Some(Duration::from_secs(36)));
        assert_eq!(
            fault.quotas[0].id,
            "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
        );
        assert_eq!(fault.quotas[0].limit.as_deref(), Some("20"));
    }

    #[test]
    fn odd_shapes_are_read_as_far_as_they_go() {
        let read = |json: Value| Fault::from_body(json.to_string().as_bytes());
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
        assert_eq!(Fault::from_body(b"<html>"), None);
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
