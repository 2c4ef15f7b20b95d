//! The report of an attempt.

use std::{borrow::Cow, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::value::{Amount, Cost, RunId, StepKey, StepPath, Usage, digest, some_even_if_null};

/// The result of an earlier run that stands for this step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ReusedFrom {
    /// The run in which the step was executed.
    pub run: RunId,
    /// The path of the step there.
    pub path: StepPath,
    /// The number of the result in the table of this run, counted from 0.
    pub entry: usize,
    /// The key that both have.
    pub key: StepKey,
    /// The tokens that were used then, and not again.
    #[serde(default, skip_serializing_if = "Usage::is_empty")]
    pub saved_usage: Usage,
    /// What it cost then; absent if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_cost: Option<Cost>,
}

/// What a node reports about an attempt besides its output, whether or not the attempt succeeds.
///
/// In events, its fields are flattened into the body. A report with default values only is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of its own in the JSON of events"
)]
pub struct Report {
    /// The tokens used.
    #[serde(default, skip_serializing_if = "Usage::is_empty")]
    pub usage: Usage,
    /// What it cost; absent if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The number of requests to a model, if the node reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// Whether `usage`, `cost` and `calls` are all that a failed attempt used. In a budget, a failed attempt otherwise counts with
    /// all that was reserved for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub usage_final: bool,
    /// What the attempt counts with in the budgets around its step: what it reported, and what was reserved for it where it
    /// reported nothing. Absent outside of budgets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked: Option<Amount>,
    /// Whether the attempt used more than the bound of its plan. Attempts with a bound no longer start in the budgets around its
    /// step that limit the exceeded unit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bound_exceeded: bool,
    /// The model that answered, as named by the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Cow<'static, str>>,
    /// Why the model stopped, as named by the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<Cow<'static, str>>,
    /// Whether the answer was truncated at a token limit. The node completed, but its output is incomplete.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// Further data about the answer, such as its sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Arc<Value>>,
    /// The debug record of the attempt, such as the prompt as sent and the raw parts of the answer. In the log and in the
    /// history of the step only; streams and pages of events omit it ([`StepEvent::shown`](super::StepEvent::shown)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug: Option<Arc<Value>>,
    /// What the provider of a turn needs back with the next one, as it came. In the log only; streams and pages of events show its
    /// SHA-256 and its size in bytes instead: `{"sha256": …, "bytes": …}`.
    #[serde(
        default,
        deserialize_with = "some_even_if_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub state: Option<Arc<Value>>,
    /// The request as it was sent, secrets by name only. In the log and in recordings; streams and pages of events omit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Arc<Value>>,
    /// How many milliseconds of the attempt were spent waiting for admission at shared limits
    /// ([`NodeContext::queued`](crate::NodeContext::queued)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_ms: Option<u64>,
    /// Milliseconds from the first time that the attempt waited for something to its first delta, without `queued_ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_delta_ms: Option<u64>,
    /// The number of rounds of a loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<usize>,
    /// The number of turns of an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<usize>,
    /// Whether a loop ended because it reached its maximum number of rounds, or an agent its maximum number of turns.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exhausted: bool,
    /// Whether the output was set by the request that started the run, instead of running the step.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overridden: bool,
    /// Where a reused output comes from, if it was reused because the step would do the same again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reused_from: Option<Box<ReusedFrom>>,
    /// Whether the output was reused from an earlier run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reused: bool,
}

impl Report {
    /// Whether it has something that is in the log only.
    pub(super) fn has_log_only_fields(&self) -> bool {
        self.debug.is_some() || self.request.is_some() || self.state.is_some()
    }

    /// A copy without what is in the log only.
    pub(crate) fn without_log_only_fields(&self) -> Self {
        Self {
            debug: None,
            request: None,
            state: None,
            ..self.clone()
        }
    }

    /// Removes what is in the log only. Of the state of a turn, its SHA-256 and its size remain.
    pub(super) fn remove_log_only_fields(&mut self) {
        self.debug = None;
        self.request = None;
        self.summarize_state();
    }

    /// Replaces the state of a turn by its SHA-256 and its size.
    pub(crate) fn summarize_state(&mut self) {
        if let Some(state) = &self.state {
            self.state = Some(Arc::new(digest(state)));
        }
    }

    /// The part that belongs to the result if a step reuses it: what templates can read, the model, and the state of a turn, which
    /// the next turn needs.
    pub(crate) fn reusable(&self) -> Self {
        Self {
            model: self.model.clone(),
            state: self.state.clone(),
            ..self.readable().map(|it| *it).unwrap_or_default()
        }
    }

    /// The part that templates of later steps can read: `finish_reason`, `truncated`, `metadata` and
    /// `exhausted`. `None` if all are absent.
    pub(crate) fn readable(&self) -> Option<Box<Self>> {
        let readable = Self {
            finish_reason: self.finish_reason.clone(),
            truncated: self.truncated,
            metadata: self.metadata.clone(),
            exhausted: self.exhausted,
            ..Self::default()
        };
        (readable != Self::default()).then(|| Box::new(readable))
    }
}

/// Deserializes a flattened report; `None` if all its fields are absent. Serde's `Option` with `flatten` would always be
/// `Some`, since every field has a default.
pub(super) fn report_if_any<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<Report>>, D::Error> {
    let report = Report::deserialize(deserializer)?;
    Ok((report != Report::default()).then(|| Box::new(report)))
}
