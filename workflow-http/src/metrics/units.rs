//! Buckets, units and labels that the metrics share.

use std::sync::Arc;

use prometheus_client::metrics::histogram::Histogram;

/// A histogram of seconds, from a millisecond (a control node) to ten minutes (a slow model with retries).
///
/// The buckets are part of the contract with dashboards: quantiles over time mix old and new buckets when they
/// change.
pub(super) fn seconds() -> Histogram {
    Histogram::new([
        0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0,
    ])
}

/// Milliseconds of an event in seconds, the base unit of Prometheus.
pub(super) fn millis_as_seconds(millis: u64) -> f64 {
    std::time::Duration::from_millis(millis).as_secs_f64()
}

/// A label whose values come from workflows. The first [`MAX`](Self::MAX) values are kept; all others become `other`,
/// so that the number of time series is bounded.
#[derive(Default)]
pub(super) struct BoundedLabel(std::sync::Mutex<std::collections::BTreeSet<Arc<str>>>);

impl BoundedLabel {
    /// The most values of a label.
    const MAX: usize = 100;

    /// The value of the label for this text: the text itself, or `other` once the limit is reached.
    pub(super) fn label(&self, text: &str) -> String {
        let mut known = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if !known.contains(text) {
            if known.len() >= Self::MAX {
                return "other".to_owned();
            }
            known.insert(text.into());
        }
        text.to_owned()
    }
}
