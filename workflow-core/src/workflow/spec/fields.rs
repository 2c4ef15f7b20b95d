//! Reads the fields of one JSON object, and notes what is wrong with them.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Map, Value};

use crate::{
    error::{Fault, FaultCode, Pointer, did_you_mean, shown},
    value::{WrittenDuration, meant},
};

/// The most characters of a name.
pub(super) const MAX_NAME: usize = 200;

/// The most characters of a description.
pub(super) const MAX_DESCRIPTION: usize = 2_000;

pub(super) struct Fields<'json, 'faults> {
    object: Option<&'json Map<String, Value>>,
    at: Pointer,
    known: BTreeSet<&'static str>,
    /// A field that was refused with better advice than `finish` has.
    hinted: Option<&'static str>,
    faults: &'faults mut Vec<Fault>,
}

impl<'json, 'faults> Fields<'json, 'faults> {
    pub(super) fn of(json: &'json Value, at: &Pointer, faults: &'faults mut Vec<Fault>) -> Self {
        let object = json.as_object();
        if object.is_none() {
            let detail = format!("expected an object, found {}", kind_of(json));
            faults.push(Fault::new(FaultCode::InvalidValue, at, detail));
        }
        Self {
            object,
            at: at.clone(),
            known: BTreeSet::new(),
            hinted: None,
            faults,
        }
    }

    /// Notes a fault at a field.
    pub(super) fn fault(
        &mut self,
        code: FaultCode,
        field: &str,
        detail: impl Into<String>,
    ) -> &mut Fault {
        let index = self.faults.len();
        self.faults
            .push(Fault::new(code, self.at.field(field), detail));
        &mut self.faults[index]
    }

    /// The value of an optional field.
    pub(super) fn value(&mut self, field: &'static str) -> Option<&'json Value> {
        self.known.insert(field);
        self.object?.get(field)
    }

    pub(super) fn required(&mut self, field: &'static str) -> Option<&'json Value> {
        let value = self.value(field);
        if value.is_none() && self.object.is_some() {
            self.faults.push(Fault::new(
                FaultCode::MissingField,
                &self.at,
                format!("`{field}` is missing"),
            ));
        }
        value
    }

    /// Notes that a field should have been something else.
    pub(super) fn expected<T>(&mut self, field: &str, what: &str, found: &Value) -> Option<T> {
        self.fault(
            FaultCode::InvalidValue,
            field,
            format!("expected {what}, found {}", kind_of(found)),
        );
        None
    }

    pub(super) fn text(&mut self, field: &'static str) -> Option<String> {
        let value = self.value(field)?;
        self.as_text(field, value)
    }

    /// A name: what lists and pages show, so it is short and on one line.
    pub(super) fn name(&mut self, field: &'static str) -> Option<String> {
        let name = self.text(field)?;
        let length = name.chars().count();
        if name.trim().is_empty() || length > MAX_NAME {
            let detail = match length {
                0 => format!("`{field}` is empty"),
                _ if length <= MAX_NAME => format!("`{field}` is blank"),
                _ => format!("`{field}` has {length} characters"),
            };
            let hint = format!("a name has 1 to {MAX_NAME} characters");
            self.fault(FaultCode::InvalidValue, field, detail).hint = Some(hint);
        }
        self.refuse_control(field, &name, |_| false);
        Some(name)
    }

    /// A text of several lines.
    pub(super) fn description(&mut self, field: &'static str) -> Option<String> {
        let text = self.text(field)?;
        let length = text.chars().count();
        if length > MAX_DESCRIPTION {
            let detail = format!("`{field}` has {length} characters");
            let hint = format!("at most {MAX_DESCRIPTION} are allowed");
            self.fault(FaultCode::InvalidValue, field, detail).hint = Some(hint);
        }
        self.refuse_control(field, &text, |c| matches!(c, '\n' | '\r' | '\t'));
        Some(text)
    }

    /// Refuses control characters, which terminals obey and pages cannot show.
    fn refuse_control(&mut self, field: &str, text: &str, allowed: fn(char) -> bool) {
        let control = text.chars().find(|c| c.is_control() && !allowed(*c));
        if let Some(c) = control {
            let detail = format!("`{field}` has the control character U+{:04X}", u32::from(c));
            self.fault(FaultCode::InvalidValue, field, detail);
        }
    }

    pub(super) fn required_text(&mut self, field: &'static str) -> Option<String> {
        let value = self.required(field)?;
        self.as_text(field, value)
    }

    fn as_text(&mut self, field: &str, value: &Value) -> Option<String> {
        match value.as_str() {
            Some(text) => Some(text.to_owned()),
            None => self.expected(field, "a string", value),
        }
    }

    /// A field that can have but one value.
    pub(super) fn one_of_numbers(&mut self, field: &'static str, only: u64) {
        if let Some(value) = self.value(field)
            && value.as_u64() != Some(only)
        {
            self.fault(
                FaultCode::InvalidValue,
                field,
                format!("`{field}` can only be {only}"),
            );
        }
    }

    /// An object, empty when absent.
    pub(super) fn object(&mut self, field: &'static str) -> Value {
        let empty = || Value::Object(Map::new());
        match self.value(field) {
            None => empty(),
            Some(value) if value.is_object() => value.clone(),
            Some(value) => self
                .expected(field, "an object", value)
                .unwrap_or_else(empty),
        }
    }

    /// An array with something in it.
    pub(super) fn required_array(&mut self, field: &'static str) -> Option<&'json [Value]> {
        let value = self.required(field)?;
        match value.as_array() {
            Some(items) if items.is_empty() => {
                self.fault(
                    FaultCode::InvalidValue,
                    field,
                    format!("`{field}` is empty"),
                );
                None
            }
            Some(items) => Some(items),
            None => self.expected(field, "an array", value),
        }
    }

    /// An array of strings.
    pub(super) fn texts(&mut self, field: &'static str) -> Option<Vec<String>> {
        let value = self.value(field)?;
        let Some(items) = value.as_array() else {
            return self.expected(field, "an array of ids", value);
        };
        let texts: Option<Vec<String>> = items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect();
        texts.or_else(|| self.expected(field, "an array of ids", value))
    }

    /// A duration that is not zero.
    pub(super) fn time_limit(&mut self, field: &'static str) -> Option<Duration> {
        let limit = self.duration(field)?;
        if limit.is_zero() {
            self.fault(FaultCode::InvalidValue, field, "nothing is done in no time");
        }
        Some(limit)
    }

    pub(super) fn duration(&mut self, field: &'static str) -> Option<Duration> {
        let value = self.value(field)?;
        let Some(text) = value.as_str() else {
            return self.expected(field, "a duration such as \"30s\"", value);
        };
        match text.parse::<WrittenDuration>() {
            Ok(duration) => Some(duration.0),
            Err(error) => {
                self.fault(
                    FaultCode::InvalidValue,
                    field,
                    format!("{text:?} is not a duration"),
                )
                .hint = Some(meant(text).unwrap_or_else(|| error.to_string()));
                None
            }
        }
    }

    /// Reads an object in a field, and refuses what it should not have.
    pub(super) fn nested<T>(
        &mut self,
        field: &str,
        value: &Value,
        read: impl FnOnce(&mut Fields) -> T,
    ) -> T {
        let mut fields = Fields::of(value, &self.at.field(field), self.faults);
        let read = read(&mut fields);
        fields.finish();
        read
    }

    /// Refuses a field that does not exist, with advice.
    pub(super) fn hinted(&mut self, field: &'static str, hint: &str) {
        if self.object.is_some_and(|object| object.contains_key(field)) {
            self.hinted = Some(field);
            self.fault(
                FaultCode::UnknownField,
                field,
                format!("`{field}` is not a field of a workflow"),
            )
            .hint = Some(hint.to_owned());
        }
    }

    /// Refuses every field nobody asked for.
    pub(super) fn finish(self) {
        let Some(object) = self.object else { return };
        for field in object.keys().filter(|field| {
            !self.known.contains(field.as_str()) && self.hinted != Some(field.as_str())
        }) {
            let mut fault = Fault::new(
                FaultCode::UnknownField,
                self.at.field(field),
                format!("`{}` is not a field here", shown(field)),
            );
            fault.hint = did_you_mean(field, self.known.iter().copied());
            self.faults.push(fault);
        }
    }
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
