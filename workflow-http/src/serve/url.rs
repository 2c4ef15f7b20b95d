//! The limit of the URL. hyper limits the whole head only, and would report a long URL as 431.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{access::cors, options::Options, problem::Kind};

/// Refuses a path and query with more bytes than the limit. It runs outside of CORS, so it adds the headers that
/// let allowed sites read the refusal. 414 is RFC 9110, section 15.5.15. The limit of the head still applies:
/// `head_bytes` must be larger.
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
    let detail = format!("path and query have {bytes} bytes; the limit is {limit}");
    (readable, Kind::UrlTooLong.of(detail)).into_response()
}
