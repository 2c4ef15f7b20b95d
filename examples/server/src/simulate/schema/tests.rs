use serde_json::json;

use super::*;

fn tides(schema: &Value) -> Value {
    example(schema, "tides")
}

#[test]
fn every_property_has_its_type() {
    let schema = json!({"type": "object", "required": ["kind", "other"], "properties": {
        "kind": {"enum": ["refund", "bug"]},
        "short_title": {"type": "string"},
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "stars": {"type": "integer", "minimum": 1, "maximum": 5},
        "is_urgent": {"type": "boolean"},
        "due": {"type": ["null", "string"], "format": "date"},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 1},
        "customer": {"properties": {"version": {"const": 2}}},
    }});
    assert_eq!(
        tides(&schema),
        json!({
            "kind": "refund",
            "short_title": "Simulated short title about tides",
            "score": 0.5,
            "stars": 3,
            "is_urgent": true,
            "due": "2026-01-31",
            "tags": ["Simulated tags about tides"],
            "customer": {"version": 2},
            "other": "Simulated other about tides",
        })
    );
}

#[test]
fn numbers_are_within_their_bounds() {
    let integer = |mut schema: Value| {
        schema["type"] = "integer".into();
        tides(&schema)
    };
    assert_eq!(integer(json!({"exclusiveMinimum": 3})), 4);
    assert_eq!(integer(json!({"maximum": -3})), -4);
    assert_eq!(integer(json!({"minimum": 11, "multipleOf": 10})), 20);
    assert_eq!(integer(json!({"minimum": 1e300})), i64::MAX);
    let between = json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1});
    assert_eq!(tides(&between), 0.5);
}

#[test]
fn strings_have_the_required_length() {
    let schema = json!({"type": "string", "minLength": 40, "maxLength": 40});
    assert_eq!(tides(&schema).as_str().unwrap().chars().count(), 40);
    let short = json!({"type": "string", "maxLength": 3});
    assert_eq!(tides(&short), "Sim");
}

#[test]
fn lists_have_the_required_length() {
    let list = |more: Value| {
        let mut schema = json!({"type": "array", "items": {"type": "null"}});
        schema
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().cloned().unwrap());
        tides(&schema).as_array().unwrap().len()
    };
    assert_eq!(list(json!({})), 2);
    assert_eq!(list(json!({"minItems": 3})), 3);
    assert_eq!(list(json!({"uniqueItems": true})), 1);
    assert_eq!(list(json!({"maxItems": 0})), 0);
    assert_eq!(list(json!({"minItems": 1_000_000_000})), 100);
}

#[test]
fn references_and_alternatives_are_followed() {
    let schema = json!({
        "$defs": {"Part": {"type": "object", "properties": {"n": {"type": "integer"}}}},
        "type": "object",
        "properties": {
            "part": {"$ref": "#/$defs/Part"},
            "either": {"anyOf": [{"type": "null"}, {"type": "boolean"}]},
        }
    });
    assert_eq!(tides(&schema), json!({"part": {"n": 1}, "either": true}));
}

#[test]
fn a_recursive_schema_terminates() {
    let tree = json!({"$ref": "#/$defs/Tree", "$defs": {"Tree": {
        "type": "object", "properties": {"child": {"$ref": "#/$defs/Tree"}},
    }}});
    assert!(tides(&tree).is_object());
    let circle = json!({"$ref": "#"});
    assert!(tides(&circle).is_null());
    let wide = json!({"type": "array", "items": {"$ref": "#"}, "minItems": 100});
    assert!(tides(&wide).is_array());
}
