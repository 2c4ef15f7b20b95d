//! The names in a query.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use crate::problem::{Kind, Problem};

/// Refuses a parameter that a route does not take: a misspelt one would be ignored, and the answer would be another than
/// the one that was meant.
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
    let taken = match &*known {
        [] => "it takes none".to_owned(),
        known => format!("it takes `{}`", known.join("`, `")),
    };
    Err(Kind::UnknownParameter.of(format!(
        "`{unknown}` is not a parameter of this request: {taken}"
    )))
}
