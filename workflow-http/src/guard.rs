//! Keeps other sites out of a service that only this machine should reach.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, Method,
        header::{HOST, ORIGIN},
        uri::Authority,
    },
    middleware::Next,
    response::Response,
};

use crate::{
    origin::{self, Origin},
    problem::{Kind, Problem},
};

/// Which requests a service on loopback takes.
///
/// A page anywhere can make a name of its own point to 127.0.0.1 and then read what is served
/// there, but it cannot send another `Host` than its own name: so only this machine's are served.
/// And it can send a write without reading the answer, with an `Origin` that gives it away.
#[derive(Clone)]
pub(crate) struct Guard {
    allowed: Arc<[Origin]>,
}

impl Guard {
    pub(crate) fn new(allowed: &[Origin]) -> Self {
        Self {
            allowed: allowed.into(),
        }
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        let headers = request.headers();
        if !is_this_machine(headers) {
            return Err(Kind::HostNotAllowed.of(format!(
                "the host {} is not this machine; use localhost",
                shown(headers, HOST)
            )));
        }
        if writes(request.method()) && origin::is_foreign(headers, &self.allowed) {
            return Err(Kind::OriginNotAllowed.of(format!(
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

fn is_this_machine(headers: &HeaderMap) -> bool {
    let host = headers
        .get(HOST)
        .and_then(|host| Authority::try_from(host.as_bytes()).ok());
    host.is_some_and(|host| is_loopback(host.host()))
}

fn is_loopback(host: &str) -> bool {
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn writes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn shown(headers: &HeaderMap, name: axum::http::HeaderName) -> String {
    format!(
        "{:?}",
        headers
            .get(name)
            .map_or_else(Default::default, |value| String::from_utf8_lossy(
                value.as_bytes()
            ))
    )
}
