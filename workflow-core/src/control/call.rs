use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{data::given, template::Json};

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
