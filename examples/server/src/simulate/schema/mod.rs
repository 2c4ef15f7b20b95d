//! JSON that matches a JSON Schema. The result depends on the schema and the prompt only.

mod found;
mod number;
mod place;
mod text;

use fastrand::Rng;
use serde_json::{Map, Value};

pub(super) use self::place::kind;
use self::{number::number, place::Place, text::text};
use super::{choice::is_positive, prose::contains_word, task::Task};

/// The depth down to which optional properties are filled in. Recursive schemas would not end without it.
const MAX_DEPTH: usize = 8;
/// The most items of an array, whatever `minItems` requires.
const MAX_ITEMS: usize = 100;
/// The most values of a reply: a few nested arrays could require billions.
const MAX_VALUES: u32 = 10_000;

/// A value that matches the schema and fits the prompt.
pub(super) fn example(schema: &Value, task: &Task, rng: &mut Rng) -> Value {
    let mut writer = Writer {
        root: schema,
        task,
        rng,
        left: MAX_VALUES,
    };
    let place = Place {
        name: "answer",
        index: 0,
        depth: 0,
        is_item: false,
        line: None,
    };
    writer.value(schema, place)
}

struct Writer<'a> {
    root: &'a Value,
    task: &'a Task,
    rng: &'a mut Rng,
    left: u32,
}

impl<'a> Writer<'a> {
    fn value(&mut self, schema: &'a Value, place: Place<'a>) -> Value {
        if self.left == 0 || place.depth > 2 * MAX_DEPTH {
            return Value::Null;
        }
        self.left -= 1;
        if let Some(fixed) = schema.get("const") {
            return fixed.clone();
        }
        if let Some(resolved) = self.resolve(schema) {
            let depth = place.depth + 1;
            return self.value(resolved, Place { depth, ..place });
        }
        if let Some(found) = found::value(self.task, schema, place) {
            return found;
        }
        if let Some(values) = schema["enum"]
            .as_array()
            .filter(|values| !values.is_empty())
        {
            return self.one_of(values, place).clone();
        }
        match kind(schema) {
            "object" => self.object(schema, place),
            "array" => self.array(schema, place),
            "number" => number(schema, place.name, self.task, self.rng),
            "integer" => number::integer(schema, place.name, self.task, self.rng),
            "boolean" => self.boolean(place.name).into(),
            "null" => Value::Null,
            _ => text(schema, place, self.task, self.rng).into(),
        }
    }

    /// The target of a reference, or the first alternative of a schema without a type.
    fn resolve(&self, schema: &'a Value) -> Option<&'a Value> {
        if let Some(reference) = schema["$ref"].as_str() {
            return self.root.pointer(reference.strip_prefix('#')?);
        }
        if schema.get("type").is_some() || schema.get("enum").is_some() {
            return None;
        }
        let of = |word: &str| schema[word].as_array();
        let alternatives = of("anyOf")
            .or_else(|| of("oneOf"))
            .or_else(|| of("allOf"))?;
        let real = |schema: &&Value| schema["type"] != "null";
        alternatives.iter().find(real).or(alternatives.first())
    }

    /// Of listed values, the one that the prompt mentions. A review takes a positive one once the text is good.
    fn one_of<'v>(&mut self, values: &'v [Value], place: Place<'_>) -> &'v Value {
        let is_good = |value: &Value| value.as_str().is_some_and(is_positive);
        if let Some(version) = self.task.reviewed()
            && let Some(fitting) = values
                .iter()
                .find(|value| is_good(value) == version.is_good())
        {
            return fitting;
        }
        let text = place.line.unwrap_or(&self.task.material);
        let is_mentioned =
            |value: &&Value| value.as_str().is_some_and(|word| contains_word(text, word));
        let mentioned = values.iter().filter(is_mentioned).nth(place.index);
        mentioned.unwrap_or_else(|| &values[self.start(place.name, values.len(), place.index)])
    }

    /// A position in a list of values. The items of a list differ, as long as there are values left.
    fn start(&self, name: &str, length: usize, index: usize) -> usize {
        let start = self.task.seed % length as u64;
        #[expect(clippy::cast_possible_truncation, reason = "it is less than `length`")]
        let start = start as usize;
        (start + name.len() + index) % length
    }

    fn boolean(&mut self, name: &str) -> bool {
        match self.task.reviewed() {
            Some(version) if is_positive(name) => version.is_good(),
            _ if ["helps", "relevant", "useful"]
                .iter()
                .any(|word| name.contains(word)) =>
            {
                found::has_common_words(self.task)
            }
            _ => self.rng.u8(..4) > 0,
        }
    }

    fn object(&mut self, schema: &'a Value, place: Place<'a>) -> Value {
        let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
        let is_required = |name: &str| required.iter().any(|required| required == name);
        let inside = |name| Place {
            name,
            depth: place.depth + 1,
            is_item: false,
            ..place
        };
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if place.depth < MAX_DEPTH || is_required(name) {
                object.insert(name.clone(), self.value(property, inside(name)));
            }
        }
        for name in required.iter().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                object.insert(name.to_owned(), self.value(&Value::Null, inside(name)));
            }
        }
        object.into()
    }

    fn array(&mut self, schema: &'a Value, place: Place<'a>) -> Value {
        let first = schema["prefixItems"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let lines = found::lines(self.task);
        let length = self.length(schema, place, lines.len());
        let items = (0..length)
            .map(|index| {
                let item = first.get(index).unwrap_or(&schema["items"]);
                let inside = Place {
                    index,
                    depth: place.depth + 1,
                    is_item: true,
                    line: lines.get(index).copied(),
                    ..place
                };
                self.value(item, inside)
            })
            .collect();
        distinct(items, schema["minItems"].as_u64().unwrap_or(0))
    }

    /// Two to four items, or as many as there are `lines` to extract, within the limits of the schema. A review finds less
    /// to remark on in each version of a text.
    fn length(&mut self, schema: &Value, place: Place<'_>, lines: usize) -> usize {
        let count = |word: &str| schema[word].as_u64().and_then(|n| usize::try_from(n).ok());
        let is_plain = kind(&schema["items"]) != "string" && schema["items"].get("enum").is_none();
        let wanted = match self.task.reviewed() {
            _ if place.depth >= MAX_DEPTH => 0,
            _ if schema["uniqueItems"] == true && is_plain => 1,
            _ if lines > 0 => lines,
            Some(version) => 3_usize.saturating_sub(version.number() as usize),
            None => self.rng.usize(2..=4),
        };
        let distinct = schema["items"]["enum"]
            .as_array()
            .map_or(MAX_ITEMS, Vec::len);
        wanted
            .min(distinct)
            .max(count("minItems").unwrap_or(0))
            .min(count("maxItems").unwrap_or(MAX_ITEMS))
            .min(MAX_ITEMS)
    }
}

/// The items without texts that repeat an earlier one, as long as there are enough.
fn distinct(items: Vec<Value>, least: u64) -> Value {
    let mut kept: Vec<Value> = Vec::with_capacity(items.len());
    let mut left = items.len() as u64;
    for item in items {
        if item.is_string() && left > least && kept.contains(&item) {
            left -= 1;
        } else {
            kept.push(item);
        }
    }
    kept.into()
}

#[cfg(test)]
mod tests;
