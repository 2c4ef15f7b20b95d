//! The media types of request bodies.

use axum::http::{HeaderMap, header::CONTENT_TYPE};

use crate::{
    access::{Origin, origin},
    problem::{Kind, Problem},
};

/// The `Content-Type` of a request, as far as it matters. Parameters such as `charset` are ignored: JSON is always
/// UTF-8 (RFC 8259, section 8.1), and a body in another encoding is not valid JSON.
enum Media {
    Json,
    /// No type, or the type of HTML forms, which `curl -d` sends by default.
    Unspecified,
    Other(String),
}

impl Media {
    fn of(headers: &HeaderMap) -> Self {
        let Some(header) = headers.get(CONTENT_TYPE) else {
            return Self::Unspecified;
        };
        let text = String::from_utf8_lossy(header.as_bytes());
        let name = text
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match name.as_str() {
            "application/json" => Self::Json,
            "application/x-www-form-urlencoded" => Self::Unspecified,
            // The suffix of RFC 6839, section 3.1, such as `application/merge-patch+json`.
            name if name.starts_with("application/") && name.ends_with("+json") => Self::Json,
            _ => Self::Other(name),
        }
    }
}

/// Accepts bodies whose type is JSON or unspecified.
///
/// A page of another site can send the type of a form without a CORS preflight request, but not
/// `application/json` (Fetch standard, "CORS-safelisted request-header"). So an unspecified type is refused if a
/// page of another site sent the request.
///
/// The check does not depend on `guard`, which may be off for a router that another server serves.
///
/// # Errors
/// 415 `unsupported_media_type`.
pub(crate) fn check(headers: &HeaderMap, allowed: &[Origin]) -> Result<(), Problem> {
    match Media::of(headers) {
        Media::Json => Ok(()),
        Media::Unspecified if !origin::is_foreign(headers, allowed) => Ok(()),
        Media::Unspecified => {
            Err(Kind::WrongMediaType.of("a page of another site must send application/json"))
        }
        Media::Other(name) => Err(Kind::WrongMediaType.of(format!(
            "the content type is {name:?}; send application/json"
        ))),
    }
}
