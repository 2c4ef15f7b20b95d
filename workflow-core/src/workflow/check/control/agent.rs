//! Checks of agents. Their tools have a file of their own.
//!
//! A turn is a list with one step, which is made here and not written by anybody: `turn`, the leaf that an agent attempts.

use std::sync::Arc;

use super::{
    Body, Built, Check, Container, Contents, Control, ControlCheck, GraphNode, NodeKind,
    PatchedData, Shape, data,
    tool::{self, Planned, PlannedTool, ToolBody},
};
use crate::{
    error::{Fault, FaultCode, Pointer, did_you_mean, shown},
    event::{AGENT_TURN, NodeOutline, TOOL_CALL},
    node::{
        AgentData, AgentFields, Effects, MAX_TOOLS, OnMaxTurns, ToolData,
        agent::{Agent, ToolChoice, ToolSpec},
    },
    template::ARGS,
    value::{NodeId, WrittenDuration},
    workflow::plan::{Attempts, PlannedNode},
};

/// An agent with its tools.
pub(crate) struct PlannedAgent {
    /// The limits. The tools have been taken out of it.
    pub(crate) fields: AgentFields,
    /// The list of a turn: its one leaf, `turn`.
    pub(crate) turn: Arc<Body>,
    pub(crate) tools: Vec<Arc<PlannedTool>>,
    /// The tools as they are described to models.
    pub(crate) specs: Arc<[ToolSpec]>,
}

/// The id of the leaf of a turn, and of its entry in the outline of the agent.
pub(crate) const TURN: &str = "turn";

/// The id of calls of tools that an agent does not have, without the index.
pub(crate) const UNKNOWN: &str = "unknown";

pub(super) struct AgentCheck;

impl ControlCheck for AgentCheck {
    /// An agent is one level of nesting, also without a tool. The nodes of a tool are on that level.
    fn bodies(
        &self,
        container: Container<'_>,
        patched: &mut PatchedData,
        check: &mut Check,
    ) -> Option<Vec<Arc<Body>>> {
        let node = container.node;
        let at = node.data_at("tools");
        let tools = node.spec.data["tools"].as_array();
        // More tools are a fault of the schema.
        let tools = tools.filter(|tools| tools.len() <= MAX_TOOLS);
        let tools = tools.map_or(&[][..], Vec::as_slice);
        if !tools.is_empty() {
            refuse_hidden_args(node, &at, check);
        }
        check.within(&node.spec.at, node.spec.timeout, 0, |check| {
            let tools = tools.iter().enumerate().map(|(index, json)| ToolBody {
                container,
                json,
                at: at.item(index),
            });
            // Collected first, so that a fault in one body does not hide those in another.
            let mut bodies = Vec::new();
            tools.for_each(|tool| tool.check(patched, &mut bodies, check));
            bodies.into_iter().collect()
        })?
    }

    fn plan(
        &self,
        data: Control,
        bodies: Vec<Arc<Body>>,
        node: GraphNode<'_>,
        check: &mut Check,
    ) -> Option<Built> {
        let Control::Agent(AgentData { mut fields, agent }) = data else {
            return None;
        };
        if agent.reads_input() {
            data::read_implicit(node, check);
        }
        let found = check.faults.len();
        let written = std::mem::take(&mut fields.tools);
        tool::check_names(&written, &node.data_at("tools"), check);
        check_tool_choice(&fields.tool_choice, &written, node, check);
        refuse_zero(fields.turn_timeout, &node.data_at("turn_timeout"), check);
        if let Some(Err(faults)) = fields.budget.map(|it| it.check(&node.data_at("budget"))) {
            check.faults.extend(faults);
        }
        let tools = tool::plan_all(written, bodies, &fields, node, check);
        let turn = turn(Arc::clone(&agent), &fields, node, check)?;
        if check.faults.len() > found {
            return None;
        }
        let contents = outline(&tools);
        let tools = tools.into_iter().map(|it| (it.tool, it.spec));
        let (tools, specs): (Vec<_>, Vec<_>) = tools.unzip();
        let mut output = data::declared(agent.output_shape(), node);
        if fields.on_max_turns == OnMaxTurns::Continue {
            output = Shape::one_of(vec![output, Shape::Text]);
        }
        Some(Built {
            kind: NodeKind::Agent(Arc::new(PlannedAgent {
                fields,
                turn,
                tools,
                specs: specs.into(),
            })),
            output,
            contents,
        })
    }
}

/// The list of a turn.
fn turn(
    agent: Arc<dyn Agent>,
    fields: &AgentFields,
    node: GraphNode<'_>,
    check: &mut Check,
) -> Option<Arc<Body>> {
    let node_type = data::node_type(node.spec, check)?;
    let attempts = Attempts::of(node.spec, node_type, check.defaults);
    let step = PlannedNode {
        retry: attempts.retry,
        timeout: fields.turn_timeout.map(|it| it.0).or(attempts.timeout),
        on_ambiguous: attempts.on_ambiguous,
        // A turn that is repeated costs once more, and does nothing else.
        effects: Effects::None,
        ..PlannedNode::made(NodeId::parse(TURN)?, NodeKind::Turn(agent))
    };
    Some(Arc::new(Body::unnamed(vec![step])))
}

/// The first turn cannot call a tool that is not there.
fn check_tool_choice(
    choice: &ToolChoice,
    tools: &[ToolData],
    node: GraphNode<'_>,
    check: &mut Check,
) {
    let at = node.data_at("tool_choice");
    match choice {
        ToolChoice::Required if tools.is_empty() => {
            let detail = "the first turn must call a tool, and there is none";
            let hint = "add to `tools`, or leave `tool_choice` out";
            check.fault(Fault::new(FaultCode::InvalidValue, at, detail).with_hint(hint));
        }
        ToolChoice::Tool(chosen) if !tools.iter().any(|tool| tool.name == *chosen) => {
            let detail = format!("`{}` is not a tool of this agent", shown(chosen));
            let mut fault = Fault::new(FaultCode::UnknownReference, at.field("tool"), detail);
            fault.hint = did_you_mean(chosen, tools.iter().map(|tool| &*tool.name))
                .or_else(|| Some("name one of its `tools`".to_owned()));
            check.fault(fault);
        }
        ToolChoice::Auto | ToolChoice::Required | ToolChoice::None | ToolChoice::Tool(_) => {}
    }
}

/// Refuses an agent whose tools would read their arguments by a name that means something else around it. Not within another tool:
/// there, only its arguments have the name.
fn refuse_hidden_args(node: GraphNode<'_>, tools: &Pointer, check: &mut Check) {
    if check.in_tool || !node.reader().sees(ARGS) {
        return;
    }
    let detail = format!("`{ARGS}` is already defined here, and in a tool it is the arguments");
    let hint = format!("give the node or item that is called `{ARGS}` another name");
    check.fault(Fault::new(FaultCode::ShadowedName, tools, detail).with_hint(hint));
}

/// Refuses a timeout in which nothing could be done.
pub(super) fn refuse_zero(limit: Option<WrittenDuration>, at: &Pointer, check: &mut Check) {
    if limit.is_some_and(|limit| limit.0.is_zero()) {
        let detail = "it must be longer than 0";
        check.fault(Fault::new(FaultCode::InvalidValue, at, detail));
    }
}

/// The outline of an agent: its turn, its tools, and calls of tools that it does not have. So each path of a run has an entry.
fn outline(tools: &[Planned]) -> Contents {
    let turn = NodeId::parse(TURN).map(|id| NodeOutline::of_agent(id, AGENT_TURN));
    let unknown = NodeId::parse(UNKNOWN).map(|id| NodeOutline::of_agent(id, TOOL_CALL));
    let tools = tools.iter().map(|tool| tool.outline.clone());
    Contents {
        nodes: turn.into_iter().chain(tools).chain(unknown).collect(),
        workflow: None,
    }
}
