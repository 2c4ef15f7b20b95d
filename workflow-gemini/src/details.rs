//! What comes with an answer besides its text.

use serde::Serialize;
use serde_json::Value;

use crate::wire::Candidate;

/// Where an answer is from, and what the tools did: the API's own objects.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Details {
    /// What was searched for and found (`groundingMetadata`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grounding: Option<Value>,
    /// Which pages were read (`urlContextMetadata`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_context: Option<Value>,
    /// What the text cites (`citationMetadata`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citations: Option<Value>,
    /// The code that was run, and what it printed: parts `executableCode` and
    /// `codeExecutionResult`, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<Value>,
}

impl Details {
    /// Takes what a further piece of an answer tells.
    pub(crate) fn add(&mut self, candidate: &mut Candidate, parts: &[Value]) {
        merge(&mut self.grounding, candidate.grounding_metadata.take());
        merge(&mut self.url_context, candidate.url_context_metadata.take());
        merge(&mut self.citations, candidate.citation_metadata.take());
        let is_code = |part: &&Value| {
            part.get("executableCode").is_some() || part.get("codeExecutionResult").is_some()
        };
        self.code.extend(parts.iter().filter(is_code).cloned());
    }
}

/// Later pieces of a stream tell more, or the same again: member by member, the last word counts.
fn merge(known: &mut Option<Value>, more: Option<Value>) {
    match (known, more) {
        (Some(Value::Object(known)), Some(Value::Object(more))) => known.extend(more),
        (known, Some(more)) => *known = Some(more),
        (_, None) => {}
    }
}
