//! JSON that fits a JSON Schema: always the same for the same schema and subject.

mod number;
mod text;

use std::cell::Cell;

use serde_json::{Map, Value};

use self::{number::number, text::text};

/// How deep optional parts are filled in, so that a schema may refer to itself.
const DEEPEST: usize = 8;
/// How many items a list may be asked to have.
const MOST_ITEMS: usize = 100;
/// How many values an answer may have: a few lists within each other could ask for billions.
const MOST_VALUES: u32 = 10_000;

/// A value that fits the schema and speaks of the subject where it may.
pub(super) fn example(schema: &Value, subject: &str) -> Value {
    let writer = Writer {
        root: schema,
        subject,
        left: Cell::new(MOST_VALUES),
    };
    writer.value(schema, "answer", 0)
}

struct Writer<'a> {
    root: &'a Value,
    subject: &'a str,
    left: Cell<u32>,
}

impl Writer<'_> {
    /// A value for what is called `name`.
    fn value(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let left = self.left.get();
        if left == 0 || depth > 2 * DEEPEST {
            return Value::Null;
        }
        self.left.set(left - 1);
        if let Some(fixed) = fixed(schema) {
            return fixed.clone();
        }
        if let Some(meant) = self.meant(schema) {
            return self.value(meant, name, depth + 1);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, name, depth),
            "number" => number(schema),
            "integer" => number::integer(schema),
            "boolean" => true.into(),
            "null" => Value::Null,
            _ => text(schema, name, self.subject).into(),
        }
    }

    /// The schema that this one refers to, or the first alternative of one that is nothing else.
    fn meant<'s>(&'s self, schema: &'s Value) -> Option<&'s Value> {
        if let Some(reference) = schema["$ref"].as_str() {
            return self.root.pointer(reference.strip_prefix('#')?);
        }
        if schema.get("type").is_some() {
            return None;
        }
        let of = |word: &str| schema[word].as_array();
        let alternatives = of("anyOf")
            .or_else(|| of("oneOf"))
            .or_else(|| of("allOf"))?;
        let real = |schema: &&Value| schema["type"] != "null";
        alternatives.iter().find(real).or(alternatives.first())
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
        let is_required = |name: &str| required.iter().any(|required| required == name);
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if depth < DEEPEST || is_required(name) {
                object.insert(name.clone(), self.value(property, name, depth + 1));
            }
        }
        for name in required.iter().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                object.insert(name.to_owned(), self.value(&Value::Null, name, depth + 1));
            }
        }
        object.into()
    }

    /// As few items as may be, but two where nothing speaks against it.
    fn array(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let count = |word: &str| schema[word].as_u64().and_then(|n| usize::try_from(n).ok());
        let wanted = match schema["uniqueItems"].as_bool() {
            Some(true) => 1,
            _ if depth < DEEPEST => 2,
            _ => 0,
        };
        let least = count("minItems").unwrap_or(0).max(wanted);
        let items = least
            .min(count("maxItems").unwrap_or(MOST_ITEMS))
            .min(MOST_ITEMS);
        let first = schema["prefixItems"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        (0..items)
            .map(|index| first.get(index).unwrap_or(&schema["items"]))
            .map(|item| self.value(item, name, depth + 1))
            .collect()
    }
}

/// The one value, or the first of those that are allowed.
fn fixed(schema: &Value) -> Option<&Value> {
    schema.get("const").or_else(|| schema["enum"].get(0))
}

/// The type, which also follows from other words.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

#[cfg(test)]
mod tests;
