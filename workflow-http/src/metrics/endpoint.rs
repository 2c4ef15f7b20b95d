//! The route `/metrics`, and the middleware that counts requests.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::header::CONTENT_TYPE,
    middleware::Next,
    response::{IntoResponse, Response},
};
use workflow_core::record::RunQuery;

use super::{Metrics, OPEN_METRICS};
use crate::{
    app::App,
    problem::{Kind, Problem},
};

/// The current values. Runs by status are counted by the store on each request, since other hosts may write to it, too.
///
/// A key is required like for the API, if the service has keys: numbers of runs and names of models are not public.
///
/// The media type is that of `OpenMetrics` 1.0, whatever the client accepts. Prometheus chooses its parser by it.
///
/// # Errors
/// 404 `not_found` without [`Options::with_metrics`](crate::Options::with_metrics), so that the path looks like any
/// other unknown one.
pub(crate) async fn get(State(app): State<App>) -> Result<Response, Problem> {
    let Some(metrics) = &app.options.metrics else {
        return Err(Kind::UnknownPath.of("metrics are not enabled in this service"));
    };
    match app.engine.count_runs(&RunQuery::default()).await {
        Ok(counts) => metrics.runs.set(&counts),
        // The other metrics are still valid, and are needed most when the store is unavailable.
        Err(error) => tracing::warn!(%error, "failed to count runs for metrics"),
    }
    if let Some(status) = app.engine.fleet_status() {
        metrics.fleet.set(&status);
    }
    // Set here and not when a stream begins or ends, so that the gauge cannot drift from the count.
    metrics.requests.readers.set(app.readers.count());
    let text = metrics.text().map_err(|error| Problem::internal(&error))?;
    let media_type = format!("{OPEN_METRICS}; version=1.0.0; charset=utf-8");
    Ok(([(CONTENT_TYPE, media_type)], text).into_response())
}

/// Counts a request, and measures the time until its response starts. The label is the route, not the path: paths
/// contain ids, and each would be a time series of its own.
///
/// The route is `none` for paths without a route: unknown ones and the files of the page. This middleware is the
/// outermost, so it also counts refusals by other layers. What `serve` refuses before the router (long URLs,
/// foreign hosts) is not counted.
pub(crate) async fn measure(
    State(metrics): State<Option<Arc<Metrics>>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(metrics) = metrics else {
        return next.run(request).await;
    };
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let started = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    (metrics.requests).count(method.as_str(), route, status, started.elapsed());
    response
}
