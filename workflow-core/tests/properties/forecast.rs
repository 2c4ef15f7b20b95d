//! What the reference says about a run before it runs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Virtual milliseconds since the run began.
pub type Moment = u64;

/// After everything else: a step that waits for this never begins.
pub const NEVER: Moment = Moment::MAX;

/// Moments closer than this may come in either order: back-offs are counted on another clock.
pub const SAME_MOMENT: Moment = 50;

/// What becomes of each step of a part of a run, by path. A path that is not here has no business
/// in the log.
pub type Steps = BTreeMap<String, StepForecast>;

#[derive(Clone, Debug, PartialEq)]
pub struct StepForecast {
    pub outcome: Outcome,
    pub begin: Moment,
    pub end: Moment,
    /// When the first of the lists around it fails, if one does: what is not settled then will not be.
    pub horizon: Option<Moment>,
    /// Whether a list around it fails in a way that may leave it unsettled, whatever the times.
    pub may_stop: bool,
    /// Times it starts, when it is left to itself; 0 where the language does not say.
    pub attempts: u32,
    /// Whether it takes one of the run's slots.
    pub leaf: bool,
}

/// What becomes of a step that is left to itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Completed {
        output: Value,
        /// Only of loops: how many there were, and whether they were all that may be.
        rounds: Option<(usize, bool)>,
    },
    Handled {
        code: String,
        output: Option<Value>,
    },
    /// Fails its list of nodes.
    Fatal(Failure),
    Skipped(&'static str),
}

/// Why a list of nodes, or a step, fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub code: String,
    /// The codes of all failures that may be the first, should times be other than forecast.
    pub possible: BTreeSet<String>,
    /// The step that began it.
    pub path: String,
}

/// How a list of nodes ends.
#[derive(Clone, Debug, PartialEq)]
pub struct ListEnd {
    pub at: Moment,
    pub result: Result<Value, Failure>,
    pub steps: Steps,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    pub result: Result<Value, Failure>,
    pub steps: Steps,
    /// Whether two failures come in the same moment, so that either may be the first.
    pub tied: bool,
    /// Whether it is known what the first failures say: not if those of one moment say different things.
    pub ordered: bool,
    /// Whether values depend on which of several failures is the first.
    pub open: bool,
    /// Leaf steps at work at once, were there no limit.
    pub most_at_once: usize,
}

impl StepForecast {
    /// A list around it fails at this moment.
    pub fn stop_at(&mut self, moment: Moment) {
        self.horizon = Some(self.horizon.map_or(moment, |horizon| horizon.min(moment)));
        self.may_stop = true;
    }
}

/// How many of these intervals overlap at most. One that takes no time is there for a moment.
pub fn most_at_once<'a>(steps: impl Iterator<Item = &'a StepForecast>) -> usize {
    let mut changes: Vec<(u128, i32)> = Vec::new();
    for step in steps.filter(|step| step.leaf && step.begin < NEVER) {
        let begin = u128::from(step.begin) * 2;
        changes.push((begin, 1));
        changes.push(((u128::from(step.end) * 2).max(begin + 1), -1));
    }
    // Of one moment, ends come first.
    changes.sort_unstable();
    let (mut now, mut most) = (0_i32, 0);
    for (_, change) in changes {
        now += change;
        most = most.max(now);
    }
    usize::try_from(most).unwrap_or_default()
}
