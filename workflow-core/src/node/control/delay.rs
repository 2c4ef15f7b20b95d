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

/// Waits for a fixed time. A run that waits for more than a minute is suspended and uses no resources.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DelayNode {
    /// How long to wait.
    #[serde(rename = "for")]
    #[schemars(extend("examples" = ["5m"]))]
    pub(crate) duration: WrittenDuration,
}
