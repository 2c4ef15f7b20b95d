//! Metrics of requests and open streams.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::units::seconds;

/// The label set of a request. The number of time series is bounded by routes × methods × statuses; only few of the
/// combinations occur.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByRoute {
    method: &'static str,
    route: String,
    status: u16,
}

pub(super) struct Requests {
    /// Time until the response started. Streams last longer, but their duration says nothing about the service.
    durations: Family<ByRoute, Histogram, fn() -> Histogram>,
    /// Open event streams.
    pub(super) readers: Gauge,
}

impl Requests {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let requests = Self {
            durations: Family::new_with_constructor(seconds),
            readers: Gauge::default(),
        };
        let text = "Time until the response to a request started, by route and status";
        let durations = requests.durations.clone();
        registry.register_with_unit("http_request_duration", text, Unit::Seconds, durations);
        registry.register(
            "readers",
            "Open event streams of runs",
            requests.readers.clone(),
        );
        requests
    }

    /// Counts a request whose response started after this time.
    pub(super) fn count(&self, method: &str, route: String, status: u16, elapsed: Duration) {
        let method = known_method(method);
        let by = ByRoute {
            method,
            route,
            status,
        };
        let durations = self.durations.get_or_create(&by);
        durations.observe(elapsed.as_secs_f64());
    }
}

/// The method as a label. Clients may send any token as a method, which would create a time series each.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
    let known = KNOWN.into_iter().find(|known| *known == method);
    known.unwrap_or("other")
}
