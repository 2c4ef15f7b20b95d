use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Control, KindInfo, data_type, read};
use crate::{template::Json, value::some_even_if_null};

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
    /// The name or id of the workflow. A run uses the version that is newest when the run starts.
    pub(crate) workflow: Arc<str>,
    /// The input of the called workflow: any JSON with templates. Default: the implicit input of this node.
    #[serde(default, deserialize_with = "some_even_if_null")]
    pub(crate) input: Option<Json>,
}
