//! Finds the node that a path in a run leads to, without a run.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{
    Body, NodeKind, PlannedAgent, PlannedNode, PlannedTool, TURN, ToolWork, UNKNOWN, Workflow,
};
use crate::value::StepPath;

/// A step that a run of a workflow may have.
pub(crate) struct StepPlace<'a> {
    /// The lists of nodes on the way, from the workflow's own, each with the path of its steps and the node in it.
    pub(crate) lists: Vec<ListPlace<'a>>,
    /// Whether it is within the round of a loop.
    pub(crate) in_loop: bool,
    /// Whether it is within the turn of an agent.
    pub(crate) in_agent: bool,
    /// Whether it is a turn of an agent or a call of a tool, which no list of the specification has.
    pub(crate) is_made: bool,
}

/// A list of nodes on the way to a step.
pub(crate) struct ListPlace<'a> {
    /// The path before the id of a node in it; `None` for the workflow's own nodes.
    within: Option<StepPath>,
    pub(crate) body: &'a Body,
    /// The node on the way.
    pub(crate) node: usize,
}

impl ListPlace<'_> {
    /// The path of a node of this list.
    pub(crate) fn path_of(&self, node: usize) -> StepPath {
        let id = &self.body.steps[node].id;
        match &self.within {
            Some(within) => within.within(id),
            None => id.into(),
        }
    }

    /// The nodes of this list that a node needs.
    fn needs_of(&self, node: usize) -> impl Iterator<Item = usize> {
        let steps = self.body.steps.iter().enumerate();
        let needs = steps.filter(move |(_, step)| step.dependents.contains(&node));
        needs.map(|(node, _)| node)
    }

    /// The nodes of this list that the node on the way can read: those that it needs, directly (`true`) or not.
    pub(crate) fn ancestors(&self) -> BTreeMap<usize, bool> {
        let mut found: BTreeMap<usize, bool> =
            self.needs_of(self.node).map(|need| (need, true)).collect();
        let mut left: Vec<usize> = found.keys().copied().collect();
        while let Some(node) = left.pop() {
            for need in self.needs_of(node) {
                if let Entry::Vacant(new) = found.entry(need) {
                    new.insert(false);
                    left.push(need);
                }
            }
        }
        found
    }
}

impl<'a> StepPlace<'a> {
    /// The node of the step; `None` for one that no list of the specification has.
    pub(crate) fn node(&self) -> Option<&'a PlannedNode> {
        let last = self.lists.last().filter(|_| !self.is_made)?;
        Some(&last.body.steps[last.node])
    }
}

impl Workflow {
    /// The step that a path leads to. An item of a map may have any number, a round of a loop one below its `max`, a turn of an agent one
    /// below its `max_turns`. `None` if no run has such a step.
    pub(crate) fn place(&self, path: &StepPath) -> Option<StepPlace<'_>> {
        let mut place = StepPlace {
            lists: Vec::new(),
            in_loop: false,
            in_agent: false,
            is_made: false,
        };
        let mut segments = path.as_str().split('/').peekable();
        let (mut body, mut within) = (&**self.body(), None);
        loop {
            let id = segments.next()?;
            let node = body.steps.iter().position(|step| step.id.as_str() == id)?;
            let list = ListPlace { within, body, node };
            let here = list.path_of(node);
            place.lists.push(list);
            if segments.peek().is_none() {
                return Some(place);
            }
            within = Some(match &body.steps[node].kind {
                NodeKind::Map(map) => {
                    body = &map.body;
                    here.within(number(segments.next()?)?)
                }
                NodeKind::Loop(repeat) => {
                    body = &repeat.body;
                    place.in_loop = true;
                    let round = number(segments.next()?).filter(|it| *it < repeat.node.max)?;
                    here.within(round)
                }
                NodeKind::Call(call) => {
                    body = call.workflow.body();
                    here
                }
                NodeKind::Agent(agent) => {
                    place.in_agent = true;
                    let turns = agent.fields.max_turns;
                    let turn = number(segments.next()?).filter(|it| *it < turns)?;
                    let id = segments.next()?;
                    let step = turn_step(agent, id)?;
                    if segments.peek().is_none() {
                        place.is_made = true;
                        return Some(place);
                    }
                    let TurnStep::Tool(tool) = step else {
                        return None;
                    };
                    body = match &tool.work {
                        ToolWork::Nodes(body) => body,
                        ToolWork::Workflow(workflow) => workflow.body(),
                    };
                    here.within(turn).within(id)
                }
                NodeKind::Leaf(_)
                | NodeKind::Human(_)
                | NodeKind::Delay(_)
                | NodeKind::Turn(_)
                | NodeKind::ToolCall(_) => return None,
            });
        }
    }
}

/// A step in a turn of an agent.
enum TurnStep<'a> {
    /// The turn itself, or the call of a tool that is not there.
    Empty,
    /// A call of this tool.
    Tool(&'a PlannedTool),
}

/// The step with this id in a turn; `None` if no turn has it.
fn turn_step<'a>(agent: &'a PlannedAgent, id: &str) -> Option<TurnStep<'a>> {
    if id == TURN {
        return Some(TurnStep::Empty);
    }
    let (name, index) = id.rsplit_once('-')?;
    number(index)?;
    if name == UNKNOWN {
        return Some(TurnStep::Empty);
    }
    let tool = agent.tools.iter().find(|tool| *tool.name == *name)?;
    Some(TurnStep::Tool(tool))
}

/// A number as paths write it: without a sign or leading zeros.
fn number(segment: &str) -> Option<usize> {
    let number: usize = segment.parse().ok()?;
    (number.to_string() == segment).then_some(number)
}
