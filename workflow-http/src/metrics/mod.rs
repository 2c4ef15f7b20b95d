//! `GET /metrics`: numbers for Prometheus, in the `OpenMetrics` text format.

mod queues;
mod requests;
mod runs;

use std::{fmt, sync::Arc};

use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, histogram::Histogram},
    registry::Registry,
};
use workflow_core::{Observer, RunQuery, StepEvent};

pub(crate) use self::requests::measure;
use self::{queues::Queues, requests::Requests, runs::Runs};
use crate::{
    app::App,
    problem::{Kind, Problem},
};

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
/// let engine = LocalEngine::builder(Registry::default()).observer(metrics.clone()).build();
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

/// The numbers as they are now.
pub(crate) async fn get(State(app): State<App>) -> Result<Response, Problem> {
    let Some(metrics) = &app.options.metrics else {
        return Err(Kind::UnknownPath.of("this service counts nothing"));
    };
    match app.engine.count_runs(&RunQuery::default()).await {
        Ok(counts) => metrics.runs.set(&counts),
        // What is counted here is told all the same.
        Err(error) => tracing::warn!(%error, "runs are not counted: the store cannot be read"),
    }
    metrics.requests.readers.set(app.readers.count());
    let mut text = String::new();
    encode(&mut text, &metrics.registry).map_err(|error| Problem::internal(&error))?;
    let media_type = format!("{OPEN_METRICS}; version=1.0.0; charset=utf-8");
    Ok(([(CONTENT_TYPE, media_type)], text).into_response())
}

/// From a millisecond to ten minutes.
fn seconds() -> Histogram {
    Histogram::new([
        0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0,
    ])
}

fn millis_as_seconds(millis: u64) -> f64 {
    std::time::Duration::from_millis(millis).as_secs_f64()
}

/// A label, of which there are only so many: what comes later is `other`.
#[derive(Default)]
struct Bounded(std::sync::Mutex<std::collections::BTreeSet<Arc<str>>>);

impl Bounded {
    /// The most labels there are.
    const MOST: usize = 100;

    fn label(&self, text: &str) -> String {
        let mut known = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if !known.contains(text) {
            if known.len() >= Self::MOST {
                return "other".to_owned();
            }
            known.insert(text.into());
        }
        text.to_owned()
    }
}
