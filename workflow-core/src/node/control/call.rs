use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Control, KindInfo, data_type, read};
use crate::{template::Json, value::given};

pub(super) static KIND: KindInfo = KindInfo {
    name: "WorkflowNode",
    label: "Workflow",
    icon: "workflow",
    activity: "Running another workflow",
    is_container: true,
    path_segments: 0,
    data_type: data_type::<WorkflowNode>,
    read: |data| read(data, Control::Workflow),
};

/// Runs another workflow as a part of this run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkflowNode {
    /// The name or the id of the workflow. Its newest version when the run starts is the one that runs.
    pub(crate) workflow: Arc<str>,
    /// What it is run with: any JSON with templates. Without it, what the node itself reads.
    #[serde(default, deserialize_with = "given")]
    pub(crate) input: Option<Json>,
}
