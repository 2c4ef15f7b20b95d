//! JSON that matches a JSON Schema. The result depends on schema and subject only.

mod number;
mod text;

use std::cell::Cell;

use serde_json::{Map, Value};

use self::{number::number, text::text};

/// The depth down to which optional properties are filled in. Recursive schemas would not end without it.
const MAX_DEPTH: usize = 8;
/// The most items of an array, whatever `minItems` requires.
const MAX_ITEMS: usize = 100;
/// The most values of a reply: a few nested arrays could require billions.
const MAX_VALUES: u32 = 10_000;

/// A value that matches the schema, with the subject in its strings.
pub(super) fn example(schema: &Value, subject: &str) -> Value {
    let writer = Writer {
        root: schema,
        subject,
        left: Cell::new(MAX_VALUES),
    };
    writer.value(schema, "answer", 0)
}

struct Writer<'a> {
    root: &'a Value,
    subject: &'a str,
    left: Cell<u32>,
}

impl Writer<'_> {
    /// A value for the property `name`.
    fn value(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let left = self.left.get();
        if left == 0 || depth > 2 * MAX_DEPTH {
            return Value::Null;
        }
        self.left.set(left - 1);
        if let Some(fixed) = fixed(schema) {
            return fixed.clone();
        }
        if let Some(resolved) = self.resolve(schema) {
            return self.value(resolved, name, depth + 1);
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

    /// The target of a reference, or the first alternative of a schema without a type.
    fn resolve<'s>(&'s self, schema: &'s Value) -> Option<&'s Value> {
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
            if depth < MAX_DEPTH || is_required(name) {
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

    /// An array with as few items as permitted, but two if the schema allows it: one item does not look like a list.
    fn array(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let count = |word: &str| schema[word].as_u64().and_then(|n| usize::try_from(n).ok());
        let wanted = match schema["uniqueItems"].as_bool() {
            Some(true) => 1,
            _ if depth < MAX_DEPTH => 2,
            _ => 0,
        };
        let least = count("minItems").unwrap_or(0).max(wanted);
        let items = least
            .min(count("maxItems").unwrap_or(MAX_ITEMS))
            .min(MAX_ITEMS);
        let first = schema["prefixItems"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        (0..items)
            .map(|index| first.get(index).unwrap_or(&schema["items"]))
            .map(|item| self.value(item, name, depth + 1))
            .collect()
    }
}

/// The value of `const`, or the first one of `enum`.
fn fixed(schema: &Value) -> Option<&Value> {
    schema.get("const").or_else(|| schema["enum"].get(0))
}

/// The type; without `type`, the one that other keywords imply.
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
