//! The cost of checking a value against a user's JSON Schema, estimated before the check.
//!
//! Without a limit, a small schema can cost billions of checks: a few `$defs`, each of which refers to the next
//! one twice. Validators follow a reference each time they meet it. Two limits apply:
//!
//! - [`refusal`], before the schema is compiled: how many parts apply to one value, all references followed.
//! - [`is_too_much`], before a value is checked: how many checks the whole value takes.

use std::collections::HashMap;

use serde_json::Value;

use crate::error::shown;

/// The most parts of a schema that apply to one value, with all references followed.
const MOST_PARTS: u64 = 10_000;

/// The deepest nesting of references and parts.
const MOST_NESTED: usize = 200;

/// Why a schema is refused for its cost or for its references; `None` if it is accepted.
///
/// Each part is examined by itself, also parts that no other part uses: a validator may reach them.
pub(crate) fn refusal(schema: &Value) -> Option<String> {
    let mut cost = Cost {
        root: schema,
        known: HashMap::new(),
    };
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        if let Some(reference) = foreign_reference(value) {
            return Some(format!(
                "it refers to `{}`, and only references to its own parts, `#/…`, are allowed",
                shown(reference)
            ));
        }
        if cost.of(value, 0) > MOST_PARTS {
            return Some(format!(
                "its references unfold to more than {MOST_PARTS} parts, or form a cycle"
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

/// A reference to anything but a part of the same schema, if the value has one. Dynamic references are included: their target
/// depends on the path of the check, so their cost cannot be estimated here.
fn foreign_reference(value: &Value) -> Option<&str> {
    let references = ["$ref", "$dynamicRef", "$recursiveRef"].iter();
    let mut references = references.filter_map(|key| Some((*key, value.get(key)?.as_str()?)));
    let foreign = |(key, reference): &(&str, &str)| {
        *key != "$ref" || !(*reference == "#" || reference.starts_with("#/"))
    };
    references.find(foreign).map(|(_, reference)| reference)
}

/// The most checks for one value, the values in it included.
const MOST_CHECKS: u32 = 2_000_000;

/// The deepest nesting of checks: a value in a value, a part in a part. The validator recurses.
const MOST_DEEP: usize = 500;

/// Whether checking a value takes more than [`MOST_CHECKS`] checks or nests deeper than [`MOST_DEEP`].
pub(crate) fn is_too_much(schema: &Value, value: &Value) -> bool {
    let mut checks = Checks {
        root: schema,
        left: MOST_CHECKS,
        depth: 0,
    };
    checks.count(schema, value).is_none()
}

/// Counts checks by walking schema and value in the way a validator does. It stops at the limit.
///
/// It follows `$ref` like the validator and counts, but evaluates nothing: `anyOf` counts all its parts, so the
/// result is an upper bound of the checks that matter.
struct Checks<'a> {
    root: &'a Value,
    left: u32,
    /// The current nesting.
    depth: usize,
}

impl Checks<'_> {
    /// Counts the checks of a value against a part of the schema. `None` when a limit is reached.
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

    /// Counts the checks that a keyword applies to the values in a value.
    ///
    /// Keywords that look at a value without applying parts to it (`type`, `pattern`, …) cost nothing here.
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

/// Addresses are stable, since the schema is borrowed during the whole estimate.
struct Cost<'a> {
    root: &'a Value,
    /// Costs by the address of the part. A part that is being counted has the highest cost, so a cycle of references
    /// ends there.
    known: HashMap<*const Value, u64>,
}

impl<'a> Cost<'a> {
    /// How many parts apply to one value.
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
