//! Bounds the URL of a request.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{access::cors, options::Options, problem::Kind};

/// Refuses a path and query with more bytes than the limit. Allowed sites can read the refusal.
pub(crate) async fn check(
    State(options): State<Arc<Options>>,
    request: Request,
    next: Next,
) -> Response {
    let url = request.uri().path_and_query();
    let bytes = url.map_or(0, |url| url.as_str().len());
    let limit = options.limits.url_bytes;
    if bytes <= limit {
        return next.run(request).await;
    }
    let readable = cors::readable(&options.cors_origins, request.headers());
    let detail = format!("the path and query have {bytes} bytes and may have {limit}");
    (readable, Kind::UrlTooLong.of(detail)).into_response()
}
