//! `GET /metrics`: numbers for Prometheus, in the `OpenMetrics` text format.

mod endpoint;
mod queues;
mod requests;
mod runs;
mod units;

use std::fmt;

use prometheus_client::{encoding::text::encode, metrics::counter::Counter, registry::Registry};
use workflow_core::{StepEvent, engine::Observer};

pub(crate) use self::endpoint::{get, measure};
use self::{queues::Queues, requests::Requests, runs::Runs};

pub(crate) const OPEN_METRICS: &str = "application/openmetrics-text";

/// What a service counts and measures. Ids and contents are in no number and no label.
///
/// The engine tells it of runs and steps, and the [options](crate::Options::with_metrics) make the
/// router count requests and serve `/metrics`:
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
pub struct Metrics {
    registry: Registry,
    runs: Runs,
    queues: Queues,
    requests: Requests,
    dropped_log_lines: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("workflow");
        let dropped_log_lines = Counter::default();
        registry.register(
            "log_lines_dropped",
            "Lines of the log that were dropped because nobody read them",
            dropped_log_lines.clone(),
        );
        Self {
            dropped_log_lines,
            runs: Runs::new(&mut registry),
            queues: Queues::new(&mut registry),
            requests: Requests::new(&mut registry),
            registry,
        }
    }
}

impl Metrics {
    /// Adds to `workflow_log_lines_dropped_total`: lines that the program which embeds the service could not log.
    pub fn add_dropped_log_lines(&self, lines: u64) {
        self.dropped_log_lines.inc_by(lines);
    }

    /// The numbers as they are now, as text.
    fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Observer for Metrics {
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
