//! One line of log per request: what was asked, what was answered, how long it took. No bodies, no
//! queries, no headers.

use std::time::Instant;

use axum::{
    extract::{OriginalUri, Request},
    middleware::Next,
    response::Response,
};

pub(crate) async fn request(
    OriginalUri(uri): OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let begun = Instant::now();
    let response = next.run(request).await;
    let (path, status, latency) = (uri.path(), response.status().as_u16(), begun.elapsed());
    tracing::info!(%method, path, status, ?latency, "answered");
    response
}
