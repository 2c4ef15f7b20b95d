use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{Control, KindInfo, data_type, read};
use crate::{template::Template, value::WrittenDuration};

pub(super) static KIND: KindInfo = KindInfo {
    name: "HumanNode",
    label: "Person",
    icon: "human",
    activity: "Asking a person",
    is_container: false,
    path_segments: 0,
    data_type: data_type::<HumanNode>,
    read: |data| read(data, Control::Human),
};

/// Waits for a person's answer, which is its output.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HumanNode {
    /// What the person is asked, with `{{ expressions }}`.
    pub(crate) message: Template,
    /// A JSON Schema that the answer has to fit.
    #[serde(default, deserialize_with = "schema")]
    #[schemars(with = "Option<Map<String, Value>>", extend("x-workflow" = "schema"))]
    pub(crate) schema: Option<Arc<Value>>,
    /// How long to wait; then the step fails with the code `expired`. Without it, for ever.
    pub(crate) expires: Option<WrittenDuration>,
}

fn schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<Value>>, D::Error> {
    let schema = Option::<Map<String, Value>>::deserialize(deserializer)?;
    Ok(schema.map(|schema| Arc::new(Value::Object(schema))))
}
