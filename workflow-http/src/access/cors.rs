//! What pages of other sites may do.

use std::time::Duration;

use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
};
use tower_http::cors::CorsLayer;

use super::origin::Origin;

/// Lets pages of these sites use the service, and read what they need of its answers.
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
        .max_age(Duration::from_secs(3600));
    router.layer(cors)
}

/// The headers that let a page of one of these sites read a refusal which does not reach the router.
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
