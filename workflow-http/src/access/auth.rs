//! Lets in who shows an API key.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{AUTHORIZATION, WWW_AUTHENTICATE},
    },
    middleware::Next,
    response::Response,
};

use super::{budget::Budget, key::ApiKey, wrong_keys::WrongKeys};
#[cfg(feature = "ui")]
use crate::page;
use crate::{
    openapi,
    options::Options,
    problem::{Kind, Problem},
    serve::Peer,
};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The keys of a service, and what each may still ask.
pub(crate) struct Keyring {
    keys: Vec<(ApiKey, Budget)>,
    wrong: WrongKeys,
}

impl Keyring {
    pub(crate) fn new(options: &Options) -> Arc<Self> {
        let budget = || Budget::per_minute(options.limits.requests_per_minute);
        let keys = options.api_keys.iter();
        Arc::new(Self {
            keys: keys.map(|key| (key.clone(), budget())).collect(),
            wrong: WrongKeys::per_minute(options.limits.wrong_keys_per_minute),
        })
    }

    /// Admits a request with these headers, from this client if it is known.
    fn admit(&self, headers: &HeaderMap, client: Option<IpAddr>) -> Result<(), Problem> {
        let Some(shown) = shown(headers) else {
            let detail = "send an API key, as `authorization: Bearer KEY` or `x-api-key: KEY`";
            return Err(challenge(detail, "Bearer"));
        };
        let shown = ApiKey::shown(shown);
        let number = self.keys.iter().position(|(key, _)| *key == shown);
        let checked = client.map_or(Ok(()), |client| self.wrong.check(client, number));
        checked.map_err(|wait| {
            let detail = "this address has sent too many wrong API keys; wait for a moment";
            Kind::TooManyWrongKeys.of(detail).with_retry_after(wait)
        })?;
        let Some((_, budget)) = number.and_then(|number| self.keys.get(number)) else {
            let detail = "the API key is not one of this service";
            return Err(challenge(detail, "Bearer error=\"invalid_token\""));
        };
        budget.take().map_err(|wait| {
            let limit = budget.requests();
            let detail = format!("one API key may ask {limit} times a minute; wait for a moment");
            Kind::TooManyRequests.of(detail).with_retry_after(wait)
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
        keys.admit(request.headers(), client(&request))?;
    }
    Ok(next.run(request).await)
}

/// The address of a client, as far as what serves the router says it.
fn client(request: &Request) -> Option<IpAddr> {
    let extensions = request.extensions();
    let peer = extensions.get::<Peer>().map(|Peer(address)| *address);
    let peer = peer.or_else(|| {
        let info = extensions.get::<ConnectInfo<std::net::SocketAddr>>();
        info.map(|ConnectInfo(address)| *address)
    });
    peer.map(|address| address.ip())
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
