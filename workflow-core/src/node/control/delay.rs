use schemars::JsonSchema;
use serde::Deserialize;

use super::{Control, KindInfo, data_type, read};
use crate::value::WrittenDuration;

pub(super) static KIND: KindInfo = KindInfo {
    name: "DelayNode",
    label: "Delay",
    icon: "delay",
    activity: "Waiting",
    is_container: false,
    path_segments: 0,
    data_type: data_type::<DelayNode>,
    read: |data| read(data, Control::Delay),
};

/// Waits. Over a minute it lets the run rest, which costs nothing meanwhile.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DelayNode {
    /// How long.
    #[serde(rename = "for")]
    pub(crate) duration: WrittenDuration,
}
