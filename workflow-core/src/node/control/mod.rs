//! Control nodes: the closed set of nodes that the engine interprets itself. Here is their `data`, one file each.
//!
//! A kind has two more files: its checks in `workflow/check/control/` and its behaviour in `machine/control/`. The set
//! is closed because the behaviour is part of the transition function, and logs depend on it.

mod agent;
mod call;
mod delay;
mod human;
mod map;
mod nodes;
mod repeat;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) use self::{
    agent::{
        AgentData, AgentFields, Approve, MAX_TOOLS, OnMaxTurns, TOOL_NAME, ToolData,
        ToolOnAmbiguous, ToolOnError,
    },
    call::WorkflowNode,
    delay::DelayNode,
    human::HumanNode,
    map::{ITEM, MapNode, OnItemError},
    nodes::Nodes,
    repeat::{LoopNode, OnMax},
};
use super::display::DisplayHints;
use crate::value::{DataError, DataType, data};

/// The kinds of control nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ControlKind {
    Map,
    Loop,
    Workflow,
    Human,
    Delay,
    Agent,
}

/// The `data` of a control node. The bodies of maps, loops and tools are not in it: they are planned as lists of nodes.
///
/// The types of `data` are part of the JSON Schema of the language: their documentation is what editors show.
pub(crate) enum Control {
    Map(MapNode),
    Loop(LoopNode),
    Workflow(WorkflowNode),
    Human(HumanNode),
    Delay(DelayNode),
    Agent(AgentData),
}

/// The constants of a kind, in one place. The file of each kind defines its own.
///
/// The names are stored in workflows and logs: `name` must never change, and `path_segments` neither, since paths
/// in logs depend on it.
struct KindInfo {
    name: &'static str,
    label: &'static str,
    icon: &'static str,
    activity: &'static str,
    is_container: bool,
    path_segments: usize,
    data_type: fn() -> DataType,
    read: fn(&Value) -> Result<Control, DataError>,
}

impl ControlKind {
    /// The kinds that have one type each, which every registry has. Programs register the types of agents.
    pub(crate) const ALL: [Self; 5] = [
        Self::Map,
        Self::Loop,
        Self::Workflow,
        Self::Human,
        Self::Delay,
    ];

    /// The constants of the kind. This is the only match over the kinds in this layer.
    fn info(self) -> &'static KindInfo {
        match self {
            Self::Map => &map::KIND,
            Self::Loop => &repeat::KIND,
            Self::Workflow => &call::KIND,
            Self::Human => &human::KIND,
            Self::Delay => &delay::KIND,
            Self::Agent => &agent::KIND,
        }
    }

    /// The kind with this name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name that workflows use as `type`.
    pub(crate) fn name(self) -> &'static str {
        self.info().name
    }

    /// What a node of this kind does while it runs, in a few words.
    pub(crate) fn activity(self) -> &'static str {
        self.info().activity
    }

    /// How a page draws a node of this kind. Pages draw the contents of containers by the type.
    pub(crate) fn display(self) -> DisplayHints {
        let KindInfo { label, icon, .. } = *self.info();
        DisplayHints::new().with_label(label).with_icon(icon)
    }

    /// The schema of its `data`.
    pub(crate) fn data_type(self) -> DataType {
        (self.info().data_type)()
    }

    pub(crate) fn read(self, data: &Value) -> Result<Control, DataError> {
        (self.info().read)(data)
    }

    /// Whether the node has a body or calls a workflow. The timeout of a container is wall time, that of a leaf is
    /// per attempt.
    pub(crate) fn is_container(self) -> bool {
        self.info().is_container
    }

    /// How many path segments lie between a node of this kind and the nodes in it. In `each/2/sum`, the item is one.
    pub(crate) fn path_segments(self) -> usize {
        self.info().path_segments
    }
}

fn data_type<D: JsonSchema>() -> DataType {
    DataType::of::<D>()
}

fn read<D: DeserializeOwned>(
    data: &Value,
    control: fn(D) -> Control,
) -> Result<Control, DataError> {
    data::read(data).map(control)
}
