//! Schemas, as OpenAI wants them.

use serde_json::{Map, Value};

/// The keywords that a strict schema may have.
const KEYWORDS: [&str; 22] = [
    "$defs",
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "definitions",
    "description",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maximum",
    "minItems",
    "minimum",
    "multipleOf",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
];
/// Objects in objects: OpenAI allows 10 levels, earlier models 5.
const DEEPEST: usize = 5;
/// Properties over all objects; OpenAI allows more, earlier models 100.
const MOST_PROPERTIES: usize = 100;

/// Whether a schema fits the rules of `strict`: each object requires all its properties and allows no others, and only some keywords
/// are used. With another schema, a strict request is refused.
pub(super) fn is_strict(schema: &Value) -> bool {
    let is_object = schema["type"] == "object" && schema["anyOf"].is_null();
    let mut properties = 0;
    is_object && fits(schema, 0, &mut properties)
}

fn fits(schema: &Value, depth: usize, properties: &mut usize) -> bool {
    let Value::Object(schema) = schema else {
        return false;
    };
    if depth > DEEPEST || !schema.keys().all(|key| KEYWORDS.contains(&&**key)) {
        return false;
    }
    let is_object = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|it| it == "object"),
        Some(name) => name == "object",
        None => schema.contains_key("properties"),
    };
    if is_object && !is_closed(schema) {
        return false;
    }
    let no_members = Map::new();
    let members = |name: &str| {
        schema
            .get(name)
            .and_then(Value::as_object)
            .unwrap_or(&no_members)
    };
    *properties += members("properties").len();
    if *properties > MOST_PROPERTIES {
        return false;
    }
    let inner = ["properties", "$defs", "definitions"]
        .into_iter()
        .flat_map(|it| members(it).values());
    let any = schema.get("anyOf").and_then(Value::as_array);
    let inner = inner
        .chain(any.into_iter().flatten())
        .chain(schema.get("items"));
    let depth = depth + usize::from(is_object);
    inner
        .into_iter()
        .all(|inner| fits(inner, depth, properties))
}

/// Whether an object requires all its properties and allows no others.
fn is_closed(schema: &Map<String, Value>) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &String| required.is_some_and(|it| it.iter().any(|it| it == name));
    let properties = schema.get("properties").and_then(Value::as_object);
    schema.get("additionalProperties") == Some(&Value::Bool(false))
        && properties.is_some_and(|it| it.keys().all(is_required))
}

/// The schema of arguments. OpenAI refuses an object without `properties`.
pub(super) fn parameters(input: &Value) -> Value {
    let mut parameters = input.clone();
    if let Value::Object(members) = &mut parameters
        && members.get("type").is_none_or(|it| it == "object")
    {
        members.entry("type").or_insert_with(|| "object".into());
        members
            .entry("properties")
            .or_insert_with(|| Value::Object(Map::new()));
    }
    parameters
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_schema_that_fits_the_rules_is_strict() {
        let closed = json!({"type": "object", "additionalProperties": false, "required": ["a"],
            "properties": {"a": {"type": "string"}}});
        let with = |pointer: &str, value: Value| {
            let mut schema = closed.clone();
            *schema.pointer_mut(pointer).unwrap() = value;
            schema
        };
        let deep = |levels| {
            (0..levels).fold(json!({"type": "string"}), |inner, _| {
                json!({"type": "object", "additionalProperties": false, "required": ["a"], "properties": {"a": inner}})
            })
        };
        for (schema, expected) in [
            (closed.clone(), true),
            (with("/properties/a", closed.clone()), true),
            (
                with("/properties/a", json!({"type": ["string", "null"]})),
                true,
            ),
            (
                with(
                    "/properties/a",
                    json!({"anyOf": [closed, {"type": "null"}]}),
                ),
                true,
            ),
            (with("/properties/a", json!({"$ref": "#/$defs/x"})), true),
            (
                with(
                    "/properties/a",
                    json!({"type": "array", "items": {"type": "object"}}),
                ),
                false,
            ),
            (
                with("/properties/a", json!({"type": "array", "items": closed})),
                true,
            ),
            (
                with("/properties/a", json!({"oneOf": [{"type": "null"}]})),
                false,
            ),
            (
                with("/properties/a", json!({"type": "string", "minLength": 1})),
                false,
            ),
            (with("/properties/a", json!(true)), false),
            (with("/required", json!([])), false),
            (with("/additionalProperties", json!(true)), false),
            (json!({"type": "object"}), false),
            (json!({"type": "array", "items": {"type": "string"}}), false),
            (json!({"anyOf": [{"type": "null"}]}), false),
            (deep(5), true),
            (deep(7), false),
            (json!(true), false),
        ] {
            assert_eq!(is_strict(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn arguments_are_an_object_with_properties() {
        for (input, expected) in [
            (json!({}), json!({"type": "object", "properties": {}})),
            (
                json!({"type": "object"}),
                json!({"type": "object", "properties": {}}),
            ),
            (
                json!({"type": "object", "properties": {"a": {}}}),
                json!({"type": "object", "properties": {"a": {}}}),
            ),
        ] {
            assert_eq!(parameters(&input), expected);
        }
    }
}
