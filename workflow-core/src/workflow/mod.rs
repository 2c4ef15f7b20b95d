//! Validated workflows.
//!
//! A [`Workflow`] exists only if its specification is valid: acyclic, every reference resolvable, every node built from
//! its `data`. A [`Library`] has the workflows that a specification may call by name. [`MAX_NODES`] and [`MAX_NESTING`]
//! bound a specification.

mod body;
mod calls;
mod check;
mod hash;
mod library;
mod on_failure;
mod pins;
mod place;
mod plan;
mod spec;
mod turn_calls;

pub use self::spec::MAX_NODES;
pub(crate) use self::spec::{OnAmbiguous, OnError, kind_of};

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use serde_json::Value;

use self::spec::Spec;
pub(crate) use self::{
    body::Body,
    calls::calls,
    check::control::{
        PlannedAgent, PlannedCall, PlannedLoop, PlannedMap, PlannedTool, PlannedToolCall, TURN,
        ToolWork, UNKNOWN,
    },
    hash::content_hash,
    library::Refusal,
    on_failure::{ON_FAILURE, OnFailure},
    plan::{NodeKind, PlannedNode},
    turn_calls::{Streaks, with_integers},
};
use self::{
    body::List,
    check::{
        Check,
        enclosing::{EnclosingScope, Values},
        outputs::{Lookups, Shape},
    },
};
pub use self::{check::MAX_NESTING, library::Library};
use crate::{
    error::{Fault, FaultCode, InvalidWorkflow, Pointer, Suggestions},
    event::{LOG_FORMAT, NodeOutline, PinnedWorkflow, RunCreated},
    node::Registry,
    template::Json,
    value::{Budget, MAX_SPEC_DEPTH, StepNames, ValueSchema, WorkflowId, read_json, size},
};

/// The place of the input's schema in a specification, and of the input in the request for a run.
const INPUT: &str = "#/input";

/// A workflow that passed every check: it is acyclic, every reference resolves, every node is built.
///
/// It does not change, and cloning the `Arc` around it is the way to share it. Runs, streams and engines all take
/// an `Arc<Workflow>`.
///
/// ```
/// use workflow_core::{Registry, Workflow};
///
/// let spec = serde_json::json!({"nodes": [
///     {"id": "greet", "type": "PromptNode", "data": {"template": "Hello {{ inptu }}"}},
/// ]});
/// let refused = Workflow::from_spec(&spec, &Registry::default()).unwrap_err();
/// assert_eq!(refused.faults()[0].pointer, "#/nodes/0/data/template");
/// assert_eq!(refused.faults()[0].hint.as_deref(), Some("did you mean `input`?"));
/// ```
pub struct Workflow {
    name: Option<String>,
    description: Option<Arc<str>>,
    hash: Arc<str>,
    origin: Option<(WorkflowId, u32)>,
    body: Arc<Body>,
    /// The steps of the workflow's own nodes, shared by all runs.
    names: StepNames,
    input: Option<ValueSchema>,
    output: Option<Json>,
    timeout: Option<Duration>,
    on_failure: Option<Arc<OnFailure>>,
    budget: Option<Budget>,
    pins: Arc<[PinnedWorkflow]>,
    depth: usize,
    warnings: Vec<Fault>,
}

impl Workflow {
    /// Checks a specification that calls no other workflow, and builds its nodes.
    ///
    /// # Errors
    /// All faults, each with its place: see [`InvalidWorkflow`].
    pub fn from_spec(spec: &Value, registry: &Registry) -> Result<Self, InvalidWorkflow> {
        Self::with_library(spec, registry, &Library::new())
    }

    /// Checks a specification that may call the workflows of a library, and builds its nodes.
    ///
    /// The workflow keeps the workflows that it calls: a later change of the library does not affect it.
    ///
    /// # Errors
    /// As [`from_spec`](Self::from_spec).
    pub fn with_library(
        spec: &Value,
        registry: &Registry,
        library: &Library,
    ) -> Result<Self, InvalidWorkflow> {
        // First, since everything below recurses. JSON that was parsed from text cannot be so deep.
        if size::is_deeper_than(MAX_SPEC_DEPTH, spec) {
            let detail = format!("the JSON is nested more than {MAX_SPEC_DEPTH} deep");
            let fault = Fault::new(FaultCode::NestedTooDeep, "#", detail);
            return Err(InvalidWorkflow::new(vec![fault]));
        }
        let mut faults = Vec::new();
        let (read, nodes) = Spec::read(spec, &mut faults);
        let mut check = Check::new(registry, library, read.defaults, read.timeout);
        check.faults = faults;
        let (lookups, suggestions) = (Lookups::new(), Suggestions::new());
        check.count(nodes.len(), &Pointer::root().field("nodes"));
        let input = read
            .input
            .as_ref()
            .map(|schema| ValueSchema::compile(schema, INPUT));
        let (input, input_fault) = match input.transpose() {
            Ok(input) => (input, None),
            Err(fault) => (None, Some(fault)),
        };
        // A schema with a fault says nothing of the input, so that it causes no further faults.
        let values = Values::of_workflow(read.input.as_ref().filter(|_| input.is_some()));
        let enclosing = EnclosingScope::of_workflow(&values, &lookups, &suggestions);
        let list = List::new(&nodes, enclosing, &mut check);
        let mut body = list.plan(&mut check);
        check.faults.extend(input_fault);
        let output = read.output.as_ref().and_then(|json| {
            let at = Pointer::root().field("output");
            list.result(json, &at, &mut check)
        });
        match &output {
            Some(output) => body.result = list.reader().shape_of_json(output),
            // An `output` with faults is not "none": then the sinks are not the result.
            None if read.output.is_none() => list.use_sinks(),
            None => {}
        }
        body.result = list.with_stops(body.result);
        let on_failure = OnFailure::plan(spec, &read, &list, &values, &mut check);
        list.warn_of_unused(&mut check);
        check_budget(read.budget, &mut check);
        check
            .warnings
            .extend(input.iter().flat_map(invalid_examples));
        if !check.faults.is_empty() {
            return Err(InvalidWorkflow::new(check.faults));
        }
        let warnings = std::mem::take(&mut check.warnings);
        let depth = check.deepest();
        Ok(Self {
            name: read.name,
            description: read.description,
            hash: hash::content_hash(spec).into(),
            origin: None,
            names: body.top_level(),
            body: Arc::new(body),
            input,
            output,
            timeout: read.timeout,
            on_failure: on_failure.map(Arc::new),
            budget: read.budget,
            pins: pins::of(&check.into_calls()),
            depth,
            warnings,
        })
    }

    /// Parses JSON text with [`read_json`], then checks it as [`from_spec`](Self::from_spec) does.
    ///
    /// # Errors
    /// As [`from_spec`](Self::from_spec). Text that is not JSON is one fault, with its line and column.
    pub fn from_json(text: &str, registry: &Registry) -> Result<Self, InvalidWorkflow> {
        let spec = read_json(text.as_bytes());
        let spec = spec.map_err(|error| InvalidWorkflow::new(error.into_faults()))?;
        Self::from_spec(&spec, registry)
    }

    /// The `name` of the specification.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The `description` of the specification.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The content hash: SHA-256 of the specification with sorted keys, in hexadecimal.
    pub fn hash(&self) -> &Arc<str> {
        &self.hash
    }

    /// The nodes in document order, each with its needs.
    pub fn nodes(&self) -> &Arc<[NodeOutline]> {
        &self.body.outline
    }

    /// Warnings: likely mistakes that do not prevent a run, such as an output that nothing reads.
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    /// Checks the input of a run against the workflow's `input` schema. Without a schema, every input fits.
    ///
    /// # Errors
    /// All faults, each with its place under `#/input`.
    ///
    /// The depth is checked even without a schema, since templates walk the input by recursion.
    pub fn check_input(&self, input: &Value) -> Result<(), Vec<Fault>> {
        if size::is_deeper_than(MAX_SPEC_DEPTH, input) {
            let detail = format!("the input is nested more than {MAX_SPEC_DEPTH} deep");
            return Err(vec![Fault::new(FaultCode::NestedTooDeep, INPUT, detail)]);
        }
        self.input
            .as_ref()
            .map_or(Ok(()), |schema| schema.check(input, INPUT))
    }

    /// The schema of the input, if the specification has one.
    fn input_schema(&self) -> Option<&Value> {
        self.input.as_ref().map(ValueSchema::schema)
    }

    /// Sets which stored workflow this is. The check does not know it: the same specification may be stored several
    /// times.
    pub(crate) fn stored_as(mut self, id: WorkflowId, version: u32) -> Self {
        self.origin = Some((id, version));
        self
    }

    pub(crate) fn origin(&self) -> Option<(WorkflowId, u32)> {
        self.origin
    }

    /// The workflows that it calls, directly or indirectly.
    pub(crate) fn pins(&self) -> &Arc<[PinnedWorkflow]> {
        &self.pins
    }

    /// How deep its containers are nested.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    pub(crate) fn body(&self) -> &Arc<Body> {
        &self.body
    }

    /// What is known of its result.
    fn result_shape(&self) -> &Shape {
        &self.body.result
    }

    pub(crate) fn step_names(&self) -> &StepNames {
        &self.names
    }

    /// The longest time that a run may take, waits included.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The nodes that run if a run of it fails.
    pub(crate) fn on_failure(&self) -> Option<&Arc<OnFailure>> {
        self.on_failure.as_ref()
    }

    /// The most that a run, or each call, may use.
    pub fn budget(&self) -> Option<&Budget> {
        self.budget.as_ref()
    }

    /// The result, if the specification defines one.
    pub(crate) fn output(&self) -> Option<&Json> {
        self.output.as_ref()
    }
}

/// A budget with a fault is not checked further: a limit that cannot be read is not a missing one.
fn check_budget(budget: Option<Budget>, check: &mut Check) {
    let at = Pointer::root().field("budget");
    let place = at.to_string();
    if check.faults.iter().any(|it| it.pointer.starts_with(&place)) {
        return;
    }
    if let Some(Err(faults)) = budget.map(|budget| budget.check(&at)) {
        check.faults.extend(faults);
    }
}

/// A warning for each of the `examples` of an input's schema that does not match it.
fn invalid_examples(input: &ValueSchema) -> Vec<Fault> {
    let examples = input.schema()["examples"].as_array();
    let examples = examples.into_iter().flatten().enumerate();
    let faults = examples.filter_map(|(index, example)| {
        let at = format!("{INPUT}/examples/{index}");
        let fault = input.check(example, &at).err()?.into_iter().next()?;
        let detail = format!("the example does not match the schema: {}", fault.detail);
        Some(Fault::new(FaultCode::InvalidExample, fault.pointer, detail))
    });
    faults.take(InvalidWorkflow::MAX).collect()
}

impl RunCreated {
    /// The first event of a run of this workflow.
    pub(crate) fn of(workflow: &Workflow, input: Arc<Value>) -> Self {
        let (workflow_id, version) = workflow.origin().unzip();
        Self {
            workflow_id,
            version,
            spec_hash: Arc::clone(workflow.hash()),
            input,
            metadata: None,
            url: None,
            retry_of: None,
            reused: Vec::new(),
            continues: None,
            table: Vec::new(),
            overrides: BTreeMap::new(),
            from: None,
            only: None,
            taken: Vec::new(),
            budget: None,
            workflow_budget: workflow.budget,
            log_format: LOG_FORMAT,
            nodes: Arc::clone(workflow.nodes()),
            on_failure: workflow
                .on_failure()
                .map_or_else(Arc::default, |it| Arc::clone(&it.body.outline)),
            workflows: Arc::clone(workflow.pins()),
        }
    }
}

impl fmt::Debug for Workflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workflow")
            .field("name", &self.name)
            .field("nodes", &self.nodes().len())
            .finish_non_exhaustive()
    }
}
