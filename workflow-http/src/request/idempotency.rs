//! `Idempotency-Key`: a repeated request with the same key returns the run of the first one.
//!
//! The header follows draft-ietf-httpapi-idempotency-key-header. The engine compares requests and keeps the
//! key as long as the run.
//!
//! The scope of a key is the workflow, or for a retry the run that is retried: clients need not coordinate keys between
//! workflows. The same key with another request is 422 `idempotency_key_reused`, which the draft recommends, since
//! returning the first run would hide a defect of the client.

use axum::{
    extract::FromRequestParts,
    http::{HeaderName, request::Parts},
};

use crate::{
    app::App,
    problem::{Kind, Problem},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The most characters of a key. Keys are stored with the run, so they need a limit.
const MAX_LEN: usize = 255;

/// The optional key of a request: 1 to 255 visible ASCII characters, in one header.
///
/// The draft defines the value as a string of Structured Fields, in quotes; most clients send it without. Both are
/// accepted, and quotes are part of the key: a client must send a key in the same form each time.
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl FromRequestParts<App> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let mut keys = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(key) = keys.next() else {
            return Ok(Self(None));
        };
        let invalid = || {
            let detail = format!(
                "an Idempotency-Key has 1 to {MAX_LEN} visible ASCII characters without spaces"
            );
            Kind::InvalidIdempotencyKey.of(detail)
        };
        let text = key.to_str().map_err(|_| invalid())?;
        let is_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        // Two headers could be two keys, or one key twice by a proxy: neither can be guessed.
        if keys.next().is_some() || !is_word || text.len() > MAX_LEN {
            return Err(invalid());
        }
        Ok(Self(Some(text.to_owned())))
    }
}
