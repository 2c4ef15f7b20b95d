//! What a node says about an attempt.

use std::{borrow::Cow, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::value::Usage;

/// What a node may say about an attempt, beside its output, whether or not it succeeds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Report {
    /// Tokens used.
    #[serde(default, skip_serializing_if = "Usage::is_empty")]
    pub usage: Usage,
    /// The model that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Cow<'static, str>>,
    /// Why the model stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<Cow<'static, str>>,
    /// Whether the answer was cut off before its end, at a limit of tokens: the node completed, but its
    /// output is not whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// What else there is to say of the answer, such as its sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Arc<Value>>,
    /// The debug record of the attempt: the prompt as sent, the raw parts of an answer. In the log and in the
    /// step's history only; streams and pages of events omit it ([`StepEvent::shown`](super::StepEvent::shown)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug: Option<Arc<Value>>,
    /// How many milliseconds of the attempt it waited for admission at shared limits
    /// ([`NodeContext::queued`](crate::NodeContext::queued)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_ms: Option<u64>,
    /// Milliseconds from the start of the attempt to its first delta, without `queued_ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_delta_ms: Option<u64>,
    /// How many rounds a loop made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<usize>,
    /// Whether a loop ended because it may make no more rounds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exhausted: bool,
    /// Whether the output was taken over from the run that is done again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reused: bool,
}

impl Report {
    /// The part that templates of later steps read: `finish_reason`, `truncated` and `metadata`. None
    /// where there is none of them.
    pub(crate) fn readable(&self) -> Option<Box<Self>> {
        let readable = Self {
            finish_reason: self.finish_reason.clone(),
            truncated: self.truncated,
            metadata: self.metadata.clone(),
            ..Self::default()
        };
        (readable != Self::default()).then(|| Box::new(readable))
    }
}

/// Reads the fields of a report, none where there is none of them.
pub(super) fn report_if_any<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<Report>>, D::Error> {
    let report = Report::deserialize(deserializer)?;
    Ok((report != Report::default()).then(|| Box::new(report)))
}
