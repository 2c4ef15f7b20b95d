//! What checking a value against a user's JSON Schema may cost, found out before it is compiled.
//!
//! A few `$defs`, each referring twice to the next, stand for billions of checks of one and the same
//! value: references are followed anew each time they are met. So what a schema unfolds to for one
//! value is counted, each part once, and bounded.

use std::collections::HashMap;

use serde_json::Value;

use crate::suggest::shown;

/// The most parts that are checked for one value, all references in them followed.
const MOST_PARTS: u64 = 10_000;

/// How many references and parts may stand in each other.
const MOST_NESTED: usize = 200;

/// Why a schema is not used, if it costs too much.
pub(crate) fn refusal(schema: &Value) -> Option<String> {
    let mut cost = Cost {
        root: schema,
        known: HashMap::new(),
    };
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        if let Some(reference) = foreign_reference(value) {
            return Some(format!(
                "it refers to `{}`, but only to its own parts, `#/…`, can be referred",
                shown(reference)
            ));
        }
        if cost.of(value, 0) > MOST_PARTS {
            return Some(format!(
                "its references unfold to more than {MOST_PARTS} parts, or stand in each other without end"
            ));
        }
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(members) => open.extend(members.values()),
            _ => {}
        }
    }
    None
}

/// A reference that is not followed here.
fn foreign_reference(value: &Value) -> Option<&str> {
    let references = ["$ref", "$dynamicRef", "$recursiveRef"].iter();
    let mut references = references.filter_map(|key| Some((*key, value.get(key)?.as_str()?)));
    let foreign = |(key, reference): &(&str, &str)| {
        *key != "$ref" || !(*reference == "#" || reference.starts_with("#/"))
    };
    references.find(foreign).map(|(_, reference)| reference)
}

struct Cost<'a> {
    root: &'a Value,
    /// What is known already, by where it stands. What is being counted is as costly as can be: it
    /// would be met again without end.
    known: HashMap<*const Value, u64>,
}

impl<'a> Cost<'a> {
    /// How many parts of a schema are checked for one value.
    fn of(&mut self, schema: &'a Value, nested: usize) -> u64 {
        let Some(members) = schema.as_object() else {
            return 1;
        };
        if nested > MOST_NESTED {
            return u64::MAX;
        }
        if let Some(known) = self.known.get(&std::ptr::from_ref(schema)) {
            return *known;
        }
        self.known.insert(schema, u64::MAX);
        let mut total = 1_u64;
        for (key, member) in members {
            let more = match (key.as_str(), member) {
                ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => self.sum(parts, nested),
                ("not" | "if" | "then" | "else", part) => self.of(part, nested + 1),
                ("dependentSchemas", Value::Object(parts)) => self.sum(parts.values(), nested),
                ("$ref", Value::String(reference)) => match self.target(reference) {
                    Some(target) => self.of(target, nested + 1),
                    None => 1,
                },
                _ => 0,
            };
            total = total.saturating_add(more);
        }
        self.known.insert(schema, total);
        total
    }

    fn sum(&mut self, parts: impl IntoIterator<Item = &'a Value>, nested: usize) -> u64 {
        let parts = parts.into_iter();
        parts.fold(0, |total, part| {
            total.saturating_add(self.of(part, nested + 1))
        })
    }

    fn target(&self, reference: &str) -> Option<&'a Value> {
        self.root.pointer(reference.strip_prefix('#')?)
    }
}
