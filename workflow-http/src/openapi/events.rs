//! The schemas of events: each type on its own, and what streams are made of.

use serde_json::{Map, Value, json};

use super::reference::{reference, referred};

/// What is kept in the log only.
const HIDDEN: [(&str, &str); 4] = [
    ("run.created", "reused"),
    ("node.completed", "debug"),
    ("node.retrying", "debug"),
    ("node.failed", "debug"),
];

/// The type of what is live only.
const DELTA: &str = "node.delta";

/// Makes a schema of each type of event, where the derived one is a choice within one schema.
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

/// The schema of one type of event: what every event has, its type, and its body.
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

/// An arm of a body that has several, with what every arm has. Generators of clients read `anyOf` beside
/// `properties` as one more arm, which would have no `type` to tell it by.
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
