//! The schemas of request and response bodies, derived from the types.
//!
//! The derived schemas are correct, but some generators of clients misread parts of them. Each function that
//! rewrites a schema names the reason. `clients/` generates two clients from the document and uses them in tests.

use std::iter;

use schemars::{
    JsonSchema, SchemaGenerator,
    generate::{Contract, SchemaSettings},
    transform::RestrictFormats,
};
use serde_json::{Map, Value};

use super::{
    events,
    reference::{PLACE, reference},
};

/// Collects the schemas that a document uses, by name.
///
/// There are two collections, since one type has two schemas: a field with a default is always there in what the
/// service sends, and optional in what it receives (`Contract` of `schemars`). Of a type that is in both, the document
/// has the schema of what is sent.
pub(crate) struct Schemas {
    sent: SchemaGenerator,
    taken: SchemaGenerator,
    /// The workflow language: the schema of a workflow, and its definitions.
    language: Map<String, Value>,
}

impl Schemas {
    /// `language` is the JSON Schema of specifications, which the registry has already derived.
    pub(super) fn new(language: Value) -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.transforms = vec![Box::new(RestrictFormats::default())];
            })
        };
        Self {
            sent: settings()
                .with(|settings| settings.contract = Contract::Serialize)
                .into_generator(),
            taken: settings().into_generator(),
            language: definitions(language),
        }
    }

    /// Registers a type that the service sends, and returns a reference to it.
    pub(super) fn sent<T: JsonSchema>(&mut self) -> Value {
        self.sent.subschema_for::<T>().to_value()
    }

    /// Registers a type that the service receives, and returns a reference to it.
    pub(super) fn taken<T: JsonSchema>(&mut self) -> Value {
        self.taken.subschema_for::<T>().to_value()
    }

    /// The schema of a workflow.
    pub(super) fn workflow() -> Value {
        reference("Workflow")
    }

    /// All schemas, by name and sorted by it, so that the document does not change from one build to the next.
    pub(super) fn components(mut self) -> Map<String, Value> {
        let mut sent = self.sent.take_definitions(true);
        for schema in sent.values_mut() {
            leave_out_null(schema);
            unlink(schema);
        }
        events::split(&mut sent);
        let mut taken = self.taken.take_definitions(true);
        taken.values_mut().for_each(leave_out_null_defaults);
        let mut all = self.language;
        all.append(&mut taken);
        all.append(&mut sent);
        all.values_mut().for_each(merge_constants);
        all.sort_keys();
        all
    }
}

/// Removes `null` from the types of optional fields. `schemars` derives it from `Option`, but `skip_serializing_if`
/// leaves such a field out: it is never `null`.
fn leave_out_null(schema: &mut Value) {
    let required = schema["required"].clone();
    let is_required = |name: &str| {
        let names = required.as_array();
        names.is_some_and(|names| names.iter().any(|it| it == name))
    };
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (_, property) in properties.iter_mut().filter(|(name, _)| !is_required(name)) {
            refuse_null(property);
        }
    }
    for part in ["anyOf", "oneOf", "allOf"] {
        let parts = schema.get_mut(part).and_then(Value::as_array_mut);
        parts.into_iter().flatten().for_each(leave_out_null);
    }
}

/// Removes `default: null` of fields that may be left out. Generators of clients take a field with a default for
/// one that is always there.
fn leave_out_null_defaults(schema: &mut Value) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    let properties = properties.into_iter().flat_map(Map::values_mut);
    for property in properties.filter_map(Value::as_object_mut) {
        if property.get("default") == Some(&Value::Null) {
            property.shift_remove("default");
        }
    }
}

/// Removes `null` from a type or from a choice. A choice of one is replaced by that one.
fn refuse_null(schema: &mut Value) {
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    let choices = schema.get_mut("anyOf").and_then(Value::as_array_mut);
    let Some(choices) = choices else { return };
    choices.retain(|choice| choice["type"] != "null");
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("anyOf");
            schema.extend(only);
        }
    }
}

/// Turns a choice of constants into an `enum` whose description lists them. `openapi-python-client` 0.29
/// accepts only the first constant of a choice.
fn merge_constants(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(merge_constants),
        Value::Object(members) => {
            members.values_mut().for_each(merge_constants);
            let choices = members.get("oneOf").and_then(Value::as_array);
            let Some((names, lines)) = choices.and_then(|choices| constants(choices)) else {
                return;
            };
            let about = members.get("description").and_then(Value::as_str);
            let about: Vec<String> = about.map(str::to_owned).into_iter().chain(lines).collect();
            members.shift_remove("oneOf");
            members.insert("type".to_owned(), "string".into());
            members.insert("enum".to_owned(), names.into());
            members.insert("description".to_owned(), about.join("\n").into());
        }
        _ => {}
    }
}

/// The texts that a choice is made of, each also as a line with its description; `None` for other choices.
fn constants(choices: &[Value]) -> Option<(Vec<Value>, Vec<String>)> {
    let texts = choices.iter().map(|choice| {
        let text = choice["const"].as_str()?;
        let about = choice["description"].as_str().unwrap_or_default();
        Some((choice["const"].clone(), format!("- `{text}`: {about}")))
    });
    texts
        .collect::<Option<Vec<_>>>()
        .map(|texts| texts.into_iter().unzip())
}

/// Takes the links of Rust's documentation out of descriptions: `[text](place)` becomes `text`.
fn unlink(schema: &mut Value) {
    let parts: Vec<&mut Value> = match schema {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => {
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = unlinked(text);
            }
            members.values_mut().collect()
        }
        _ => return,
    };
    parts.into_iter().for_each(unlink);
}

fn unlinked(text: &str) -> String {
    let mut parts = text.split("[`");
    let before = parts.next().unwrap_or_default().to_owned();
    let links = parts.map(|link| {
        let (name, rest) = link.split_once("`]").unwrap_or((link, ""));
        let place = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        format!("`{name}`{}", place.map_or(rest, |(_, after)| after))
    });
    iter::once(before).chain(links).collect()
}

/// The schemas of the workflow language as schemas of a document: the root by the name `Workflow`, and its
/// definitions. They are marked with `x-language`, so that the page can leave them out.
fn definitions(mut schema: Value) -> Map<String, Value> {
    let mut all = match schema["$defs"].take() {
        Value::Object(definitions) => definitions,
        _ => Map::new(),
    };
    if let Some(root) = schema.as_object_mut() {
        root.remove("$defs");
        root.remove("$schema");
        // Words of templates: an editor's matter, no part of the shape of a workflow.
        root.remove("x-templates");
    }
    all.insert("Workflow".to_owned(), schema);
    for schema in all.values_mut() {
        move_references(schema);
        schema["x-language"] = true.into();
    }
    all
}

/// Rewrites references from `#/$defs/` to `components/schemas`.
fn move_references(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(move_references),
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get_mut("$ref")
                && let Some(name) = target.strip_prefix("#/$defs/")
            {
                *target = format!("{PLACE}{name}");
            }
            members.values_mut().for_each(move_references);
        }
        _ => {}
    }
}
