//! What checking a value against a user's JSON Schema may cost, found out before it is done.
//!
//! A few `$defs`, each referring twice to the next, stand for billions of checks of one and the same
//! value: references are followed anew each time they are met. So what a schema unfolds to for one
//! value is counted, each part once, and bounded, before the schema is compiled. What it comes to for
//! a whole value, whose parts may be checked again and again, is counted before that value is checked.

use std::collections::HashMap;

use serde_json::Value;

use crate::error::shown;

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

/// The most checks that are made of one value and the values in it.
const MOST_CHECKS: u32 = 2_000_000;

/// How many checks may stand in each other: a value within a value, a part within a part.
const MOST_DEEP: usize = 500;

/// Whether checking a value takes too many steps.
pub(crate) fn is_too_much(schema: &Value, value: &Value) -> bool {
    let mut checks = Checks {
        root: schema,
        left: MOST_CHECKS,
        depth: 0,
    };
    checks.count(schema, value).is_none()
}

/// Walks as a validator does, as far as it may.
struct Checks<'a> {
    root: &'a Value,
    left: u32,
    /// How many checks stand in each other now.
    depth: usize,
}

impl Checks<'_> {
    /// Counts the checks of a value against a part of the schema; none when there are too many.
    fn count(&mut self, schema: &Value, value: &Value) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        if self.depth >= MOST_DEEP {
            return None;
        }
        self.depth += 1;
        let counted = self.count_parts(schema, value);
        self.depth -= 1;
        counted
    }

    fn count_parts(&mut self, schema: &Value, value: &Value) -> Option<()> {
        let Some(members) = schema.as_object() else {
            return Some(());
        };
        for (key, member) in members {
            match (key.as_str(), member) {
                ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => {
                    parts.iter().try_for_each(|part| self.count(part, value))?;
                }
                ("not" | "if" | "then" | "else", part) => self.count(part, value)?,
                ("dependentSchemas", Value::Object(parts)) => {
                    parts
                        .values()
                        .try_for_each(|part| self.count(part, value))?;
                }
                ("$ref", Value::String(reference)) => {
                    let target = reference.strip_prefix('#');
                    let target = target.and_then(|pointer| self.root.pointer(pointer));
                    if let Some(target) = target {
                        self.count(target, value)?;
                    }
                }
                _ => self.count_within(key, member, value)?,
            }
        }
        Some(())
    }

    /// The same of what a keyword says of the values within a value.
    fn count_within(&mut self, key: &str, member: &Value, value: &Value) -> Option<()> {
        match (key, member, value) {
            ("properties", Value::Object(parts), Value::Object(values)) => {
                let known = parts
                    .iter()
                    .filter_map(|(name, part)| Some((part, values.get(name)?)));
                known
                    .into_iter()
                    .try_for_each(|(part, value)| self.count(part, value))
            }
            ("patternProperties", Value::Object(parts), Value::Object(values)) => parts
                .values()
                .try_for_each(|part| self.count_each(part, values.values())),
            ("additionalProperties" | "unevaluatedProperties", part, Value::Object(values)) => {
                self.count_each(part, values.values())
            }
            ("prefixItems", Value::Array(parts), Value::Array(values)) => {
                let pairs = parts.iter().zip(values);
                pairs
                    .into_iter()
                    .try_for_each(|(part, value)| self.count(part, value))
            }
            (
                "items" | "additionalItems" | "contains" | "unevaluatedItems",
                part,
                Value::Array(values),
            ) => self.count_each(part, values),
            _ => Some(()),
        }
    }

    fn count_each<'v>(
        &mut self,
        part: &Value,
        values: impl IntoIterator<Item = &'v Value>,
    ) -> Option<()> {
        values
            .into_iter()
            .try_for_each(|value| self.count(part, value))
    }
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
