use schemars::JsonSchema;
use serde::Deserialize;

use super::{Control, KindInfo, data_type, read};
use crate::{
    template::Templated,
    value::{WrittenDuration, WrittenInstant},
};

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

/// Waits for some time, or until a time. A run that waits for more than a minute is suspended and uses no resources.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DelayNode {
    /// How long to wait: a duration, or a template for one. Either this or `until`.
    #[serde(rename = "for")]
    #[schemars(extend("examples" = ["5m"]))]
    pub(crate) duration: Option<Templated<WrittenDuration>>,
    /// Until when to wait: a time such as `2026-01-31T12:00:00Z`, or a template for one:
    /// `{{ run.started_at | add_duration('1d') }}`. At most 366 days ahead; a time that is over is no wait.
    pub(crate) until: Option<Templated<WrittenInstant>>,
}
