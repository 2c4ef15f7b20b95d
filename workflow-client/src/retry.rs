//! [`Retry`]: how much of a run is done again.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;
use workflow_core::value::Budget;

/// How much of an ended run is done again, for [`Client::retry`](crate::Client::retry).
///
/// ```
/// use serde_json::json;
/// use workflow_client::Retry;
///
/// let what_if = Retry::unchanged().with_override("classify", json!("refund"));
/// # let _ = what_if;
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[must_use]
pub struct Retry {
    #[serde(skip_serializing_if = "Option::is_none")]
    reuse: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    only: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    overrides: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<Budget>,
    #[serde(skip)]
    idempotency_key: Option<String>,
}

impl Retry {
    /// All of the run, with the same input and version.
    pub fn whole() -> Self {
        Self::default()
    }

    /// What changed: each step that would do what a step of the earlier run did takes over its result.
    pub fn unchanged() -> Self {
        Self {
            reuse: Some("unchanged"),
            ..Self::default()
        }
    }

    /// A single step, with the results before it taken over. Its output is that of the run. `step` is its path.
    pub fn only(step: impl Into<String>) -> Self {
        Self {
            only: Some(step.into()),
            ..Self::default()
        }
    }

    /// Begins with this top-level node; the results of what does not follow from it are taken over. After
    /// [`unchanged`](Self::unchanged): the node that runs again in any case.
    pub fn with_from(mut self, node: impl Into<String>) -> Self {
        self.from = Some(node.into());
        self
    }

    /// Sets the output of the step at this path instead of running it. Other steps that may act outside of the run then wait
    /// until a person has decided about each.
    pub fn with_override(mut self, step: impl Into<String>, output: Value) -> Self {
        self.overrides.insert(step.into(), output);
        self
    }

    /// Another input. Default: that of the earlier run.
    pub fn with_input(mut self, input: Value) -> Self {
        self.input = Some(input);
        self
    }

    /// Another version of the workflow. Default: that of the earlier run.
    pub fn with_version(mut self, version: u32) -> Self {
        self.version = Some(version);
        self
    }

    /// For [`Client::predict_retry`](crate::Client::predict_retry) only: a workflow that is not stored, in the place of that of the
    /// version.
    pub fn with_spec(mut self, spec: Value) -> Self {
        self.spec = Some(spec);
        self
    }

    /// The most that the run may use. Default: the budget that was set for the earlier run.
    pub fn with_budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// The same key and retry always give the same run. Default: a new key for each call, so that only its own tries have the
    /// same.
    pub fn with_idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    pub(crate) fn idempotency_key(&self) -> String {
        let key = self.idempotency_key.clone();
        key.unwrap_or_else(|| Uuid::now_v7().to_string())
    }
}
