//! What is asked of the service.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::units::seconds;

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

    /// Counts a request that was answered after this time.
    pub(super) fn count(&self, method: &str, route: String, status: u16, elapsed: Duration) {
        let method = known_method(method);
        let by = ByRoute {
            method,
            route,
            status,
        };
        let answered = self.answered.get_or_create(&by);
        answered.observe(elapsed.as_secs_f64());
    }
}

/// Callers may invent methods; a label may not.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
    let known = KNOWN.into_iter().find(|known| *known == method);
    known.unwrap_or("other")
}
