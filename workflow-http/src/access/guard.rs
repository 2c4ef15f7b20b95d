//! Refuses requests of pages of other sites: DNS rebinding, and cross-site writes.
//!
//! Both attacks use the browser of a person who can reach the service, for example on the loopback interface. An
//! API key prevents them too, since a foreign page does not have it; a service without keys depends on these
//! checks.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, Method,
        header::{HOST, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{cors, host::Hosts, origin};
use crate::{
    options::Options,
    problem::{Kind, Problem},
};

/// The checks of host and origin.
///
/// *DNS rebinding*: a page of another site makes its own name resolve to 127.0.0.1 and then reads the service as
/// the same site. It cannot choose the `Host`, which is its own name; so only known names are served.
///
/// *Cross-site writes*: a page can send a write although it cannot read the response. Browsers add the `Origin` of
/// the page to it, which is compared with the `Host`.
///
/// [`serve`](fn@crate::serve) checks every request with it, a router only with [`Options::with_guard`]. With both,
/// each request is checked twice, with the same result.
pub(crate) struct Guard {
    hosts: Hosts,
    options: Options,
}

impl Guard {
    pub(crate) fn new(options: &Options) -> Arc<Self> {
        Arc::new(Self {
            hosts: options.hosts(),
            options: options.clone(),
        })
    }

    /// The host is checked for every method, since DNS rebinding also reads. The origin is checked for writes only:
    /// without CORS headers, a page of another site cannot read the response to a `GET`.
    ///
    /// # Errors
    /// 403 `host_not_allowed` or `foreign_origin`. The detail names the setting that would accept the request, of
    /// the program and of the library.
    fn check(&self, request: &Request) -> Result<(), Problem> {
        let headers = request.headers();
        if !self.hosts.serve(headers) && !is_probe(self.options.within(request.uri().path())) {
            return Err(Kind::HostNotAllowed.of(format!(
                "the service accepts requests for {}, not for {}; allow the name with `--allowed-host` \
                 (`Options::with_allowed_host`), or configure the proxy to send an allowed name as `Host`",
                self.hosts,
                quoted(headers, HOST)
            )));
        }
        if writes(request.method()) && origin::is_foreign(headers, &self.options.cors_origins) {
            return Err(Kind::ForeignOrigin.of(format!(
                "the origin {} differs from the host {} of the request; allow it with `--cors-origin` \
                 (`Options::with_cors_origin`), or configure the proxy to pass on `Host`",
                quoted(headers, ORIGIN),
                quoted(headers, HOST)
            )));
        }
        Ok(())
    }
}

/// The middleware. It runs outside of CORS, so it adds the headers that let allowed sites read a refusal. A
/// preflight request is `OPTIONS`, so it passes the check of the origin and reaches the CORS layer.
pub(crate) async fn check(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    match guard.check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            let readable = cors::readable(&guard.options.cors_origins, request.headers());
            (readable, problem).into_response()
        }
    }
}

/// Whether the path is a probe. Probes reveal nothing, and orchestrators send them to the address of the machine.
fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// Whether a method may change something. RFC 9110, section 9.2.1, also lists `TRACE` as safe. It is not served
/// here, so it need not be exempt.
fn writes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A header for a message, quoted and escaped. Empty quotes if the request has no such header.
fn quoted(headers: &HeaderMap, name: HeaderName) -> String {
    format!(
        "{:?}",
        headers
            .get(name)
            .map_or_else(Default::default, |value| String::from_utf8_lossy(
                value.as_bytes()
            ))
    )
}
