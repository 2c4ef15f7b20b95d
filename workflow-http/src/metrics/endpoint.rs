//! Serves the numbers, and counts requests.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::header::CONTENT_TYPE,
    middleware::Next,
    response::{IntoResponse, Response},
};
use workflow_core::record::RunQuery;

use super::OPEN_METRICS;
use crate::{
    app::App,
    problem::{Kind, Problem},
};

/// The numbers as they are now.
pub(crate) async fn get(State(app): State<App>) -> Result<Response, Problem> {
    let Some(metrics) = &app.options.metrics else {
        return Err(Kind::UnknownPath.of("this service counts nothing"));
    };
    match app.engine.count_runs(&RunQuery::default()).await {
        Ok(counts) => metrics.runs.set(&counts),
        // The other numbers are still of use.
        Err(error) => tracing::warn!(%error, "runs are not counted: the store cannot be read"),
    }
    metrics.requests.readers.set(app.readers.count());
    let text = metrics.text().map_err(|error| Problem::internal(&error))?;
    let media_type = format!("{OPEN_METRICS}; version=1.0.0; charset=utf-8");
    Ok(([(CONTENT_TYPE, media_type)], text).into_response())
}

/// Counts a request, and measures how long its answer took to begin.
pub(crate) async fn measure(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(metrics) = app.options.metrics.clone() else {
        return next.run(request).await;
    };
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let begun = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    (metrics.requests).count(method.as_str(), route, status, begun.elapsed());
    response
}
