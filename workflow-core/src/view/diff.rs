//! The comparison of two runs.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    StepStatus,
    folded::{FoldedRun, FoldedStep, Held},
};
use crate::{
    error::Problem,
    record::RunRecord,
    value::{Cost, PatchOperation, StepKey, StepPath, Usage, size},
};

/// Two runs, step by step: what is the same, and what is not. `a` is the run before, `b` the one after; they need not be of
/// the same workflow.
///
/// Its size is bounded by [`MAX_STEPS`](Self::MAX_STEPS) and [`MAX_PATCH_BYTES`](Self::MAX_PATCH_BYTES); fields named
/// `…_omitted` and [`DiffCounts::not_compared`] say what was left out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunDiff {
    /// The first run.
    pub a: RunSide,
    /// The second run.
    pub b: RunSide,
    /// The inputs.
    pub input: ValueDiff,
    /// The outputs; absent if neither run has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<ValueDiff>,
    /// How many steps there are of each kind, those that are left out of `steps` included.
    pub counts: DiffCounts,
    /// The steps of the second run in the order of its report, then those of the first run only. If there are more than
    /// [`MAX_STEPS`](Self::MAX_STEPS), those that are the same are left out first.
    pub steps: Vec<StepDiff>,
    /// How many steps are left out of `steps`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub steps_omitted: usize,
}

/// One of the two runs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunSide {
    /// Its record, with status, tokens and duration.
    pub run: RunRecord,
    /// What it cost; absent if nothing is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<Problem>>,
}

/// How something differs between the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// It is the same in both: of a step, its status, its output, and the code of its error.
    Same,
    /// It is in both, and differs.
    Changed,
    /// It is in the first run only.
    OnlyA,
    /// It is in the second run only.
    OnlyB,
    /// The step has another path, and did the same: both have the same key.
    Moved,
}

/// Numbers of steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct DiffCounts {
    /// The same in both.
    pub same: usize,
    /// In both, and different.
    pub changed: usize,
    /// With the same key at another path.
    pub moved: usize,
    /// In the first run only.
    pub only_a: usize,
    /// In the second run only.
    pub only_b: usize,
    /// Not compared, since the other run has more than 20,000 steps, and the step may be one of those that were not read.
    #[serde(default, skip_serializing_if = "is_none")]
    pub not_compared: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_none(count: &usize) -> bool {
    *count == 0
}

/// The difference between two values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ValueDiff {
    /// How they differ.
    pub change: Change,
    /// The JSON Patch (RFC 6902) from the first to the second value, if both exist and differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patch: Vec<PatchOperation>,
    /// Whether the patch is left out, because values or patches have reached [`RunDiff::MAX_PATCH_BYTES`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub patch_omitted: bool,
}

/// A step of one or both runs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct StepDiff {
    /// Its path: in the second run, if it is there.
    pub path: StepPath,
    /// Its path in the first run, if it has moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<StepPath>,
    /// The type of its node.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// How it differs.
    pub change: Change,
    /// The step in the first run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a: Option<StepSide>,
    /// The step in the second run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<StepSide>,
    /// The outputs, if both runs have the step and its outputs differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<ValueDiff>,
}

/// A step in one of the runs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct StepSide {
    /// Its status.
    pub status: StepStatus,
    /// The number of attempts; 0 if it was reused or has not started.
    pub attempts: u32,
    /// Milliseconds from its first event to its end, with all attempts and waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// The tokens of all attempts.
    #[serde(default, skip_serializing_if = "Usage::is_empty")]
    pub usage: Usage,
    /// What all attempts cost; absent if nothing is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The model that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The code of its error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether its output was reused from an earlier run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reused: bool,
    /// Whether its output was set by the request that started the run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overridden: bool,
}

impl RunDiff {
    /// The most steps that are listed.
    pub const MAX_STEPS: usize = 1_000;

    /// The most bytes of patches together, as JSON, and of the values of each run that are held to make them: 16 MiB.
    /// Values beyond it are compared without a patch.
    pub const MAX_PATCH_BYTES: usize = 16 * 1024 * 1024;

    /// Compares two runs, whose events have been applied.
    pub(crate) fn of(a: &FoldedRun, b: &FoldedRun) -> Self {
        let mut patches = Patches(Self::MAX_PATCH_BYTES);
        let absent = ValueDiff::without_patch(Change::Same);
        let input = patches.diff(a.input.as_ref(), b.input.as_ref());
        let output = patches.diff(a.output.as_ref(), b.output.as_ref());
        let moves = Moves::between(a, b);
        let mut diff = Self {
            a: RunSide::of(a),
            b: RunSide::of(b),
            input: input.unwrap_or(absent),
            output,
            counts: DiffCounts::default(),
            steps: Vec::new(),
            steps_omitted: 0,
        };
        // Those that differ have the first claim on the list.
        let rows = rows(a, b, &moves, &mut diff.counts);
        let differing = rows.iter().filter(|row| row.change != Change::Same).count();
        let mut left_same = Self::MAX_STEPS.saturating_sub(differing);
        let mut left_others = Self::MAX_STEPS;
        for row in rows {
            let left = match row.change {
                Change::Same => &mut left_same,
                _ => &mut left_others,
            };
            let Some(fewer) = left.checked_sub(1) else {
                diff.steps_omitted += 1;
                continue;
            };
            *left = fewer;
            diff.steps.push(row.into_step(&mut patches));
        }
        diff
    }
}

/// A step of one or both runs, before its output is compared in detail.
struct Row<'a> {
    change: Change,
    a: Option<&'a FoldedStep>,
    b: Option<&'a FoldedStep>,
}

/// The rows in their order, counted.
fn rows<'a>(
    a: &'a FoldedRun,
    b: &'a FoldedRun,
    moves: &Moves<'a>,
    counts: &mut DiffCounts,
) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for step in &b.steps {
        let path = step.report.step.path();
        let (before, change) = match (a.step(path), moves.to.get(path)) {
            (Some(before), _) if is_same(before, step) => (Some(before), Change::Same),
            (Some(before), _) => (Some(before), Change::Changed),
            (None, Some(before)) => (Some(*before), Change::Moved),
            (None, None) if a.is_cut => {
                counts.not_compared += 1;
                continue;
            }
            (None, None) => (None, Change::OnlyB),
        };
        rows.push(Row {
            change,
            a: before,
            b: Some(step),
        });
    }
    for step in &a.steps {
        let path = step.report.step.path();
        if b.step(path).is_some() || moves.from.contains(path) {
            continue;
        }
        if b.is_cut {
            counts.not_compared += 1;
            continue;
        }
        rows.push(Row {
            change: Change::OnlyA,
            a: Some(step),
            b: None,
        });
    }
    for row in &rows {
        *match row.change {
            Change::Same => &mut counts.same,
            Change::Changed => &mut counts.changed,
            Change::OnlyA => &mut counts.only_a,
            Change::OnlyB => &mut counts.only_b,
            Change::Moved => &mut counts.moved,
        } += 1;
    }
    rows
}

fn is_same(a: &FoldedStep, b: &FoldedStep) -> bool {
    let outputs = match (&a.output, &b.output) {
        (Some(a), Some(b)) => a.is_same(b),
        (a, b) => a.is_none() && b.is_none(),
    };
    outputs && a.report.status == b.report.status && code(a) == code(b)
}

fn code(step: &FoldedStep) -> Option<&str> {
    step.report.error.as_deref().map(|error| &*error.code)
}

impl Row<'_> {
    fn into_step(self, patches: &mut Patches) -> StepDiff {
        let both = self.a.zip(self.b);
        let output = both.and_then(|(a, b)| patches.diff(a.output.as_ref(), b.output.as_ref()));
        let path = |step: &FoldedStep| step.report.step.path().clone();
        let step = self.b.or(self.a);
        StepDiff {
            path: step.map_or_else(|| "".into(), path),
            moved_from: self.a.filter(|_| self.change == Change::Moved).map(path),
            kind: step.map_or_else(|| "".into(), |step| Arc::clone(&step.report.kind)),
            change: self.change,
            a: self.a.map(StepSide::of),
            b: self.b.map(StepSide::of),
            output: output.filter(|output| output.change != Change::Same),
        }
    }
}

/// Steps that have another path and the same key and type.
struct Moves<'a> {
    /// From the path in the second run to the step of the first.
    to: HashMap<&'a StepPath, &'a FoldedStep>,
    /// The paths in the first run.
    from: HashSet<&'a StepPath>,
}

impl<'a> Moves<'a> {
    /// Each step is used once, in order, so that five equal steps are not one.
    fn between(a: &'a FoldedRun, b: &'a FoldedRun) -> Self {
        let mut gone: HashMap<(StepKey, &str), VecDeque<&FoldedStep>> = HashMap::new();
        for step in &a.steps {
            if let Some(key) = step.key
                && b.step(step.report.step.path()).is_none()
            {
                gone.entry((key, &step.report.kind))
                    .or_default()
                    .push_back(step);
            }
        }
        let (mut to, mut from) = (HashMap::new(), HashSet::new());
        for step in &b.steps {
            let path = step.report.step.path();
            if let Some(key) = step.key
                && a.step(path).is_none()
                && let Some(steps) = gone.get_mut(&(key, &*step.report.kind))
                && let Some(before) = steps.pop_front()
            {
                to.insert(path, before);
                from.insert(before.report.step.path());
            }
        }
        Self { to, from }
    }
}

/// The bytes that patches may still have.
struct Patches(usize);

impl Patches {
    /// `None` if neither value exists.
    fn diff(&mut self, a: Option<&Held>, b: Option<&Held>) -> Option<ValueDiff> {
        let (a, b) = match (a, b) {
            (Some(a), Some(b)) => (a, b),
            (Some(_), None) => return Some(ValueDiff::without_patch(Change::OnlyA)),
            (None, Some(_)) => return Some(ValueDiff::without_patch(Change::OnlyB)),
            (None, None) => return None,
        };
        if a.is_same(b) {
            return Some(ValueDiff::without_patch(Change::Same));
        }
        let patch = a.patch(b, self.0);
        self.0 = self.0.saturating_sub(patch.as_ref().map_or(0, size::bytes));
        Some(ValueDiff {
            change: Change::Changed,
            patch_omitted: patch.is_none(),
            patch: patch.unwrap_or_default(),
        })
    }
}

impl ValueDiff {
    fn without_patch(change: Change) -> Self {
        Self {
            change,
            patch: Vec::new(),
            patch_omitted: false,
        }
    }
}

impl RunSide {
    fn of(run: &FoldedRun) -> Self {
        Self {
            run: run.record.clone(),
            cost: run.cost(),
            error: run.error.clone(),
        }
    }
}

impl StepSide {
    fn of(step: &FoldedStep) -> Self {
        Self {
            status: step.report.status,
            attempts: step.report.attempt,
            duration_ms: step.duration_ms(),
            usage: step.usage,
            cost: step.cost(),
            model: step.model.clone(),
            error: code(step).map(str::to_owned),
            reused: step.reused,
            overridden: step.overridden,
        }
    }
}
