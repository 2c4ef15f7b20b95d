//! A run with recorded answers.

use super::missing::NotRecorded;
use crate::{
    event::{Report, StepEvent},
    value::{Cost, CostSum},
    view::RunReport,
};

/// A run of a [`RecordedTest`](super::RecordedTest).
#[derive(Debug)]
#[non_exhaustive]
pub struct TestedRun {
    /// The state of the run and its steps.
    pub report: RunReport,
    /// Its log.
    pub log: Vec<StepEvent>,
    /// The steps that no recorded step answers.
    pub not_recorded: Vec<NotRecorded>,
    /// What the run cost, as recorded; `None` if nothing is known of it.
    pub cost: Option<Cost>,
    /// Whether the recording ends before its run did.
    pub is_cut: bool,
}

impl TestedRun {
    pub(super) fn has_usage(&self) -> bool {
        !self.report.record.head.usage.is_empty()
    }
}

/// What the attempts cost, those of reused results included.
pub(super) fn cost(log: &[StepEvent]) -> Option<Cost> {
    let mut sum = CostSum::default();
    for report in log.iter().filter_map(StepEvent::report) {
        let Report { usage, cost, .. } = report;
        sum.add(*usage, *cost);
    }
    sum.cost()
}
