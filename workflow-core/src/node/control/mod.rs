//! Control nodes: a closed set of nodes that the engine itself interprets. Their `data`, one file each.

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
    call::WorkflowNode,
    delay::DelayNode,
    human::HumanNode,
    map::{ITEM, MapNode, OnItemError},
    nodes::Nodes,
    repeat::LoopNode,
};
use super::display::DisplayHints;
use crate::value::{DataError, DataType, data};

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

/// What is known of a kind without a node of it. The file of each kind has its own.
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
    pub(crate) const ALL: [Self; 5] = [
        Self::Map,
        Self::Loop,
        Self::Workflow,
        Self::Human,
        Self::Delay,
    ];

    /// The one match over the kinds in this layer.
    fn info(self) -> &'static KindInfo {
        match self {
            Self::Map => &map::KIND,
            Self::Loop => &repeat::KIND,
            Self::Workflow => &call::KIND,
            Self::Human => &human::KIND,
            Self::Delay => &delay::KIND,
        }
    }

    /// The kind of this name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name a workflow's `type` uses.
    pub(crate) fn name(self) -> &'static str {
        self.info().name
    }

    /// What a node of this kind does while it is open, in a few words.
    pub(crate) fn activity(self) -> &'static str {
        self.info().activity
    }

    /// How a page shows a node of this kind. What is in it, a page draws by the type.
    pub(crate) fn display(self) -> DisplayHints {
        let KindInfo { label, icon, .. } = *self.info();
        DisplayHints::new().with_label(label).with_icon(icon)
    }

    /// The shape of its `data`.
    pub(crate) fn data_type(self) -> DataType {
        (self.info().data_type)()
    }

    pub(crate) fn read(self, data: &Value) -> Result<Control, DataError> {
        (self.info().read)(data)
    }

    /// Whether it has a body or calls a workflow, so that its time-out is wall time.
    pub(crate) fn is_container(self) -> bool {
        self.info().is_container
    }

    /// How many segments of a path are between a node of this kind and the nodes in it: the item of a map is one.
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
