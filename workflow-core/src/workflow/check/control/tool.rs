//! Checks of the tools of agents: their names, what a call runs, and the arguments, which that reads as `args`.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Body, Check, Container, GraphNode, PatchedData, Shape,
    agent::{TURN, UNKNOWN, refuse_zero},
    call,
};
use crate::{
    error::{Fault, FaultCode, Pointer, Problem, shown},
    event::{NodeOutline, TOOL_CALL},
    node::{AgentFields, Approve, ToolData, ToolOnAmbiguous, ToolOnError, agent::ToolSpec},
    template::{ARGS, Templated},
    value::{NodeId, ValueSchema, WrittenDuration},
    workflow::{
        Workflow,
        body::List,
        check::{
            enclosing::{EnclosingScope, Local, LocalValue, Values},
            marks::{Mark, Reads},
        },
        spec::NodeSpec,
    },
};

/// A tool that an agent may call.
pub(crate) struct PlannedTool {
    pub(crate) name: Arc<str>,
    /// The schema of the arguments.
    pub(crate) input: ValueSchema,
    /// The same as JSON, for the form of an approval.
    pub(crate) schema: Arc<Value>,
    pub(crate) work: ToolWork,
    pub(crate) approve: Option<Approve>,
    pub(crate) on_error: ToolOnError,
    /// Whether a call that was lost with its host fails the agent.
    pub(crate) fails_if_ambiguous: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_result_bytes: usize,
    pub(crate) max_repeats: usize,
    /// Whether a lost call may do something twice, and the author has not said that it may.
    pub(in crate::workflow) acts_unguarded: bool,
}

/// What a call of a tool runs.
pub(crate) enum ToolWork {
    Nodes(Arc<Body>),
    Workflow(Arc<Workflow>),
}

impl PlannedTool {
    /// The nodes that a call runs.
    pub(crate) fn body(&self) -> &Body {
        match &self.work {
            ToolWork::Nodes(body) => body,
            ToolWork::Workflow(workflow) => workflow.body(),
        }
    }
}

/// A call that a turn asked for.
pub(crate) struct PlannedToolCall {
    /// `None` if there is no such tool.
    pub(crate) tool: Option<Arc<PlannedTool>>,
    pub(crate) args: Arc<Value>,
    /// Why the call is not made.
    pub(crate) refusal: Option<Arc<Problem>>,
}

/// The input of a tool that takes no arguments.
static NO_ARGUMENTS: LazyLock<Arc<Value>> = LazyLock::new(|| {
    Arc::new(json!({"type": "object", "properties": {}, "additionalProperties": false}))
});

/// A tool whose nodes are checked. Its `data` may have faults.
pub(super) struct ToolBody<'a> {
    pub(super) container: Container<'a>,
    /// The tool as it is written.
    pub(super) json: &'a Value,
    pub(super) at: Pointer,
}

impl ToolBody<'_> {
    /// Checks the nodes of the tool and what is evaluated before a call. Adds its body to `bodies` if it has nodes: `None` if they cannot
    /// be planned.
    ///
    /// The tool sees what the agent sees, and `args`. The question to a person is asked before the nodes run, so it reads none of
    /// them.
    pub(super) fn check(
        &self,
        patched: &mut PatchedData,
        bodies: &mut Vec<Option<Arc<Body>>>,
        check: &mut Check,
    ) {
        let GraphNode { index, graph, .. } = self.container.node;
        let args = self.args(check);
        let locals = [Local::new(ARGS, LocalValue::Known(args.clone()))];
        let values = Values {
            input: graph.enclosing().input().clone(),
            begin: args,
        };
        let enclosing = EnclosingScope::of_body(graph, index, &locals, true, &values);
        let marked = self.container.marked.iter();
        let fields = marked.filter(|field| field.at.is_within(&self.at));
        let before = List::new(&[], enclosing, check);
        for field in fields.clone().filter(|field| field.reads == Reads::Args) {
            patched.check(field, &before.reader(), check);
        }
        for field in fields.filter(|field| field.mark == Mark::Nodes) {
            let Some(items) = field.value.as_array() else {
                continue;
            };
            let body = check.count(items.len(), &field.at).then(|| {
                check.bounded(self.timeout(), |check| {
                    check.within_tool(|check| planned(items, &field.at, enclosing, check))
                })
            });
            bodies.push(body.map(Arc::new));
        }
    }

    /// What is known of the arguments.
    fn args(&self, check: &Check) -> Shape {
        let own = self.json.get("input").filter(|own| !own.is_null());
        let workflow = self.json["workflow"].as_str();
        let called = || check.called(workflow?)?.input_schema();
        let schema = own.or_else(called).unwrap_or(&NO_ARGUMENTS);
        // A schema with a fault says nothing.
        if is_object(schema) && ValueSchema::compile(schema, "").is_ok() {
            Shape::of_schema(schema)
        } else {
            Shape::Unknown
        }
    }

    fn timeout(&self) -> Option<Duration> {
        let written = WrittenDuration::deserialize(self.json.get("timeout")?);
        written.ok().map(|it| it.0)
    }
}

/// The nodes of a tool. Without an `output`, the last of them make the result.
fn planned(
    items: &[Value],
    at: &Pointer,
    enclosing: EnclosingScope<'_>,
    check: &mut Check,
) -> Body {
    let nodes = NodeSpec::read_all(items, at, &mut check.faults);
    let list = List::new(&nodes, enclosing, check);
    let body = list.plan(check);
    list.use_sinks();
    list.warn_of_unused(check);
    body
}

/// The faults of the names of tools. Models write them, and they are parts of paths.
pub(super) fn check_names(tools: &[ToolData], at: &Pointer, check: &mut Check) {
    let mut known: HashMap<String, &str> = HashMap::new();
    for (index, tool) in tools.iter().enumerate() {
        let at = at.item(index).field("name");
        let name = &*tool.name;
        let (code, detail, hint) = if [TURN, UNKNOWN].contains(&name) {
            let detail = format!("`{name}` has another meaning in the paths of an agent");
            (FaultCode::ReservedName, detail, "choose another name")
        } else {
            match known.insert(name.replace('-', "_"), name) {
                None => continue,
                Some(first) if first == name => {
                    let detail = format!("`{name}` is already the name of a tool");
                    let hint = "give each tool a name of its own";
                    (FaultCode::DuplicateId, detail, hint)
                }
                Some(first) => {
                    let detail =
                        format!("`{name}` and `{first}` are the same where `-` is written `_`");
                    (FaultCode::IdCollision, detail, "rename one of them")
                }
            }
        };
        check.fault(Fault::new(code, at, detail).with_hint(hint));
    }
}

/// A planned tool.
pub(super) struct Planned {
    pub(super) tool: Arc<PlannedTool>,
    /// The tool as it is described to models.
    pub(super) spec: ToolSpec,
    /// Its entry in the outline of its agent.
    pub(super) outline: NodeOutline,
}

/// Plans the tools. Each of those that are missing has a fault. `bodies` are those of the tools that have nodes.
pub(super) fn plan_all(
    tools: Vec<ToolData>,
    bodies: Vec<Arc<Body>>,
    fields: &AgentFields,
    node: GraphNode<'_>,
    check: &mut Check,
) -> Vec<Planned> {
    let mut bodies = bodies.into_iter();
    let tools = tools.into_iter().enumerate();
    let planned = tools.filter_map(|(index, tool)| {
        let body = tool.nodes.as_ref().and_then(|_| bodies.next());
        let at = node.data_at("tools").item(index);
        let written = &node.spec.data["tools"][index];
        let planned = plan(tool, body, written, fields, node, &at, check)?;
        if planned.tool.acts_unguarded {
            check.warnings.push(ambiguous(&planned.tool.name, &at));
        }
        Some(planned)
    });
    planned.collect()
}

fn plan(
    tool: ToolData,
    body: Option<Arc<Body>>,
    written: &Value,
    fields: &AgentFields,
    node: GraphNode<'_>,
    at: &Pointer,
    check: &mut Check,
) -> Option<Planned> {
    refuse_zero(tool.timeout, &at.field("timeout"), check);
    let expires = tool.approve.as_ref().and_then(|it| it.expires.as_ref());
    if let Some(expires) = expires.and_then(Templated::written) {
        // The wait counts for the timeout of the agent, not for that of the tool.
        check.bounded(node.spec.timeout, |check| {
            check.may_wait(expires.0, &at.field("approve").field("expires"));
        });
    }
    let work = work(&tool, body, at, check)?;
    let (input, description) = match &work {
        ToolWork::Nodes(_) => (None, None),
        ToolWork::Workflow(workflow) => (workflow.input_schema(), workflow.description.clone()),
    };
    // As it is written: of a schema with a fault, only a replacement was read.
    let own = tool.input.as_ref().and_then(|_| written.get("input"));
    let (schema, at_input) = match (own, input) {
        (Some(own), _) => (Arc::new(own.clone()), at.field("input")),
        (None, Some(called)) => (Arc::new(called.clone()), at.field("workflow")),
        (None, None) => (Arc::clone(&NO_ARGUMENTS), at.clone()),
    };
    // Without a schema that can be used, there is a fault already.
    let input = ValueSchema::compile(&schema, "").ok()?;
    if !is_object(&schema) {
        check.fault(not_an_object(&at_input));
        return None;
    }
    let spec = ToolSpec {
        name: Arc::clone(&tool.name),
        description: (tool.description.or(description)).unwrap_or_else(|| "".into()),
        input: Arc::clone(&schema),
    };
    let outline = NodeOutline::of_agent(NodeId::parse(&tool.name)?, TOOL_CALL);
    let outline = NodeOutline {
        workflow: tool.workflow,
        nodes: match &work {
            ToolWork::Nodes(body) => body.outline.to_vec(),
            ToolWork::Workflow(_) => Vec::new(),
        },
        ..outline
    };
    let tool = PlannedTool {
        name: tool.name,
        input,
        schema,
        acts_unguarded: tool.on_ambiguous.is_none() && work.acts_unguarded(),
        work,
        approve: tool.approve,
        on_error: tool.on_error,
        fails_if_ambiguous: tool.on_ambiguous == Some(ToolOnAmbiguous::Fail),
        timeout: tool.timeout.map(|it| it.0),
        max_result_bytes: tool.max_result_bytes.unwrap_or(fields.max_result_bytes),
        max_repeats: tool.max_repeats.unwrap_or(fields.max_repeats),
    };
    let tool = Arc::new(tool);
    Some(Planned {
        tool,
        spec,
        outline,
    })
}

/// What a call runs: exactly one of two.
fn work(
    tool: &ToolData,
    body: Option<Arc<Body>>,
    at: &Pointer,
    check: &mut Check,
) -> Option<ToolWork> {
    match (&tool.workflow, body) {
        (Some(name), None) => {
            let workflow = call::called(name, &at.field("workflow"), check)?;
            Some(ToolWork::Workflow(workflow))
        }
        (None, Some(body)) => Some(ToolWork::Nodes(body)),
        (Some(_), Some(_)) => {
            let name = shown(&tool.name);
            let detail = format!("the tool `{name}` has `nodes` and a `workflow`");
            let hint = "keep one of the two";
            check.fault(Fault::new(FaultCode::InvalidValue, at, detail).with_hint(hint));
            None
        }
        (None, None) => {
            let name = shown(&tool.name);
            let detail = format!("the tool `{name}` has neither `nodes` nor a `workflow`");
            let hint = "give it a list of `nodes`, or the name of a `workflow`";
            check.fault(Fault::new(FaultCode::MissingField, at, detail).with_hint(hint));
            None
        }
    }
}

/// Whether a schema says that its values are objects: providers take no other for arguments.
fn is_object(schema: &Value) -> bool {
    schema["type"] == "object"
}

fn not_an_object(at: &Pointer) -> Fault {
    let detail = "arguments are an object, and this schema does not say so";
    let hint = r#"give the tool an `input` with `"type": "object"`"#;
    Fault::new(FaultCode::InvalidValue, at, detail).with_hint(hint)
}

/// The warning for a tool that may do something twice.
fn ambiguous(name: &str, at: &Pointer) -> Fault {
    let detail = format!(
        "`{name}` may change something outside of the run, and a call that is running when its host stops runs again"
    );
    let hint = r#"write `"on_ambiguous": "fail"` to stop the agent instead, or `"retry"` if it may happen twice"#;
    Fault::new(FaultCode::AmbiguousTool, at, detail).with_hint(hint)
}

impl ToolWork {
    /// Whether running it a second time may change something a second time, and nothing in it says that it may or must not.
    fn acts_unguarded(&self) -> bool {
        match self {
            Self::Nodes(body) => body.acts_unguarded,
            Self::Workflow(workflow) => workflow.body().acts_unguarded,
        }
    }
}
