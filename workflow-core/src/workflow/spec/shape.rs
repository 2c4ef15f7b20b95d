//! Reads an object as its type: the schema of the type checks it, and what fits is deserialized.
//!
//! A field that does not fit is a fault, and is left out of what is deserialized. So one fault neither
//! hides nor causes another.
//!
//! Three passes: the validator finds everything that the schema can express; what has no fault is deserialized;
//! what the type refuses beyond its schema is one more fault, is left out, and the rest is deserialized once more.
//! The faults are sorted by the order of the fields in the type.

use std::{borrow::Cow, collections::BTreeSet, iter};

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use super::{language, text, too_many_nodes};
use crate::{
    error::{Fault, FaultCode, InvalidWorkflow, Pointer, did_you_mean, escaped, shown},
    value::{InvalidDuration, NodeId, WrittenDuration, duration_hint, error_text},
};

/// Annotations of the types for faults only, which the published schema does not have: what a field should
/// be, and hints for fields of other workflow languages.
pub(super) const EXPECTED: &str = "x-expected";
pub(super) const HINTS: &str = "x-hints";

/// How a type is written.
///
/// Compiled once per process (`LazyLock`), since compiling takes longer than checking.
pub(super) struct Shape {
    /// Without references, so that the part for a field is found by walking.
    schema: Value,
    validator: Validator,
}

impl Shape {
    pub(super) fn of<T: JsonSchema>() -> Self {
        let mut schema = SchemaSettings::draft2020_12()
            .with(|settings| settings.inline_subschemas = true)
            .into_generator()
            .into_root_schema_for::<T>()
            .to_value();
        language::refuse_null(&mut schema);
        let validator = jsonschema::validator_for(&schema);
        Self {
            validator: validator.expect("a derived schema is a JSON Schema"),
            schema,
        }
    }

    /// Reads what can be read, and adds a fault for what cannot. All fields of `T`, the type of this shape, are optional
    /// to `serde`: those that the schema requires are a fault where they are missing.
    ///
    /// The usual case, a specification without faults, is one validation and one deserialization.
    pub(super) fn read<T>(&self, json: &Value, at: &Pointer, faults: &mut Vec<Fault>) -> T
    where
        T: DeserializeOwned + Default,
    {
        if self.validator.is_valid(json)
            && let Ok(read) = T::deserialize(json)
        {
            return read;
        }
        let mut check = Check {
            schema: &self.schema,
            json,
            at,
            left_out: BTreeSet::new(),
            found: Vec::new(),
        };
        let errors = self.validator.iter_errors(json);
        for error in errors.take(InvalidWorkflow::MAX) {
            check.error(&error);
        }
        let read = check.read_rest().unwrap_or_default();
        check.found.sort_by_key(|(rank, _)| *rank);
        faults.extend(check.found.into_iter().map(|(_, fault)| fault));
        read
    }
}

/// One object that does not fit. Places in it are JSON pointers from it.
struct Check<'a> {
    schema: &'a Value,
    json: &'a Value,
    at: &'a Pointer,
    /// The places of what is not deserialized.
    left_out: BTreeSet<String>,
    /// Each fault with the rank of its field: they are reported in the order of the type.
    found: Vec<(usize, Fault)>,
}

impl<'a> Check<'a> {
    /// Adds the faults that an error of the validator stands for.
    ///
    /// An error of a choice (`anyOf`) has the errors of each alternative. If one alternative is clearly meant, its
    /// errors are reported; otherwise that the value fits none.
    fn error(&mut self, error: &ValidationError) {
        let place = error.instance_path().as_str();
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for field in unexpected.iter().take(InvalidWorkflow::MAX) {
                    self.unknown(place, field);
                }
            }
            ValidationErrorKind::Required { property } => {
                let field = property.as_str().unwrap_or_default();
                let detail = format!("`{field}` is missing");
                let fault = Fault::new(FaultCode::MissingField, self.pointer(place), detail);
                self.found(&format!("{place}/{field}"), fault);
                self.left_out.insert(place.to_owned());
            }
            ValidationErrorKind::AnyOf { context } => {
                let meant = context.iter().find(|errors| is_meant(errors, place));
                match meant {
                    Some(errors) => errors.iter().for_each(|error| self.error(error)),
                    None => self.invalid(place, &error_text(error)),
                }
            }
            _ => self.invalid(place, &error_text(error)),
        }
    }

    fn unknown(&mut self, place: &str, field: &str) {
        let part = self.part(place);
        let names: BTreeSet<&str> = choices(part)
            .filter_map(|part| part["properties"].as_object())
            .flat_map(Map::keys)
            .map(String::as_str)
            .collect();
        // Only the workflow itself has such hints.
        let hint = part[HINTS][field].as_str();
        let whose = hint.map_or("here", |_| "of a workflow");
        let detail = format!("`{}` is not a field {whose}", shown(field));
        let at = self.pointer(place).field(field);
        let mut fault = Fault::new(FaultCode::UnknownField, at, detail);
        fault.hint = (hint.map(str::to_owned)).or_else(|| did_you_mean(field, names));
        let place = format!("{place}/{}", escaped(field));
        self.found(&place, fault);
        self.left_out.insert(place);
    }

    /// Adds the faults of a value that is not what its type says, unless they are added already.
    ///
    /// A value may have several errors of the validator, such as a wrong pattern and a wrong length; they are one
    /// fault.
    fn invalid(&mut self, place: &str, cause: &str) {
        if self.left_out.contains(place) {
            return;
        }
        let Some(value) = self.json.pointer(place) else {
            return;
        };
        let field = place.rsplit('/').next().unwrap_or_default();
        let wrong = Wrong {
            part: self.part(place),
            value,
            field,
            at: self.pointer(place),
        };
        if let Some(faults) = wrong.faults(cause) {
            for fault in faults {
                self.found(place, fault);
            }
            self.left_out.insert(place.to_owned());
        }
    }

    /// Deserializes what is not left out. A type may be stricter than its schema: what it refuses is a fault, and left
    /// out as well.
    ///
    /// Inner places are removed before outer ones (the reverse order of the set). The loop ends, since each round
    /// removes a field or stops.
    fn read_rest<T: DeserializeOwned>(&mut self) -> Option<T> {
        // `serde` would read an array as the fields in their order.
        if !self.json.is_object() {
            return None;
        }
        let mut json = Cow::Borrowed(self.json);
        for place in self.left_out.iter().rev() {
            leave_out(json.to_mut(), place);
        }
        while self.found.len() < InvalidWorkflow::MAX {
            let error = match serde_path_to_error::deserialize::<_, T>(&*json) {
                Ok(read) => return Some(read),
                Err(error) => error,
            };
            let place = place(error.path());
            // What lacks a field that was left out has its fault already.
            let within = format!("{place}/");
            if !(self.left_out.iter()).any(|left_out| left_out.starts_with(&within)) {
                self.invalid(&place, &error.inner().to_string());
            }
            if !leave_out(json.to_mut(), &place) {
                return None;
            }
        }
        None
    }

    /// A field that the type does not have has the last rank.
    fn found(&mut self, place: &str, fault: Fault) {
        let field = place.split('/').nth(1).unwrap_or_default();
        let fields = self.schema["properties"].as_object();
        let mut fields = fields.into_iter().flat_map(Map::keys);
        let rank = fields.position(|it| it == field).unwrap_or(usize::MAX);
        self.found.push((rank, fault));
    }

    fn pointer(&self, place: &str) -> Pointer {
        let fields = place.split('/').skip(1);
        fields.fold(self.at.clone(), |at, field| at.field(field))
    }

    /// The part of the schema for a place.
    ///
    /// In a choice, the first alternative with such a field is used.
    fn part(&self, place: &str) -> &'a Value {
        let fields = place.split('/').skip(1);
        fields.fold(self.schema, |part, field| {
            let mut parts = choices(part);
            let inner = parts.find_map(|part| part["properties"].get(field));
            inner.unwrap_or(&part["items"])
        })
    }
}

/// A part of a schema, and those of which it is a choice.
fn choices(part: &Value) -> impl Iterator<Item = &Value> {
    iter::once(part).chain(part["anyOf"].as_array().into_iter().flatten())
}

/// Whether a choice with these errors is the one that a value means: it has the right type, and only its fields are
/// wrong.
fn is_meant(errors: &[ValidationError], place: &str) -> bool {
    errors.iter().all(|error| {
        let is_of_fields = matches!(
            error.kind(),
            ValidationErrorKind::AdditionalProperties { .. } | ValidationErrorKind::Required { .. }
        );
        is_of_fields || error.instance_path().as_str() != place
    })
}

fn place(path: &Path) -> String {
    let segments = path.iter().map(|segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escaped(key)),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    });
    segments.collect()
}

/// Removes a field; of an array, which would have other places then, the whole. Returns `false` if it is not there.
fn leave_out(json: &mut Value, place: &str) -> bool {
    let Some((parent, field)) = place.rsplit_once('/') else {
        return false;
    };
    match json.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            let field = field.replace("~1", "/").replace("~0", "~");
            fields.shift_remove(&field).is_some()
        }
        Some(Value::Array(_)) => leave_out(json, parent),
        _ => false,
    }
}

/// A value that does not fit its part of the schema.
///
/// Faults are worded here and not by the validator, because authors know the language and not JSON Schema:
/// "expected a duration such as "30s"" instead of a regular expression.
struct Wrong<'a> {
    part: &'a Value,
    value: &'a Value,
    field: &'a str,
    at: Pointer,
}

impl Wrong<'_> {
    /// What is wrong, in the words of this crate; those of `cause` for what it has no words for. `None` where another
    /// check finds the fault.
    fn faults(&self, cause: &str) -> Option<Vec<Fault>> {
        let (part, field) = (self.part, self.field);
        if let Some(text) = self.value.as_str() {
            return self.faults_of_text(text, cause);
        }
        let length = self.value.as_array().map(Vec::len);
        // `ValueSchema` refuses what is no JSON Schema.
        if part["x-workflow"] == "schema" {
            return None;
        }
        let fault = if let Some(length) = length.filter(|length| {
            let most = part["maxItems"].as_u64();
            most.is_some_and(|most| *length as u64 > most)
        }) {
            too_many_nodes(length, &self.at)
        } else if length == Some(0) && part["minItems"] == 1 {
            self.fault(format!("`{field}` is empty"))
        } else {
            self.other(cause)
        };
        Some(vec![fault])
    }

    fn faults_of_text(&self, text: &str, cause: &str) -> Option<Vec<Fault>> {
        if let Some(faults) = text::faults(self.part, self.field, &self.at, text) {
            return Some(faults);
        }
        let fault = match self.part["pattern"].as_str() {
            Some(NodeId::PATTERN) if self.field == "id" => {
                let id: String = text.chars().take(NodeId::MAX_LEN).collect();
                let detail = format!("{id:?} is not an id");
                let hint = "an id is a letter or `_`, then letters, digits, `_` or `-`, 64 characters at most";
                Fault::new(FaultCode::InvalidId, &self.at, detail).with_hint(hint)
            }
            // In `needs`, it is the name of no node, which the check of references finds.
            Some(NodeId::PATTERN) => return None,
            Some(WrittenDuration::PATTERN) if text.parse::<WrittenDuration>().is_err() => {
                let hint = duration_hint(text).unwrap_or_else(|| InvalidDuration.to_string());
                self.fault(format!("{:?} is not a duration", shown(text)))
                    .with_hint(hint)
            }
            _ if self.part["x-workflow"] == "schema" => return None,
            _ => self.other(cause),
        };
        Some(vec![fault])
    }

    fn other(&self, cause: &str) -> Fault {
        let (part, field) = (self.part, self.field);
        let found = kind_of(self.value);
        let expected = if let Some(expected) = part[EXPECTED].as_str() {
            expected
        } else if !part["const"].is_null() {
            return self.fault(format!("`{field}` can only be {}", part["const"]));
        } else if let (Some(least), Some(most)) =
            (part["exclusiveMinimum"].as_f64(), part["maximum"].as_f64())
        {
            let is_in_range = |value: f64| value > least && value <= most;
            return self.fault(if self.value.as_f64().is_some_and(is_in_range) {
                cause.to_owned()
            } else {
                format!("`{field}` is a number above {least}, and at most {most}")
            });
        } else if let [least, most] = [&part["minimum"], &part["maximum"]]
            && least.is_number()
            && most.is_number()
        {
            return self.fault(format!("`{field}` is a number from {least} to {most}"));
        } else if let Some(choices) = choice_of_constants(part) {
            return self.fault(format!("expected {choices}, found {found}"));
        } else if part["type"] == "integer" && part["minimum"].is_number() {
            let least = &part["minimum"];
            return self.fault(format!("`{field}` is a whole number of at least {least}"));
        } else {
            match part["type"].as_str() {
                Some("string") if self.value.is_string() => return self.fault(cause.to_owned()),
                Some("string") if part["pattern"] == WrittenDuration::PATTERN => {
                    "a duration such as \"30s\""
                }
                Some("string") => "a string",
                Some("array") => "an array",
                Some("object") => "an object",
                Some("boolean") => "true or false",
                _ => return self.fault(cause.to_owned()),
            }
        };
        self.fault(format!("expected {expected}, found {found}"))
    }

    fn fault(&self, detail: String) -> Fault {
        Fault::new(FaultCode::InvalidValue, &self.at, detail)
    }
}

/// The constants of which a part is a choice: `"fail" or "ask"`.
fn choice_of_constants(part: &Value) -> Option<String> {
    let parts = part["oneOf"].as_array()?.iter();
    let constants: Option<Vec<String>> = parts
        .map(|part| Some(part.get("const")?.to_string()))
        .collect();
    Some(constants?.join(" or "))
}

/// What a value is, in words.
pub(crate) fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.len() <= 40 => format!("{text:?}"),
        Value::String(_) => "a long string".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
