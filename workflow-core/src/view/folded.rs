//! One side of a comparison: a run, folded from its log.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use serde_json::Value;

use super::{RunOutline, StepReport, StepStatus};
use crate::{
    error::Problem,
    event::{EventKind, Report, StepEvent},
    record::RunRecord,
    value::{
        Cost, CostSum, PatchOperation, StepKey, StepPath, StepRef, Timestamp, Usage, millis, patch,
        size,
    },
    workflow::content_hash,
};

/// The most steps of a run that are compared.
pub(super) const MAX_STEPS: usize = 20_000;

/// The most bytes of values of one run that are held in memory, and so can have a patch: 16 MiB, as JSON.
const MAX_HELD_BYTES: usize = 16 * 1024 * 1024;

/// A run and its steps, without the values that are not needed to compare it.
#[derive(Debug)]
pub(crate) struct FoldedRun {
    pub(super) record: RunRecord,
    pub(super) input: Option<Held>,
    pub(super) output: Option<Held>,
    pub(super) error: Option<Arc<Problem>>,
    pub(super) steps: Vec<FoldedStep>,
    /// Whether there are more steps than [`MAX_STEPS`].
    pub(super) is_cut: bool,
    cost: CostSum,
    index: HashMap<StepPath, usize>,
    outline: RunOutline,
    bytes_left: usize,
}

/// A step of a run.
#[derive(Debug)]
pub(super) struct FoldedStep {
    /// Its state, without output and report.
    pub(super) report: StepReport,
    pub(super) output: Option<Held>,
    pub(super) key: Option<StepKey>,
    pub(super) model: Option<String>,
    pub(super) reused: bool,
    pub(super) overridden: bool,
    pub(super) usage: Usage,
    cost: CostSum,
    begin: Option<Timestamp>,
    end: Option<Timestamp>,
}

/// A value to compare.
#[derive(Debug)]
pub(super) enum Held {
    Value(Arc<Value>),
    /// SHA-256 of a value that would be too much with those before it.
    Hash(String),
}

impl Held {
    /// Whether both are equal, apart from the order of members.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => a == b,
            (a, b) => *a.hash() == *b.hash(),
        }
    }

    fn hash(&self) -> Cow<'_, str> {
        match self {
            Self::Value(value) => content_hash(value).into(),
            Self::Hash(hash) => hash.into(),
        }
    }

    /// The patch from this value to another one, if both are held and it has at most `most` bytes.
    pub(super) fn patch(&self, other: &Self, most: usize) -> Option<Vec<PatchOperation>> {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => patch(a, b, most),
            _ => None,
        }
    }
}

impl FoldedStep {
    fn new(step: StepRef, kind: Arc<str>) -> Self {
        Self {
            report: StepReport::new(step, kind),
            output: None,
            key: None,
            model: None,
            reused: false,
            overridden: false,
            usage: Usage::default(),
            cost: CostSum::default(),
            begin: None,
            end: None,
        }
    }

    /// What all its attempts cost.
    pub(super) fn cost(&self) -> Option<Cost> {
        self.cost.cost()
    }

    /// Milliseconds from its first event to its end.
    pub(super) fn duration_ms(&self) -> Option<u64> {
        self.begin
            .zip(self.end)
            .map(|(begin, end)| millis(end.since(begin)))
    }

    fn apply(&mut self, event: &StepEvent) {
        self.report.apply(event);
        self.begin.get_or_insert(event.time);
        let has_ended = self.report.status.has_ended() && self.report.status != StepStatus::Skipped;
        self.end = has_ended.then_some(event.time);
        match &event.kind {
            EventKind::NodeStarted(it) => {
                self.key = it.plan.as_ref().and_then(|plan| plan.key).or(self.key);
            }
            EventKind::NodeWaiting(it) => self.key = it.key.or(self.key),
            _ => {}
        }
        if let Some(report) = event.report() {
            self.add(report);
        }
        self.report.report = None;
    }

    fn add(&mut self, report: &Report) {
        self.usage += report.usage;
        self.cost.add(report.usage, report.cost);
        self.reused |= report.reused;
        self.overridden |= report.overridden;
        if let Some(from) = &report.reused_from {
            self.key = Some(from.key);
        }
        if let Some(model) = &report.model {
            self.model = Some(model.clone().into_owned());
        }
    }
}

impl FoldedRun {
    /// A run before its events are applied.
    pub(crate) fn new(record: RunRecord) -> Self {
        Self {
            record,
            input: None,
            output: None,
            error: None,
            steps: Vec::new(),
            is_cut: false,
            cost: CostSum::default(),
            index: HashMap::new(),
            outline: RunOutline::default(),
            bytes_left: MAX_HELD_BYTES,
        }
    }

    /// What all attempts of all steps cost.
    pub(super) fn cost(&self) -> Option<Cost> {
        self.cost.cost()
    }

    /// The step with this path.
    pub(super) fn step(&self, path: &StepPath) -> Option<&FoldedStep> {
        self.steps.get(*self.index.get(path)?)
    }

    /// Applies the next event.
    pub(crate) fn apply(&mut self, event: &StepEvent) {
        if let Some(report) = event.report() {
            self.cost.add(report.usage, report.cost);
        }
        match &event.kind {
            EventKind::RunCreated(created) => {
                self.input = Some(self.hold(&created.input));
                self.outline = RunOutline::of(created);
                for node in &*created.nodes {
                    self.add_step(StepRef::top_level(node.id.clone()), Arc::clone(&node.kind));
                }
            }
            EventKind::RunCompleted(it) => self.output = Some(self.hold(&it.output)),
            EventKind::RunFailed(it) => self.error = Some(Arc::clone(&it.error)),
            _ => self.apply_to_step(event),
        }
    }

    fn apply_to_step(&mut self, event: &StepEvent) {
        let Some(index) = event.step().and_then(|step| self.index_of(step)) else {
            return;
        };
        let Some(step) = self.steps.get_mut(index) else {
            return;
        };
        step.apply(event);
        if let Some(output) = step.report.output.take() {
            let output = self.hold(&output);
            if let Some(step) = self.steps.get_mut(index) {
                step.output = Some(output);
            }
        }
    }

    fn index_of(&mut self, step: &StepRef) -> Option<usize> {
        if let Some(index) = self.index.get(step.path()) {
            return Some(*index);
        }
        if self.steps.len() >= MAX_STEPS {
            self.is_cut = true;
            return None;
        }
        let kind = Arc::clone(self.outline.kind_of(step.path())?);
        Some(self.add_step(step.clone(), kind))
    }

    fn add_step(&mut self, step: StepRef, kind: Arc<str>) -> usize {
        let index = self.steps.len();
        self.index.insert(step.path().clone(), index);
        self.steps.push(FoldedStep::new(step, kind));
        index
    }

    fn hold(&mut self, value: &Arc<Value>) -> Held {
        match self.bytes_left.checked_sub(size::bytes(value)) {
            Some(left) => {
                self.bytes_left = left;
                Held::Value(Arc::clone(value))
            }
            None => Held::Hash(content_hash(value)),
        }
    }
}
