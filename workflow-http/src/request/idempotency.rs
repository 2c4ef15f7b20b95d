//! `Idempotency-Key`: asking again by the same key gives the same run.

use axum::{
    extract::FromRequestParts,
    http::{HeaderName, request::Parts},
};

use crate::{
    app::App,
    problem::{Kind, Problem},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The most characters of a key.
const MAX_LEN: usize = 255;

/// The key of a request, if it has one: 1 to 255 visible ASCII characters.
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl FromRequestParts<App> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let mut keys = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(key) = keys.next() else {
            return Ok(Self(None));
        };
        let invalid = || {
            let detail =
                format!("an Idempotency-Key is one word of 1 to {MAX_LEN} ASCII characters");
            Kind::InvalidIdempotencyKey.of(detail)
        };
        let text = key.to_str().map_err(|_| invalid())?;
        let is_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if keys.next().is_some() || !is_word || text.len() > MAX_LEN {
            return Err(invalid());
        }
        Ok(Self(Some(text.to_owned())))
    }
}
