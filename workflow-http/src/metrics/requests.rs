//! What is asked of the service.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::seconds;
use crate::app::App;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByRoute {
    method: &'static str,
    route: String,
    status: u16,
}

pub(super) struct Requests {
    /// How long until answers began; streams go on after that.
    answered: Family<ByRoute, Histogram, fn() -> Histogram>,
    /// Streams that follow runs.
    pub(super) readers: Gauge,
}

impl Requests {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let requests = Self {
            answered: Family::new_with_constructor(seconds),
            readers: Gauge::default(),
        };
        let text = "How long until requests were answered, by route and status";
        let answered = requests.answered.clone();
        registry.register_with_unit("http_request_duration", text, Unit::Seconds, answered);
        registry.register(
            "readers",
            "Streams that follow runs",
            requests.readers.clone(),
        );
        requests
    }
}

/// Counts a request, and measures how long its answer took to begin.
pub(crate) async fn measure(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(metrics) = app.options.metrics.clone() else {
        return next.run(request).await;
    };
    let method = known_method(request.method().as_str());
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let begun = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let by = ByRoute {
        method,
        route,
        status,
    };
    let answered = metrics.requests.answered.get_or_create(&by);
    answered.observe(begun.elapsed().as_secs_f64());
    drop(answered);
    response
}

/// Callers may invent methods; a label may not.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
    let known = KNOWN.into_iter().find(|known| *known == method);
    known.unwrap_or("other")
}
