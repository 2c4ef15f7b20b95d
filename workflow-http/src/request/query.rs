//! Checks the names of query parameters.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use crate::problem::{Kind, Problem};

/// Refuses unknown parameters. A misspelt filter would otherwise be ignored, and the response would contain items
/// that the client believes to be filtered out. The known names come from the description of the route.
///
/// Names are compared as they are sent. An encoded name (`%6Cimit`) is refused, although the extractor would decode
/// it: the names consist of characters that need no encoding.
///
/// # Errors
/// 400 `unknown_parameter`, with the names that the route knows.
pub(crate) async fn check(
    State(known): State<Arc<[&'static str]>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let query = request.uri().query().unwrap_or_default();
    let mut names = query
        .split('&')
        .map(|pair| pair.split('=').next().unwrap_or_default());
    let unknown = names.find(|name| !name.is_empty() && !known.contains(name));
    let Some(unknown) = unknown else {
        return Ok(next.run(request).await);
    };
    let known = match &*known {
        [] => "it has no parameters".to_owned(),
        known => format!("its parameters are `{}`", known.join("`, `")),
    };
    Err(Kind::UnknownParameter.of(format!(
        "`{unknown}` is not a parameter of this request; {known}"
    )))
}
