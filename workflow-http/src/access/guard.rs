//! Keeps pages of other sites out.

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

/// Which requests a service takes.
///
/// A page anywhere can make a name of its own point to 127.0.0.1 and then read what is served
/// there, but it cannot send another `Host` than its own name: so only known ones are served. And it
/// can send a write without reading the answer, with an `Origin` that gives it away.
#[derive(Clone)]
pub(crate) struct Guard {
    hosts: Hosts,
    options: Arc<Options>,
}

impl Guard {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            hosts: options.hosts(),
            options: Arc::new(options.clone()),
        }
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        let headers = request.headers();
        if !self.hosts.serve(headers) && !is_probe(self.options.within(request.uri().path())) {
            return Err(Kind::HostNotAllowed.of(format!(
                "this service answers to {}, not to {}; allow the name with `--allowed-host` \
                 (`Options::with_allowed_host`), or make the proxy in front send an allowed one as `Host`",
                self.hosts,
                shown(headers, HOST)
            )));
        }
        if writes(request.method()) && origin::is_foreign(headers, &self.options.cors_origins) {
            return Err(Kind::ForeignOrigin.of(format!(
                "the origin {} is not the host {} that the request was sent to; allow it with `--cors-origin` \
                 (`Options::with_cors_origin`), or make the proxy in front pass `Host` on",
                shown(headers, ORIGIN),
                shown(headers, HOST)
            )));
        }
        Ok(())
    }
}

/// The guard as a middleware. Allowed sites can read its refusals.
pub(crate) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            let readable = cors::readable(&guard.options.cors_origins, request.headers());
            (readable, problem).into_response()
        }
    }
}

/// Whether a path tells nothing but that the service is there. Orchestrators ask for it by the address of the machine.
fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

fn writes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn shown(headers: &HeaderMap, name: HeaderName) -> String {
    format!(
        "{:?}",
        headers
            .get(name)
            .map_or_else(Default::default, |value| String::from_utf8_lossy(
                value.as_bytes()
            ))
    )
}
