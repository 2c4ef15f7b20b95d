//! Called workflows by name: what a check needs to resolve `WorkflowNode`s.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::Workflow;
use crate::error::FaultCode;

/// The workflows that a `WorkflowNode` can call, by name.
///
/// ```
/// use std::sync::Arc;
/// use workflow_core::{Registry, Workflow, workflow::Library};
///
/// # fn main() -> Result<(), workflow_core::InvalidWorkflow> {
/// let registry = Registry::default();
/// let greet = Workflow::from_json(
///     r#"{"nodes": [{"id": "greet", "type": "PromptNode", "data": {"template": "Hello {{ input }}"}}]}"#,
///     &registry,
/// )?;
/// let mut library = Library::new();
/// library.insert("greet", Arc::new(greet));
///
/// let spec = serde_json::json!({"nodes": [
///     {"id": "call", "type": "WorkflowNode", "data": {"workflow": "greet"}},
/// ]});
/// assert!(Workflow::with_library(&spec, &registry, &library).is_ok());
/// assert!(Workflow::from_spec(&spec, &registry).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Library {
    workflows: BTreeMap<String, Result<Arc<Workflow>, Refusal>>,
    /// Names outside the library that a misspelt name may mean.
    others: Arc<[String]>,
}

/// Why a workflow cannot be called. It becomes a fault at the call.
///
/// It has no place: the same workflow may be called at several places.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: FaultCode,
    pub(crate) detail: String,
    pub(crate) hint: Option<String>,
}

impl Library {
    /// An empty library.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a workflow under a name, and replaces an earlier one. Workflows that are already checked keep the
    /// workflow that they were checked with.
    pub fn insert(&mut self, name: impl Into<String>, workflow: Arc<Workflow>) {
        self.workflows.insert(name.into(), Ok(workflow));
    }

    /// Records why the workflow of this name cannot be called.
    ///
    /// The linker calls it for workflows that exist and cannot be used, so that the fault names the cause and not a
    /// missing workflow.
    pub(crate) fn refuse(&mut self, name: &str, refusal: Refusal) {
        self.workflows.insert(name.to_owned(), Err(refusal));
    }

    /// Sets further names for "did you mean".
    pub(crate) fn suggest(&mut self, names: Arc<[String]>) {
        self.others = names;
    }

    /// All names that a misspelt name may mean.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &str> {
        self.names().chain(self.others.iter().map(String::as_str))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Result<Arc<Workflow>, Refusal>> {
        self.workflows.get(name)
    }

    /// The names in the library, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.workflows.keys().map(String::as_str)
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.workflows.keys()).finish()
    }
}
