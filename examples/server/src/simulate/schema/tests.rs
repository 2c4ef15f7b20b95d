use serde_json::json;

use super::*;
use crate::simulate::question::Question;

/// The reply to this prompt.
fn reply(prompt: &str, schema: &Value) -> Value {
    let body = json!({"contents": [{"parts": [{"text": prompt}]}]}).to_string();
    let question = Question::read(body.as_bytes()).unwrap_or_else(|_| panic!("{body}"));
    let task = Task::of(&question);
    let value = example(schema, &task, &mut Rng::with_seed(task.seed));
    let again = example(schema, &task, &mut Rng::with_seed(task.seed));
    assert_eq!(value, again, "{prompt}");
    if let Err(error) = jsonschema::validate(schema, &value) {
        panic!("{prompt}: {value}: {error}");
    }
    value
}

fn tides(schema: &Value) -> Value {
    reply("A text on tides", schema)
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
    let value = tides(&schema);
    assert_eq!(value["short_title"], "Tides: the essentials");
    assert_eq!(value["due"], "2026-01-31");
    assert_eq!(value["tags"], json!(["tides"]));
    assert_eq!(value["customer"]["version"], 2);
    assert_eq!(value["other"], "Example other");
}

#[test]
fn replies_to_different_prompts_differ() {
    let schema = json!({"type": "object", "properties": {
        "kind": {"enum": ["refund", "bug", "praise", "other"]},
        "count": {"type": "integer", "minimum": 0, "maximum": 1000},
        "list": {"type": "array", "items": {"type": "string"}},
    }});
    let replies: Vec<Value> = (0..20)
        .map(|n| reply(&format!("Sort mail {n}"), &schema))
        .collect();
    let different = |of: &dyn Fn(&Value) -> String| {
        let values: std::collections::HashSet<String> = replies.iter().map(of).collect();
        values.len()
    };
    assert_eq!(different(&|reply| reply["kind"].to_string()), 4);
    assert!(different(&|reply| reply["count"].to_string()) > 15);
    assert_eq!(
        different(&|reply| reply["list"].as_array().map_or(0, Vec::len).to_string()),
        3
    );
}

#[test]
fn the_items_of_a_list_differ() {
    for name in ["titles", "questions", "mistakes", "names"] {
        let schema = json!({"type": "object", "properties": {name: {"type": "array", "minItems": 3, "items": {"type": "string"}}}});
        let value = tides(&schema);
        let items = value[name].as_array().unwrap();
        assert!(
            items
                .iter()
                .all(|item| items.iter().filter(|other| *other == item).count() == 1),
            "{value}"
        );
    }
    let schema = json!({"type": "array", "uniqueItems": true, "minItems": 3, "items": {"enum": ["a", "b", "c"]}});
    tides(&schema);
}

#[test]
fn what_the_prompt_mentions_is_chosen() {
    let schema = json!({"enum": ["bug", "refund", "other"]});
    for (prompt, expected) in [
        ("Classify: I want a Refund!", "refund"),
        ("Classify: this is a bug", "bug"),
    ] {
        assert_eq!(reply(prompt, &schema), expected);
    }
}

#[test]
fn what_the_prompt_states_is_extracted() {
    let schema = json!({"type": "object", "properties": {
        "seller": {"type": "string"},
        "number": {"type": "string"},
        "due": {"type": ["string", "null"], "format": "date"},
        "currency": {"type": "string", "enum": ["EUR", "USD"]},
        "total": {"type": "number"},
        "lines": {"type": "array", "items": {"type": "object", "properties": {
            "text": {"type": "string"}, "amount": {"type": "number"}}}},
    }});
    let prompt = "Extract the data: Invoice number: 17\nSeller: Tidal Ltd\nDue: 2026-02-28\nCurrency: USD\n\
                  - Paper 1,120.00\n- Ink, blue: 30.50\nTotal: 1150.50 USD";
    let expected = json!({
        "seller": "Tidal Ltd", "number": "17", "due": "2026-02-28", "currency": "USD", "total": 1150.5,
        "lines": [{"text": "Paper", "amount": 1120.0}, {"text": "Ink, blue", "amount": 30.5}],
    });
    assert_eq!(reply(prompt, &schema), expected);
}

#[test]
fn a_review_is_better_for_a_later_version() {
    let schema = json!({"type": "object", "properties": {
        "score": {"type": "integer", "minimum": 1, "maximum": 10},
        "ok": {"type": "boolean"},
        "decision": {"enum": ["revise", "approve"]},
        "mistakes": {"type": "array", "items": {"type": "string"}},
    }});
    let review = |mark: &str| reply(&format!("Score this text: Tides rise. {mark}"), &schema);
    let first = review("(Simulated.)");
    assert!(first["score"].as_i64() < Some(8), "{first}");
    assert_eq!(
        (&first["ok"], &first["decision"]),
        (&json!(false), &json!("revise"))
    );
    assert_eq!(first["mistakes"].as_array().map(Vec::len), Some(2));
    let second = review("(Simulated, version 2.)");
    assert!(second["score"].as_i64() >= Some(8), "{second}");
    assert_eq!(
        (&second["ok"], &second["decision"]),
        (&json!(true), &json!("approve"))
    );
    let without_bounds = json!({"type": "object", "properties": {"score": {"type": "number"}}});
    let of_ten = reply(
        "Score this from 1 to 10: a text (Simulated, version 2.)",
        &without_bounds,
    );
    assert!(of_ten["score"].as_f64() > Some(8.0), "{of_ten}");
    let of_one = reply(
        "Score this: a text (Simulated, version 2.)",
        &without_bounds,
    );
    assert_eq!(of_one["score"], 0.86);
}

#[test]
fn numbers_are_within_their_bounds() {
    let integer = |mut schema: Value| {
        schema["type"] = "integer".into();
        example_of_huge(&schema)
    };
    for schema in [
        json!({"exclusiveMinimum": 3}),
        json!({"maximum": -3}),
        json!({"minimum": 11, "multipleOf": 10}),
        json!({"minimum": 3, "maximum": 3}),
        json!({"exclusiveMinimum": 3, "exclusiveMaximum": 5}),
    ] {
        let mut schema = schema;
        schema["type"] = "integer".into();
        for n in 0..20 {
            reply(&format!("A number, {n}"), &schema);
        }
    }
    assert_eq!(integer(json!({"minimum": 1e300})), i64::MAX);
    let between = json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1});
    let tiny = json!({"type": "number", "minimum": 0.001, "maximum": 0.002});
    for n in 0..20 {
        reply(&format!("A number, {n}"), &between);
        reply(&format!("A number, {n}"), &tiny);
    }
}

/// Without validation: the value is as near as an integer can be.
fn example_of_huge(schema: &Value) -> Value {
    let question = Question::read(br#"{"contents": [{}]}"#).unwrap_or_else(|_| panic!());
    let task = Task::of(&question);
    example(schema, &task, &mut Rng::with_seed(1))
}

#[test]
fn strings_have_the_required_length() {
    let schema = json!({"type": "string", "minLength": 40, "maxLength": 40});
    assert_eq!(tides(&schema).as_str().unwrap().chars().count(), 40);
    let short = json!({"type": "string", "maxLength": 3});
    assert_eq!(tides(&short).as_str().unwrap().chars().count(), 3);
}

#[test]
fn lists_have_the_required_length() {
    let list = |more: Value| {
        let mut schema = json!({"type": "array", "items": {"type": "null"}});
        schema
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().cloned().unwrap());
        example_of_huge(&schema).as_array().unwrap().len()
    };
    assert!((2..=4).contains(&list(json!({}))));
    assert_eq!(list(json!({"minItems": 7})), 7);
    assert_eq!(list(json!({"uniqueItems": true})), 1);
    assert_eq!(list(json!({"maxItems": 0})), 0);
    assert_eq!(list(json!({"minItems": 1_000_000_000})), 100);
}

#[test]
fn references_and_alternatives_are_followed() {
    let schema = json!({
        "$defs": {"Part": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}},
        "type": "object",
        "required": ["part", "either"],
        "properties": {
            "part": {"$ref": "#/$defs/Part"},
            "either": {"anyOf": [{"type": "null"}, {"type": "boolean"}]},
        }
    });
    assert!(tides(&schema)["either"].is_boolean());
}

#[test]
fn a_recursive_schema_terminates() {
    let tree = json!({"$ref": "#/$defs/Tree", "$defs": {"Tree": {
        "type": "object", "properties": {"child": {"$ref": "#/$defs/Tree"}},
    }}});
    assert!(example_of_huge(&tree).is_object());
    let circle = json!({"$ref": "#"});
    assert!(example_of_huge(&circle).is_null());
    let wide = json!({"type": "array", "items": {"$ref": "#"}, "minItems": 100});
    assert!(example_of_huge(&wide).is_array());
}
