//! Which media types a body may have.

use axum::http::{HeaderMap, header::CONTENT_TYPE};

use crate::{
    access::{Origin, origin},
    problem::{Kind, Problem},
};

/// What a request says of its body.
enum Media {
    Json,
    /// What `curl -d` sends when it is told nothing, and what an HTML form sends.
    Unsaid,
    Other(String),
}

impl Media {
    fn of(headers: &HeaderMap) -> Self {
        let Some(header) = headers.get(CONTENT_TYPE) else {
            return Self::Unsaid;
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
            "application/x-www-form-urlencoded" => Self::Unsaid,
            name if name.starts_with("application/") && name.ends_with("+json") => Self::Json,
            _ => Self::Other(name),
        }
    }
}

/// Lets bodies through that are JSON, or may well be.
///
/// A page of another site can send a form without asking, but not `application/json`. So a body
/// that does not say that it is JSON is taken only from what is not a foreign page.
pub(crate) fn check(headers: &HeaderMap, allowed: &[Origin]) -> Result<(), Problem> {
    match Media::of(headers) {
        Media::Json => Ok(()),
        Media::Unsaid if !origin::is_foreign(headers, allowed) => Ok(()),
        Media::Unsaid => {
            Err(Kind::WrongMediaType.of("a page of another site must send application/json"))
        }
        Media::Other(name) => {
            Err(Kind::WrongMediaType.of(format!("the body is {name:?}, not application/json")))
        }
    }
}
