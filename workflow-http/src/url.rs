//! Bounds the URL of a request.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use crate::problem::{Kind, Problem};

/// Refuses a path and query of more than so many bytes.
pub(crate) async fn check(
    State(limit): State<usize>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let url = request.uri().path_and_query();
    let bytes = url.map_or(0, |url| url.as_str().len());
    if bytes > limit {
        let detail = format!("the path and query have {bytes} bytes and may have {limit}");
        return Err(Kind::UrlTooLong.of(detail));
    }
    Ok(next.run(request).await)
}
