//! A checked workflow: whoever holds one holds a valid one.

mod data;
mod expressions;
mod graph;
mod hash;
mod input;
mod marks;
mod plan;
mod references;
mod shape;

use std::{fmt, sync::Arc, time::Duration};

use serde_json::Value;

pub(crate) use self::plan::Planned;
use self::{graph::Graph, input::InputSchema};
use crate::{
    event::NodeOutline,
    fault::{Fault, FaultCode, InvalidWorkflow},
    registry::Registry,
    scope::Variables,
    spec::Spec,
    template::Json,
};

/// A workflow that was checked whole: acyclic, every reference resolvable, every node built.
///
/// ```
/// use workflow_core::{Registry, Workflow};
///
/// let spec = serde_json::json!({"nodes": [
///     {"id": "greet", "type": "PromptNode", "data": {"template": "Hello {{ inptu }}"}},
/// ]});
/// let refused = Workflow::new(&spec, &Registry::default()).unwrap_err();
/// assert_eq!(refused.faults()[0].pointer, "#/nodes/0/data/template");
/// assert_eq!(refused.faults()[0].hint.as_deref(), Some("did you mean `input`?"));
/// ```
pub struct Workflow {
    name: Option<String>,
    hash: Arc<str>,
    outline: Arc<[NodeOutline]>,
    variables: Arc<Variables>,
    steps: Box<[Planned]>,
    sinks: Box<[usize]>,
    input: Option<InputSchema>,
    output: Option<Json>,
    timeout: Option<Duration>,
}

impl Workflow {
    /// Checks a specification and builds its nodes.
    ///
    /// # Errors
    /// Every fault there is, each with its place; nothing is built.
    pub fn new(spec: &Value, registry: &Registry) -> Result<Self, InvalidWorkflow> {
        let mut faults = Vec::new();
        let read = Spec::read(spec, &mut faults);
        let graph = Graph::of(&read.nodes, &mut faults);
        let steps = plan::plan(&read, &graph, registry, &mut faults);
        let input = read
            .input
            .as_ref()
            .and_then(|schema| InputSchema::new(schema, &mut faults));
        let output = read
            .output
            .as_ref()
            .and_then(|json| expressions::output(json, &graph, &mut faults));
        if !faults.is_empty() {
            return Err(InvalidWorkflow::new(faults));
        }
        Ok(Self {
            name: read.name,
            hash: hash::content_hash(spec).into(),
            outline: plan::outline(&read.nodes, &graph),
            variables: Arc::new(graph.variables().clone()),
            sinks: graph.sinks(),
            timeout: read.timeout,
            steps,
            input,
            output,
        })
    }

    /// Checks a specification in JSON text.
    ///
    /// # Errors
    /// As [`new`](Self::new); text that is not JSON is one fault, with its line and column.
    pub fn from_json(text: &str, registry: &Registry) -> Result<Self, InvalidWorkflow> {
        match serde_json::from_str(text) {
            Ok(spec) => Self::new(&spec, registry),
            Err(error) => {
                let fault = Fault::new(FaultCode::InvalidValue, "#", format!("not JSON: {error}"));
                Err(InvalidWorkflow::new(vec![fault]))
            }
        }
    }

    /// The name its author gave it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// SHA-256 of the specification with its keys sorted, in hexadecimal.
    pub fn hash(&self) -> &Arc<str> {
        &self.hash
    }

    /// Its nodes in the order they are written, each with what it needs.
    pub fn nodes(&self) -> &Arc<[NodeOutline]> {
        &self.outline
    }

    /// Checks what a run is to be started with against the workflow's `input` schema.
    ///
    /// # Errors
    /// Every fault there is, each with its place under `#/input`.
    pub fn check_input(&self, input: &Value) -> Result<(), Vec<Fault>> {
        self.input
            .as_ref()
            .map_or(Ok(()), |schema| schema.check(input))
    }

    /// How long a run may take.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The result, where the workflow says it.
    pub(crate) fn output(&self) -> Option<&Json> {
        self.output.as_ref()
    }

    pub(crate) fn variables(&self) -> &Arc<Variables> {
        &self.variables
    }

    pub(crate) fn steps(&self) -> &[Planned] {
        &self.steps
    }

    /// The nodes nothing depends on: they make the result.
    pub(crate) fn sinks(&self) -> &[usize] {
        &self.sinks
    }
}

impl fmt::Debug for Workflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workflow")
            .field("name", &self.name)
            .field("nodes", &self.outline.len())
            .finish_non_exhaustive()
    }
}
