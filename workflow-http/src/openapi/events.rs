//! The schemas of events: one per type, and choices of them.
//!
//! The derived schema of `StepEvent` is one object with a `oneOf` inside, since its fields are flattened. Named schemas
//! with a discriminator (OpenAPI 3.1, section 4.8.25) become one type per event in generated clients.

use serde_json::{Map, Value, json};

use super::reference::{reference, referred};

/// The fields that are in the log only: event and field. [`StepEvent::shown`](workflow_core::StepEvent::shown)
/// removes them from what is sent, so the schemas must not have them either.
const HIDDEN: [(&str, &str); 8] = [
    ("run.created", "reused"),
    ("run.created", "table"),
    ("node.completed", "debug"),
    ("node.completed", "request"),
    ("node.retrying", "debug"),
    ("node.retrying", "request"),
    ("node.failed", "debug"),
    ("node.failed", "request"),
];

/// The schema of a line of a recording. It is no reference to `StepEvent`, whose events lack what is in the log only.
pub(super) fn line() -> Value {
    json!({
        "type": "object",
        "description": "One entry of the log, as `StepEvent`, and with what only the log has: the `request` and `debug` \
                        of attempts, and in `run.created` the results that the run brought with it, `reused` and `table`.",
        "properties": {
            "seq": {"type": "integer", "format": "uint64", "minimum": 1},
            "run_id": {"type": "string", "format": "uuid"},
            "time": {"type": "string", "format": "date-time"},
            "type": {"type": "string"},
        },
        "required": ["seq", "run_id", "time", "type"],
    })
}

/// The type of a delta, which is streamed and not in the log.
const DELTA: &str = "node.delta";

/// Replaces the derived schema of `StepEvent` by one schema per type of event, and adds the choices `StepEvent` (in
/// the log) and `Update` (in a stream). Does nothing if no operation uses events.
///
/// It relies on the shape that `schemars` derives: `oneOf` cases with a constant `type` and a reference to the
/// body. The golden file of the document shows if another version of `schemars` derives another one.
pub(super) fn split(schemas: &mut Map<String, Value>) {
    let Some(mut every) = schemas.remove("StepEvent") else {
        return;
    };
    let cases = every
        .as_object_mut()
        .and_then(|every| every.remove("oneOf"));
    let cases: Vec<Value> = serde_json::from_value(cases.unwrap_or_default()).unwrap_or_default();
    let mut names = Vec::new();
    for case in cases {
        let body = referred(&case).and_then(|name| schemas.remove(name));
        let name = case["properties"]["type"]["const"]
            .as_str()
            .unwrap_or_default();
        names.push(name.to_owned());
        schemas.insert(
            name.to_owned(),
            event(&every, &case, body.unwrap_or_default()),
        );
    }
    for (name, field) in HIDDEN {
        if let Some(fields) = schemas[name]["properties"].as_object_mut() {
            fields.shift_remove(field);
        }
    }
    schemas.remove("ReusedStep");
    schemas.remove("TableEntry");
    schemas.insert(
        "StepEvent".to_owned(),
        choice("An entry in the log of a run.", &names),
    );
    if let Some(delta) = schemas.remove(DELTA) {
        let case = json!({
            "description": delta["description"],
            "properties": {"type": {"type": "string", "const": DELTA}},
            "required": ["type"],
        });
        names.push(DELTA.to_owned());
        schemas.insert(DELTA.to_owned(), event(&Value::Null, &case, delta));
    }
    schemas.insert(
        "Update".to_owned(),
        choice("What a run's stream yields.", &names),
    );
}

/// The schema of one type of event: the fields that all events have, its `type`, and the fields of its body, in one
/// object. A body that is a choice becomes a choice of complete objects, see [`whole_arm`].
fn event(every: &Value, case: &Value, mut body: Value) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for part in [every, case, &body] {
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    if let Some(arms) = body.get_mut("anyOf").and_then(Value::as_array_mut) {
        for arm in arms {
            *arm = whole_arm(arm, &properties, &required);
        }
        return json!({"description": case["description"], "anyOf": body["anyOf"]});
    }
    body["description"] = case["description"].clone();
    body["properties"] = properties.into();
    body["required"] = required.into();
    body["type"] = "object".into();
    body
}

/// One case of a body that is a choice, with the fields that all cases have. Generators of clients read `anyOf`
/// beside `properties` as one more case, which would have no `type` to distinguish it by.
fn whole_arm(arm: &Value, common: &Map<String, Value>, required: &[Value]) -> Value {
    let mut properties = common.clone();
    properties.extend(arm["properties"].as_object().cloned().unwrap_or_default());
    let own = arm["required"].as_array().into_iter().flatten();
    let required: Vec<&Value> = required.iter().chain(own).collect();
    json!({
        "type": "object",
        "description": arm["description"],
        "properties": properties,
        "required": required,
    })
}

/// One of these schemas, distinguished by `type`.
fn choice(description: &str, names: &[String]) -> Value {
    let references: Vec<Value> = names.iter().map(|name| reference(name)).collect();
    let mapping: Map<String, Value> = names
        .iter()
        .zip(&references)
        .map(|(name, reference)| (name.clone(), reference["$ref"].clone()))
        .collect();
    json!({
        "description": description,
        "oneOf": references,
        "discriminator": {"propertyName": "type", "mapping": mapping},
    })
}
