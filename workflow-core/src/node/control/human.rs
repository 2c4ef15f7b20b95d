use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{Control, KindInfo, data_type, read};
use crate::{
    template::{Template, Templated},
    value::WrittenDuration,
};

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

/// Waits for the answer of a person, which becomes its output.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HumanNode {
    /// The question to the person, with `{{ expressions }}`.
    #[schemars(extend("examples" = ["Is this good?\n\n{{ input }}"]))]
    pub(crate) message: Template,
    /// A JSON Schema that the answer must fit.
    #[serde(default, deserialize_with = "schema")]
    #[schemars(with = "Option<Map<String, Value>>", extend("x-workflow" = "schema", "x-workflow-output" = true))]
    pub(crate) schema: Option<Arc<Value>>,
    /// How long to wait for the answer: a duration, or a template for one. After that the step fails with the code `expired`. Default: no limit.
    pub(crate) expires: Option<Templated<WrittenDuration>>,
}

fn schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<Value>>, D::Error> {
    let schema = Option::<Map<String, Value>>::deserialize(deserializer)?;
    Ok(schema.map(|schema| Arc::new(Value::Object(schema))))
}
