//! Control nodes: a closed set of nodes that the engine itself interprets. One file each.

mod call;
mod delay;
mod human;
mod map;
mod nodes;
mod repeat;

use schemars::JsonSchema;
use serde_json::Value;

pub(crate) use self::{
    call::WorkflowNode,
    delay::DelayNode,
    human::HumanNode,
    map::{MapNode, OnItemError},
    repeat::LoopNode,
};
use crate::{
    data::{DataError, DataType},
    display::DisplayHints,
};

/// Which of them a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ControlKind {
    Map,
    Loop,
    Workflow,
    Human,
    Delay,
}

/// What a control node says, as it was written. The body of a map or loop is planned apart.
pub(crate) enum Control {
    Map(MapNode),
    Loop(LoopNode),
    Workflow(WorkflowNode),
    Human(HumanNode),
    Delay(DelayNode),
}

impl ControlKind {
    pub(crate) const ALL: [Self; 5] = [
        Self::Map,
        Self::Loop,
        Self::Workflow,
        Self::Human,
        Self::Delay,
    ];

    /// The name a workflow's `type` uses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Map => "MapNode",
            Self::Loop => "LoopNode",
            Self::Workflow => "WorkflowNode",
            Self::Human => "HumanNode",
            Self::Delay => "DelayNode",
        }
    }

    /// What a node of this kind does while it is open, in a few words.
    pub(crate) fn activity(self) -> &'static str {
        match self {
            Self::Map => "Working through the items",
            Self::Loop => "Repeating",
            Self::Workflow => "Running another workflow",
            Self::Human => "Asking a person",
            Self::Delay => "Waiting",
        }
    }

    /// How a page shows a node of this kind. What is in it, a page draws by the type.
    pub(crate) fn display(self) -> DisplayHints {
        let (label, icon) = match self {
            Self::Map => ("Map", "map"),
            Self::Loop => ("Loop", "loop"),
            Self::Workflow => ("Workflow", "workflow"),
            Self::Human => ("Person", "human"),
            Self::Delay => ("Delay", "delay"),
        };
        DisplayHints::new().with_label(label).with_icon(icon)
    }

    /// The shape of its `data`.
    pub(crate) fn data_type(self) -> DataType {
        fn of<D: JsonSchema>() -> DataType {
            DataType::of::<D>()
        }
        match self {
            Self::Map => of::<MapNode>(),
            Self::Loop => of::<LoopNode>(),
            Self::Workflow => of::<WorkflowNode>(),
            Self::Human => of::<HumanNode>(),
            Self::Delay => of::<DelayNode>(),
        }
    }

    pub(crate) fn read(self, data: &Value) -> Result<Control, DataError> {
        use crate::data::read;
        Ok(match self {
            Self::Map => Control::Map(read(data)?),
            Self::Loop => Control::Loop(read(data)?),
            Self::Workflow => Control::Workflow(read(data)?),
            Self::Human => Control::Human(read(data)?),
            Self::Delay => Control::Delay(read(data)?),
        })
    }

    /// Whether it has a body or calls one, so that its time-out is wall time.
    pub(crate) fn is_container(self) -> bool {
        matches!(self, Self::Map | Self::Loop | Self::Workflow)
    }

    /// The names it gives its body.
    pub(crate) fn locals(self, data: &Value) -> Vec<&str> {
        match self {
            Self::Map => vec![data["as"].as_str().unwrap_or(map::ITEM), "index"],
            Self::Loop => vec!["index", "previous"],
            Self::Workflow | Self::Human | Self::Delay => Vec::new(),
        }
    }
}
