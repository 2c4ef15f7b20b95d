//! Keeps pages of other sites out.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, Method,
        header::{HOST, ORIGIN},
    },
    middleware::Next,
    response::Response,
};

use crate::{
    host::Hosts,
    options::Options,
    origin::{self, Origin},
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
    origins: Arc<[Origin]>,
}

impl Guard {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            hosts: options.hosts(),
            origins: options.cors_origins.as_slice().into(),
        }
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        let headers = request.headers();
        if !self.hosts.serve(headers) {
            return Err(Kind::HostNotAllowed.of(format!(
                "the host {} is not served; use localhost, or allow this name where the service \
                 is started",
                shown(headers, HOST)
            )));
        }
        if writes(request.method()) && origin::is_foreign(headers, &self.origins) {
            return Err(Kind::ForeignOrigin.of(format!(
                "the origin {} is another site",
                shown(headers, ORIGIN)
            )));
        }
        Ok(())
    }
}

/// The guard as a middleware.
pub(crate) async fn check(
    State(guard): State<Guard>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    guard.check(&request)?;
    Ok(next.run(request).await)
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
