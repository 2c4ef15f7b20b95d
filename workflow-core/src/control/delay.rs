use schemars::JsonSchema;
use serde::Deserialize;

use crate::time::WrittenDuration;

/// Waits. Over a minute it lets the run rest, which costs nothing meanwhile.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DelayNode {
    /// How long.
    #[serde(rename = "for")]
    pub(crate) duration: WrittenDuration,
}
