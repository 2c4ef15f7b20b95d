//! The JSON Schema of the whole language: of the types here, and of each registered type's `data`.
//!
//! It is the same description that specifications are checked against, so an editor and the engine agree. What only
//! faults need is removed.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{
    NodeSpec, Spec,
    shape::{EXPECTED, HINTS},
};
use crate::{
    node::{NodeType, Registry},
    template::{FILTERS, FUNCTIONS, RUN_FIELDS, STATEMENTS, STEP_FIELDS, TESTS},
};

/// The keyword of the words of templates, with their help. A JSON Schema has no place for them, and an
/// editor that completes templates needs them with the rest.
const TEMPLATES: &str = "x-templates";

impl Registry {
    /// The JSON Schema (draft 2020-12) of workflows that use these node types, for editors and for
    /// programs that write workflows.
    ///
    /// It says what can be said of the shape. References, cycles and expressions are checked by
    /// [`Workflow::from_spec`](crate::Workflow::from_spec).
    pub fn language_schema(&self) -> Value {
        let mut generator = SchemaSettings::draft2020_12().into_generator();
        let mut schema = generator.root_schema_for::<Spec>().to_value();
        for list in ["nodes", "on_failure"] {
            let node = generator.subschema_for::<NodeSpec>();
            schema["properties"][list]["items"] = node.to_value();
        }
        schema["$defs"] = generator.take_definitions(true).into();
        refuse_null(&mut schema);
        remove_annotations(&mut schema);
        let types: BTreeMap<&str, Value> =
            self.types().map(|it| (it.name(), data_of(it))).collect();
        let names: Vec<&str> = types.keys().copied().collect();
        let cases: Vec<Value> = self.types().map(case).collect();
        let definitions = &mut schema["$defs"];
        let node = &mut definitions["Node"];
        node["allOf"] = json!(cases);
        // A definition of its own: generators of clients name a type after it.
        let node_type = &mut node["properties"]["type"];
        *node_type = json!({
            "description": node_type["description"],
            "$ref": "#/$defs/NodeTypeName",
        });
        definitions["NodeTypeName"] = json!({
            "description": "The name of a node type.",
            "type": "string",
            "enum": names,
        });
        for (name, data) in types {
            definitions[definition(name)] = data;
        }
        schema[TEMPLATES] = template_words();
        schema
    }
}

/// The filters, tests, functions and statements, and the fields of a settled node and of `run`, by name, each with one line of help.
fn template_words() -> Value {
    let table = |words: &[(&str, &str)]| -> Map<String, Value> {
        let words = words.iter();
        words
            .map(|(name, help)| ((*name).to_owned(), (*help).into()))
            .collect()
    };
    json!({
        "filters": table(&FILTERS),
        "tests": table(&TESTS),
        "functions": table(&FUNCTIONS),
        "statements": table(&STATEMENTS),
        "step": table(&STEP_FIELDS),
        "run": table(&RUN_FIELDS),
    })
}

/// What may be left out may not be `null`: the reader refuses it.
///
/// An optional field is left out, never `null`: `null` is a value in fields that hold any JSON, and must mean the
/// same everywhere.
pub(super) fn refuse_null(schema: &mut Value) {
    let is_null = |schema: &Value| *schema == json!({ "type": "null" });
    if schema.get("default") == Some(&Value::Null) {
        schema
            .as_object_mut()
            .map(|schema| schema.shift_remove("default"));
    }
    if let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.retain(|choice| !is_null(choice));
        // A choice of one that is no reference: schemas in which references are resolved have it.
        if let [Value::Object(only)] = choices.as_mut_slice()
            && !only.contains_key("$ref")
        {
            let only = std::mem::take(only);
            if let Some(schema) = schema.as_object_mut() {
                schema.shift_remove("anyOf");
                for (keyword, value) in only {
                    schema.entry(keyword).or_insert(value);
                }
            }
        }
    }
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    let inner: Vec<&mut Value> = match schema {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => return,
    };
    inner.into_iter().for_each(refuse_null);
}

/// Removes what is for faults only.
fn remove_annotations(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(remove_annotations),
        Value::Object(members) => {
            members.shift_remove(EXPECTED);
            members.shift_remove(HINTS);
            members.values_mut().for_each(remove_annotations);
        }
        _ => {}
    }
}

/// The name of the definition of a type's `data`.
fn definition(node_type: &str) -> String {
    format!("{node_type}.data")
}

/// Which `data` a node of this type has.
///
/// `if`/`then` and not `oneOf`: an editor then reports the fault in `data`, and not that no alternative fits.
fn case(node_type: &NodeType) -> Value {
    let name = node_type.name();
    let mut then = json!({
        "properties": { "data": { "$ref": format!("#/$defs/{}", definition(name)) } },
    });
    if node_type.schema()["required"].is_array() {
        then["required"] = json!(["data"]);
    }
    json!({ "if": { "properties": { "type": { "const": name } } }, "then": then })
}

/// The schema of a type's `data`, as a part of the language's.
fn data_of(node_type: &NodeType) -> Value {
    let mut schema = node_type.schema().clone();
    if let Some(object) = schema.as_object_mut() {
        object.remove("$schema");
        object.remove("title");
    }
    describe_bodies(&mut schema);
    schema
}

/// Says what the items of each body are, at any depth: that of a tool is within `tools`.
///
/// In what a schema gives as a value, such as a `default`, there is no mark.
fn describe_bodies(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(describe_bodies),
        Value::Object(members) => {
            members.values_mut().for_each(describe_bodies);
            if members
                .get("x-workflow")
                .is_some_and(|mark| mark == "nodes")
            {
                members.insert("items".to_owned(), json!({ "$ref": "#/$defs/Node" }));
            }
        }
        _ => {}
    }
}
