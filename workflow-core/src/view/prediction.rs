//! What a run would do, predicted without running anything that costs, waits or acts.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    event::{Continued, ReusedFrom},
    node::Effects,
    value::{Amount, Cost, StepRef, Usd},
};

/// What a run would do.
///
/// Steps that only compute are executed, so that the requests of the steps after them are known. A step that would send a
/// request, wait for a person or act is not: what depends on its output is [`Unknown`](PredictedStatus::Unknown).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Prediction {
    /// The steps, outer ones first; at most [`MAX_STEPS`](Self::MAX_STEPS).
    pub steps: Vec<PredictedStep>,
    /// Whether `steps` is incomplete.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub steps_omitted: bool,
    /// How many steps have each status, those left out of `steps` included. Of maps, loops, agents and called workflows, what is in them is
    /// counted. One in which more is done than is known, such as further rounds of a loop or turns of an agent, counts as one unknown step besides.
    pub counts: BTreeMap<PredictedStatus, usize>,
    /// What the run would cost.
    pub cost: PredictedCost,
    /// The results of the earlier run that are available for reuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<Continued>,
}

/// One step of a predicted run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct PredictedStep {
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The type of its node.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// What would happen to it.
    pub status: PredictedStatus,
    /// What an attempt does outside of the run; absent if the step is not attempted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effects: Option<Effects>,
    /// What would be sent, or the question to a person. Long texts in it are shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Arc<Value>>,
    /// The most that one attempt may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Amount>,
    /// What it cost in the earlier run; absent if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likely: Option<Cost>,
    /// Where its result would come from, if it is reused by content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reused_from: Option<Box<ReusedFrom>>,
    /// Why it is skipped or fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What would happen to a step.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PredictedStatus {
    /// It takes over a result of the earlier run.
    Reused,
    /// Its output was set.
    Overridden,
    /// It only computes, and its output is known.
    Computed,
    /// It is executed.
    Runs,
    /// It may act outside of the run, and waits until a person has decided.
    Held,
    /// It asks a person.
    Asks,
    /// It is skipped.
    Skipped,
    /// It fails before it is attempted.
    Fails,
    /// It depends on what is not known before the run.
    Unknown,
}

impl PredictedStatus {
    /// Whether a step with this status may cost something.
    pub(crate) fn may_cost(self) -> bool {
        matches!(self, Self::Runs | Self::Held | Self::Unknown)
    }
}

impl PredictedStep {
    /// A step of which nothing is known yet.
    pub(crate) fn unknown(step: StepRef, kind: Arc<str>) -> Self {
        Self {
            step,
            kind,
            status: PredictedStatus::Unknown,
            effects: None,
            request: None,
            bound: None,
            likely: None,
            reused_from: None,
            reason: None,
        }
    }
}

/// What a predicted run would cost, in US dollars.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct PredictedCost {
    /// At least this much.
    pub min: Usd,
    /// Probably this much: what the same steps cost in the earlier run. `null` if nothing is known.
    pub likely: Option<Cost>,
    /// At most this much, retries included; `null` if there is no bound.
    pub max: Option<Usd>,
    /// Why there is no bound.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unbounded: Vec<String>,
}

impl Prediction {
    /// The most steps in a prediction.
    pub const MAX_STEPS: usize = 1_000;

    /// The most bytes of requests in a prediction, together and as JSON: 4 MiB. Later ones are left out.
    pub const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;

    pub(crate) fn empty(continues: Option<Continued>) -> Self {
        Self {
            steps: Vec::new(),
            steps_omitted: false,
            counts: BTreeMap::new(),
            cost: PredictedCost::default(),
            continues,
        }
    }

    /// How many steps have this status.
    pub fn count(&self, status: PredictedStatus) -> usize {
        self.counts.get(&status).copied().unwrap_or_default()
    }
}
