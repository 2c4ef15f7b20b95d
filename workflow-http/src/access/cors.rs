//! Cross-origin resource sharing (Fetch standard, "CORS protocol") for the allowed sites.
//!
//! CORS lets scripts of a site read responses. It does not stop a page from *sending* a simple request; `guard` and the
//! check of media types do that.

use std::time::Duration;

use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
};
use tower_http::cors::CorsLayer;

use super::origin::Origin;

/// Adds the CORS layer for these sites: all methods and headers of the API, and the response headers that clients
/// need. A header that is missing here is invisible to scripts of other sites, without an error.
///
/// All lists are explicit. `*` for headers would not cover `Authorization` (Fetch standard, "CORS non-wildcard
/// request-header name"), and for origins it would open the API to every site. A route that reads a new request
/// header, or sends a new response header that clients need, must add it here.
///
/// Without allowed sites there is no layer, so responses have no `Vary: origin`.
pub(crate) fn open_to<S>(origins: &[Origin], router: Router<S>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    if origins.is_empty() {
        return router;
    }
    let named = HeaderName::from_static;
    let cors = CorsLayer::new()
        .allow_origin(
            origins
                .iter()
                .map(|origin| origin.header().clone())
                .collect::<Vec<_>>(),
        )
        .allow_methods([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            named("last-event-id"),
            named("traceparent"),
            named("x-api-key"),
            named("idempotency-key"),
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::RETRY_AFTER,
            named("traceparent"),
            named("x-request-id"),
            named("x-run-id"),
        ])
        // By default, browsers repeat the preflight request after 5 s (Fetch standard, "CORS-preflight cache").
        .max_age(Duration::from_secs(3600));
    router.layer(cors)
}

/// The headers that let a page of an allowed site read a refusal from outside of the CORS layer. `Vary` is there even
/// if the origin is not allowed: the response depends on it.
///
/// Used by `guard` and by the limit of the URL, which run before the CORS layer. Without these headers, a script of
/// an allowed site would see a network error instead of the problem.
pub(crate) fn readable(origins: &[Origin], request: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if origins.is_empty() {
        return headers;
    }
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    let sent = request.get(header::ORIGIN);
    if let Some(origin) = sent.filter(|sent| origins.iter().any(|it| it.header() == *sent)) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    headers
}
