//! Lets in who shows an API key.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{AUTHORIZATION, WWW_AUTHENTICATE},
    },
    middleware::Next,
    response::Response,
};

#[cfg(feature = "ui")]
use crate::page;
use crate::{
    budget::Budget,
    key::ApiKey,
    openapi,
    options::Options,
    problem::{Kind, Problem},
};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The keys of a service, and what each may still ask.
pub(crate) struct Keyring(Vec<(ApiKey, Budget)>);

impl Keyring {
    pub(crate) fn new(options: &Options) -> Arc<Self> {
        let budget = || Budget::per_minute(options.limits.requests_per_minute);
        let keys = options.api_keys.iter();
        Arc::new(Self(keys.map(|key| (key.clone(), budget())).collect()))
    }

    fn admit(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(shown) = shown(headers) else {
            let detail = "send an API key, as `authorization: Bearer KEY` or `x-api-key: KEY`";
            return Err(challenge(detail, "Bearer"));
        };
        let shown = ApiKey::shown(shown);
        let Some((_, budget)) = self.0.iter().find(|(key, _)| *key == shown) else {
            let detail = "the API key is not one of this service";
            return Err(challenge(detail, "Bearer error=\"invalid_token\""));
        };
        budget.take().map_err(|wait| {
            let limit = budget.requests();
            let detail = format!("one API key may ask {limit} times a minute; wait for a moment");
            Kind::TooManyRequests.of(detail).retry_after(wait)
        })
    }
}

/// The keyring as a middleware.
pub(crate) async fn check(
    State(keys): State<Arc<Keyring>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if !is_open(request.uri().path()) {
        keys.admit(request.headers())?;
    }
    Ok(next.run(request).await)
}

/// Whether it is served to everybody: probes, what the API is, and the page, which asks its reader for a key.
fn is_open(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | openapi::PAGE) || is_page(path)
}

#[cfg(feature = "ui")]
fn is_page(path: &str) -> bool {
    page::has(path)
}

#[cfg(not(feature = "ui"))]
fn is_page(_: &str) -> bool {
    false
}

/// The key that a request shows.
fn shown(headers: &HeaderMap) -> Option<&[u8]> {
    let bearer = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let bearer = bearer.and_then(|value| {
        let (scheme, key) = value.split_at_checked("Bearer ".len())?;
        scheme.eq_ignore_ascii_case(b"Bearer ").then_some(key)
    });
    bearer.or_else(|| headers.get(X_API_KEY).map(HeaderValue::as_bytes))
}

fn challenge(detail: &str, scheme: &'static str) -> Problem {
    let scheme = HeaderValue::from_static(scheme);
    Kind::Unauthorized.of(detail).with(WWW_AUTHENTICATE, scheme)
}
