//! Request ids, in responses and in log lines, across services: W3C Trace Context.
//!
//! The trace id comes from the caller's `traceparent` or is new; the id of the request is always new. Nothing is
//! exported: the ids let an operator find the lines of a request in a log.
//!
//! Ids are random and not secret: they need not be unpredictable, so a fast generator suffices. W3C Trace Context,
//! section 3.2.2, forbids ids that are zero.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use tower::{Layer, Service, ServiceExt, util::BoxCloneSyncService};
use tower_http::trace::TraceLayer;
use tracing::{Span, field};

/// What a connection serves.
pub(super) type HttpService = BoxCloneSyncService<Request, Response, Infallible>;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Adds the ids of each request, its [`TraceContext`], to all log lines until its response has been streamed to the end.
/// Logs one line when the response starts, without bodies, queries and headers: these may contain secrets.
pub(super) fn traced<S>(service: S) -> HttpService
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let spans = TraceLayer::new_for_http()
        .make_span_with(span)
        .on_request(())
        .on_response(responded)
        .on_body_chunk(())
        .on_eos(())
        .on_failure(());
    BoxCloneSyncService::new(
        spans
            .layer(service)
            .map_response(IntoResponse::into_response),
    )
}

fn header(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("digits and dashes are valid in a header")
}

/// The path is logged without the query, which may contain texts of users. The level is `info`, so at a lower
/// verbosity there is no span, and lines of the request have no ids.
fn span(request: &Request) -> Span {
    let span = tracing::info_span!(
        "request",
        method = %request.method(),
        path = request.uri().path(),
        trace_id = field::Empty,
        request_id = field::Empty,
    );
    if let Some(context) = request.extensions().get::<TraceContext>() {
        span.record("trace_id", context.trace_id());
        span.record("request_id", context.request_id());
    }
    span
}

/// For a stream, the latency is the time until it begins.
fn responded(response: &Response, latency: Duration, _: &Span) {
    let latency_ms = latency.as_secs_f64() * 1_000.0;
    tracing::info!(status = response.status().as_u16(), latency_ms, "answered");
}

/// A trace, and this request within it. An extension of each request.
#[derive(Clone, Copy)]
pub(super) struct TraceContext {
    trace: u128,
    request: u64,
    /// The caller's `sampled` flag. It is passed on and has no effect here.
    sampled: bool,
}

impl TraceContext {
    /// The caller's trace, or a new one if the header is missing, repeated or malformed.
    ///
    /// A malformed header is no reason to refuse a request: the standard lets the receiver start a new trace.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let parent = parents.next().filter(|_| parents.next().is_none());
        let parent = parent.and_then(|parent| parse(parent.to_str().ok()?));
        let (trace, sampled) = parent.unwrap_or_else(|| (fastrand::u128(1..), false));
        Self {
            trace,
            request: fastrand::u64(1..),
            sampled,
        }
    }

    /// Adds the ids to the headers of the response.
    pub(super) fn add_to(self, headers: &mut HeaderMap) {
        headers.insert(TRACEPARENT, header(self.traceparent()));
        headers.insert(X_REQUEST_ID, header(self.request_id()));
    }

    fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    fn request_id(&self) -> String {
        format!("{:016x}", self.request)
    }

    /// The header for the response, with this request as the parent. The version is 00, whatever the caller sent:
    /// the fields of later versions are not known here.
    fn traceparent(&self) -> String {
        let flags = u8::from(self.sampled);
        format!("00-{}-{}-{flags:02x}", self.trace_id(), self.request_id())
    }
}

/// Trace id and `sampled` flag of a `traceparent`; `None` if it is malformed (W3C Trace Context, section 3.2).
fn parse(text: &str) -> Option<(u128, bool)> {
    let mut parts = text.split('-');
    let version = hex(parts.next()?, 2)?;
    let trace = hex(parts.next()?, 32)?;
    let parent = hex(parts.next()?, 16)?;
    let flags = hex(parts.next()?, 2)?;
    // Later versions may append fields; version 0xff is invalid.
    let is_known = version != 0xff && (version > 0 || parts.next().is_none());
    (is_known && trace > 0 && parent > 0).then_some((trace, flags & 1 == 1))
}

/// A hexadecimal number of exactly `digits` digits. The standard permits lower case only.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != digits || !text.bytes().all(is_hex) {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}
