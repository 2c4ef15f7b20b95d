//! `GET /metrics`: metrics for Prometheus, in the `OpenMetrics` text format.
//!
//! Events of runs are counted when they are stored ([`Observer`]), requests by a middleware. The number of time
//! series is bounded: labels are routes, statuses, node types, and at most 100 models and 100 queues.

mod endpoint;
mod fleet;
mod queues;
mod requests;
mod runs;
mod units;

use std::fmt;

use prometheus_client::{encoding::text::encode, metrics::counter::Counter, registry::Registry};
use workflow_core::{StepEvent, engine::Observer};

pub(crate) use self::endpoint::{get, measure};
use self::{fleet::Fleet, queues::Queues, requests::Requests, runs::Runs};

/// The media type of the metrics.
pub(crate) const OPEN_METRICS: &str = "application/openmetrics-text";

/// The metrics of a service. Labels contain no ids and no content.
///
/// As an [`Observer`] of the engine it counts runs and steps. As an [option](crate::Options::with_metrics) of the
/// router it counts requests and is served at `/metrics`:
///
/// ```
/// # use std::sync::Arc;
/// # use workflow_core::{LocalEngine, Registry};
/// # use workflow_http::{Metrics, Options};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let metrics = Arc::new(Metrics::default());
/// let engine = LocalEngine::builder(Registry::default()).with_observer(metrics.clone()).build();
/// let options = Options::default().with_metrics(metrics);
/// let router = workflow_http::router(Arc::new(engine), options);
/// # }
/// ```
///
/// | metric | type | labels |
/// |---|---|---|
/// | `workflow_runs` | gauge | `status` |
/// | `workflow_runs_created_total` | counter | |
/// | `workflow_run_duration_seconds` | histogram | `status` |
/// | `workflow_step_duration_seconds` | histogram | `node_type`, `outcome` |
/// | `workflow_model_duration_seconds` | histogram | `model` |
/// | `workflow_step_retries_total` | counter | `node_type` |
/// | `workflow_step_recoveries_total` | counter | `node_type` |
/// | `workflow_tokens_total` | counter | `model`, `kind` (`input` or `output`) |
/// | `workflow_queue_waiting` | gauge | `queue` |
/// | `workflow_queue_wait_seconds` | histogram | `queue` |
/// | `workflow_http_request_duration_seconds` | histogram | `method`, `route`, `status` |
/// | `workflow_readers` | gauge | |
/// | `workflow_log_lines_dropped_total` | counter | |
/// | `workflow_fleet_instances` | gauge | |
/// | `workflow_driving_runs` | gauge | |
/// | `workflow_following_runs` | gauge | |
/// | `workflow_undispatched_runs` | gauge | |
/// | `workflow_dispatch_failures_total` | counter | |
/// | `workflow_notifications_lost_total` | counter | |
///
/// Durations are in seconds, with buckets from 1 ms to 10 min. `workflow_runs` is read from the store at each scrape;
/// everything else counts from the start of the process. The last six are of an engine with a
/// [fleet](workflow_core::fleet), and 0 without one: each instance counts what it does, so add them up. Reused steps of a retry are not counted.
pub struct Metrics {
    registry: Registry,
    runs: Runs,
    queues: Queues,
    requests: Requests,
    fleet: Fleet,
    dropped_log_lines: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("workflow");
        let dropped_log_lines = Counter::default();
        registry.register(
            "log_lines_dropped",
            "Log lines that were dropped because they were not read in time",
            dropped_log_lines.clone(),
        );
        Self {
            dropped_log_lines,
            runs: Runs::new(&mut registry),
            queues: Queues::new(&mut registry),
            requests: Requests::new(&mut registry),
            fleet: Fleet::new(&mut registry),
            registry,
        }
    }
}

impl Metrics {
    /// Adds to `workflow_log_lines_dropped_total`. The embedding program calls it for log lines that it had to drop.
    pub fn add_dropped_log_lines(&self, lines: u64) {
        self.dropped_log_lines.inc_by(lines);
    }

    /// The current values, as text.
    fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Observer for Metrics {
    /// Called by the engine between two events of a run, so it must be quick: it takes short locks and does no IO.
    fn stored(&self, event: &StepEvent, node_type: Option<&str>) {
        self.runs.count(event, node_type);
        self.queues.count(event);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
