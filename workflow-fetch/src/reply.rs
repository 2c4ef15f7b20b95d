//! The response of a server as the output of a node.

use std::sync::LazyLock;

use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, SET_COOKIE},
};
use serde_json::{Map, Value, json};

use crate::error::FetchError;

/// The JSON Schema of an output. The engine checks references to its fields, and editors complete them.
pub(crate) static OUTPUT: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "type": "object",
        "properties": {
            "status": {"type": "integer", "description": "The HTTP status."},
            "headers": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "The headers, with names in lower case and without cookies.",
            },
            "body": {
                "description": "JSON if the content type says so, otherwise text; `null` if it is empty.",
            },
        },
    })
});

/// A complete response.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// `{"status", "headers", "body"}`. The body is JSON if its content type says so, otherwise text, and
    /// `null` if it is empty.
    ///
    /// # Errors
    /// [`FetchError::BodyNotText`] if the body is not UTF-8, [`FetchError::BodyNotJson`] if it is not
    /// valid JSON.
    pub(crate) fn output(&self) -> Result<Value, FetchError> {
        Ok(json!({
            "status": self.status.as_u16(),
            "headers": visible(&self.headers),
            "body": self.body()?,
        }))
    }

    /// The body. A byte order mark is removed: RFC 8259 forbids it in JSON, but some services send it.
    fn body(&self) -> Result<Value, FetchError> {
        let kind = text_of(&self.headers, &CONTENT_TYPE);
        let text = str::from_utf8(&self.body);
        let text = text.map_err(|_| FetchError::BodyNotText(kind.clone()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.is_empty() {
            return Ok(Value::Null);
        }
        if is_json(&kind) {
            return serde_json::from_str(text).map_err(FetchError::BodyNotJson);
        }
        Ok(text.into())
    }
}

/// The headers with names in lower case, without cookies: a session cookie is a credential, and outputs
/// are stored and shown.
fn visible(headers: &HeaderMap) -> Map<String, Value> {
    let names = headers.keys().filter(|name| *name != SET_COOKIE);
    names
        .map(|name| (name.to_string(), text_of(headers, name).into()))
        .collect()
}

/// The value of a header. Several values of one name are joined by commas (RFC 9110, section 5.3).
fn text_of(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter();
    let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.collect::<Vec<_>>().join(", ")
}

/// Whether a content type is JSON: `application/json`, or one with the suffix `+json` (RFC 6839).
fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind == "application/json" || kind == "text/json" || kind.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn body(kind: &'static str, body: &[u8]) -> Result<Value, FetchError> {
        let headers = [(CONTENT_TYPE, HeaderValue::from_static(kind))];
        let reply = Reply {
            status: StatusCode::OK,
            headers: headers.into_iter().collect(),
            body: body.to_vec(),
        };
        Ok(reply.output()?["body"].take())
    }

    #[test]
    fn the_content_type_decides_whether_the_body_is_json() {
        for kind in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/problem+json",
        ] {
            assert_eq!(
                body(kind, b"{\"a\":1}").ok(),
                Some(json!({"a": 1})),
                "{kind}"
            );
        }
        for kind in ["text/plain", "", "application/jsonl"] {
            assert_eq!(
                body(kind, b"{\"a\":1}").ok(),
                Some(json!("{\"a\":1}")),
                "{kind}"
            );
        }
        assert_eq!(body("application/json", b"").ok(), Some(Value::Null));
        assert_eq!(
            body("application/json", b"\xef\xbb\xbf[]").ok(),
            Some(json!([]))
        );
        let invalid = body("application/json", b"{");
        assert!(matches!(invalid, Err(FetchError::BodyNotJson(_))));
        let binary = body("image/png", b"\x89PNG");
        assert!(matches!(binary, Err(FetchError::BodyNotText(kind)) if kind == "image/png"));
    }

    #[test]
    fn headers_are_listed_without_cookies() {
        let headers = [
            ("x-a", HeaderValue::from_static("1")),
            ("x-a", HeaderValue::from_static("2")),
            ("set-cookie", HeaderValue::from_static("session=s3cret")),
        ];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value);
        }
        assert_eq!(Value::Object(visible(&map)), json!({"x-a": "1, 2"}));
    }
}
