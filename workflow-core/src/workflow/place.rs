//! Finds the node that a path in a run leads to, without a run.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{Body, NodeKind, PlannedAgent, PlannedNode, PlannedTool, TURN, UNKNOWN, Workflow};
use crate::value::StepPath;

/// A step that a run of a workflow may have.
pub(crate) struct StepPlace<'a> {
    /// The lists of nodes on the way, from the workflow's own, each with the path of its steps and the node in it.
    pub(crate) lists: Vec<ListPlace<'a>>,
    /// Whether it is within the round of a loop.
    pub(crate) in_loop: bool,
    /// Whether it is within an agent.
    pub(crate) in_agent: bool,
    /// Whether it is a call that a turn of an agent may ask for. It is in no list: the list of calls is made from what the turn says.
    pub(crate) is_call: bool,
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
    /// The node of the step. `None` for a call that a turn may ask for.
    pub(crate) fn node(&self) -> Option<&'a PlannedNode> {
        let last = self.lists.last().filter(|_| !self.is_call)?;
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
            is_call: false,
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
                    let turn =
                        number(segments.next()?).filter(|it| *it < agent.fields.max_turns)?;
                    let turn = here.within(turn);
                    let id = *segments.peek()?;
                    if id == TURN {
                        body = &agent.turn;
                        turn
                    } else {
                        let called = called(agent, segments.next()?)?;
                        if segments.peek().is_none() {
                            place.is_call = true;
                            return Some(place);
                        }
                        let Called::Tool(tool) = called else {
                            return None;
                        };
                        body = tool.body();
                        turn.within(id)
                    }
                }
                NodeKind::Leaf(_)
                | NodeKind::Turn(_)
                | NodeKind::ToolCall(_)
                | NodeKind::Human(_)
                | NodeKind::Delay(_) => return None,
            });
        }
    }
}

/// A call that a turn of an agent may ask for.
enum Called<'a> {
    Tool(&'a PlannedTool),
    /// Of a tool that does not exist.
    Unknown,
}

/// The call with this id.
fn called<'a>(agent: &'a PlannedAgent, id: &str) -> Option<Called<'a>> {
    let (name, index) = id.rsplit_once('-')?;
    number(index)?;
    let mut tools = agent.tools.iter();
    match tools.find(|tool| *tool.name == *name) {
        None if name == UNKNOWN => Some(Called::Unknown),
        tool => Some(Called::Tool(tool?)),
    }
}

/// A number as paths write it: without a sign or leading zeros.
fn number(segment: &str) -> Option<usize> {
    let number: usize = segment.parse().ok()?;
    (number.to_string() == segment).then_some(number)
}
