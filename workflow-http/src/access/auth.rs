//! Authentication by API key.
//!
//! A request sends its key as `Authorization: Bearer KEY` (RFC 6750) or as `X-API-Key`. Keys in URLs are not accepted:
//! URLs appear in logs of proxies and in browser histories. Each key has a budget of requests, so that one client cannot
//! use up the service; a request with a wrong key costs the budget of its address instead.

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
    docs,
    options::Options,
    problem::{Kind, Problem},
    serve::Peer,
};

/// For clients that cannot set `Authorization`, such as some webhooks. If a request has both headers,
/// `Authorization` counts, provided that its scheme is `Bearer`.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The accepted keys, each with its budget of requests, and the wrong keys of each address.
pub(crate) struct Keyring {
    keys: Vec<(ApiKey, Budget)>,
    wrong: WrongKeys,
}

impl Keyring {
    /// Each key has its own budget: a client that exceeds its limit does not affect the others. The budgets are in
    /// the memory of this router, so each process behind a load balancer allows the whole limit.
    pub(crate) fn new(options: &Options) -> Arc<Self> {
        let budget = || Budget::per_minute(options.limits.requests_per_minute);
        let keys = options.api_keys.iter();
        Arc::new(Self {
            keys: keys.map(|key| (key.clone(), budget())).collect(),
            wrong: WrongKeys::per_minute(options.limits.wrong_keys_per_minute),
        })
    }

    /// Checks the key in these headers.
    ///
    /// The limit of wrong keys comes before the result of the comparison, so that an attacker above the limit cannot
    /// distinguish a right guess from a wrong one. Without the address of the client there is no such limit.
    ///
    /// A request without a key is not a guess and costs nothing: browsers load the page before the user has entered
    /// one.
    ///
    /// # Errors
    /// 401 `unauthorized`; 429 `too_many_wrong_keys` or `too_many_requests`, with the time to wait.
    fn admit(&self, headers: &HeaderMap, client: Option<IpAddr>) -> Result<(), Problem> {
        let Some(presented) = presented_key(headers) else {
            let detail = "send an API key, as `authorization: Bearer KEY` or `x-api-key: KEY`";
            return Err(challenge(detail, "Bearer"));
        };
        let presented = ApiKey::from_presented(presented);
        let number = self.keys.iter().position(|(key, _)| *key == presented);
        let checked = client.map_or(Ok(()), |client| self.wrong.check(client, number));
        checked.map_err(|wait| {
            let detail = "this address has sent too many wrong API keys; retry later";
            Kind::TooManyWrongKeys.of(detail).with_retry_after(wait)
        })?;
        let Some((_, budget)) = number.and_then(|number| self.keys.get(number)) else {
            let detail = "the API key is not accepted by this service";
            return Err(challenge(detail, "Bearer error=\"invalid_token\""));
        };
        // Last: a request that is refused for another reason does not use up the budget of the key.
        budget.take().map_err(|wait| {
            let limit = budget.requests();
            let detail = format!(
                "the limit of {limit} requests per minute with one API key is exceeded; retry later"
            );
            Kind::TooManyRequests.of(detail).with_retry_after(wait)
        })
    }
}

/// The middleware. Open paths do not count against any budget. Paths have no base path here: axum has removed the
/// prefix of a nested router.
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

/// The address of the client, if the server of the router provides it: `serve` here, or axum's `ConnectInfo`.
/// Headers such as `Forwarded` are not used, since any client can set them. Behind a proxy, all clients therefore
/// share one budget of wrong keys.
fn client(request: &Request) -> Option<IpAddr> {
    let extensions = request.extensions();
    let peer = extensions.get::<Peer>().map(|Peer(address)| *address);
    let peer = peer.or_else(|| {
        let info = extensions.get::<ConnectInfo<std::net::SocketAddr>>();
        info.map(|ConnectInfo(address)| *address)
    });
    peer.map(|address| address.ip())
}

/// Whether a path needs no key: probes, the documentation, and the files of the page, which itself prompts for a
/// key. The OpenAPI document is not open: it lists the registered node types, which `/docs/api` omits.
fn is_open(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz") || docs::has(path) || is_page(path)
}

#[cfg(feature = "ui")]
fn is_page(path: &str) -> bool {
    page::has(path)
}

#[cfg(not(feature = "ui"))]
fn is_page(_: &str) -> bool {
    false
}

/// The key of a request. The scheme is case-insensitive (RFC 9110, section 11.1).
///
/// Of a repeated header, the first one counts. RFC 6750, section 2.1, restricts the characters of a bearer token.
/// They are not checked here: a text with other characters matches no accepted key.
fn presented_key(headers: &HeaderMap) -> Option<&[u8]> {
    let bearer = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let bearer = bearer.and_then(|value| {
        let (scheme, key) = value.split_at_checked("Bearer ".len())?;
        scheme.eq_ignore_ascii_case(b"Bearer ").then_some(key)
    });
    bearer.or_else(|| headers.get(X_API_KEY).map(HeaderValue::as_bytes))
}

/// 401 with the challenge that RFC 9110, section 15.5.2, requires, in the form of RFC 6750. It has an error code
/// only if the request had a key (RFC 6750, section 3.1).
fn challenge(detail: &str, scheme: &'static str) -> Problem {
    let scheme = HeaderValue::from_static(scheme);
    Kind::Unauthorized.of(detail).with(WWW_AUTHENTICATE, scheme)
}
