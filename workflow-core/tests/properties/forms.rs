//! The few forms of template and condition that generated workflows use: each knows its text, and
//! what it is worth. That keeps the oracle free of a template engine of its own.

use serde_json::{Map, Value, json};

use crate::scope::Scope;

/// The inside of one `{{ }}`. None of them is ever an error: what may be missing has a default.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    Input,
    /// The item of a map, by the name it has there.
    Item(String),
    Index,
    Previous,
    Status(String),
    ErrorCode(String),
    Output(String),
}

impl Term {
    pub fn text(&self) -> String {
        match self {
            Term::Input => "input".to_owned(),
            Term::Item(name) => name.clone(),
            Term::Index => "index".to_owned(),
            Term::Previous => "previous".to_owned(),
            Term::Status(id) => format!("{}.status", variable(id)),
            Term::ErrorCode(id) => {
                format!(
                    "(({}.error | default({{}})).code | default('none'))",
                    variable(id)
                )
            }
            Term::Output(id) => format!("({}.output | default(null))", variable(id)),
        }
    }

    pub fn value(&self, scope: &Scope) -> Value {
        match self {
            Term::Input => scope.input().clone(),
            Term::Item(name) => scope.item(name).clone(),
            Term::Index => json!(scope.index()),
            Term::Previous => scope.previous().clone(),
            Term::Status(id) => scope.settled(id).status().into(),
            Term::ErrorCode(id) => scope.settled(id).code.as_deref().unwrap_or("none").into(),
            Term::Output(id) => scope.settled(id).output.clone().unwrap_or_default(),
        }
    }
}

/// How a template writes an id.
fn variable(id: &str) -> String {
    id.replace('-', "_")
}

/// JSON with templates.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Literal(Value),
    /// A string that is exactly one `{{ }}`: it keeps the type of its value.
    Whole(Term),
    /// Text around terms: always a string.
    Text(Vec<Term>),
    List(Vec<Shape>),
    Object(Vec<(&'static str, Shape)>),
}

impl Shape {
    pub fn json(&self) -> Value {
        match self {
            Shape::Literal(value) => value.clone(),
            Shape::Whole(term) => format!("{{{{ {} }}}}", term.text()).into(),
            Shape::Text(terms) => {
                let parts: Vec<_> = terms
                    .iter()
                    .map(|term| format!("{{{{ {} }}}}", term.text()))
                    .collect();
                format!("<{}>", parts.join("|")).into()
            }
            Shape::List(parts) => parts.iter().map(Shape::json).collect(),
            Shape::Object(fields) => object(fields, Shape::json),
        }
    }

    pub fn value(&self, scope: &Scope) -> Value {
        match self {
            Shape::Literal(value) => value.clone(),
            Shape::Whole(term) => term.value(scope),
            Shape::Text(terms) => {
                let parts: Vec<_> = terms
                    .iter()
                    .map(|term| in_text(&term.value(scope)))
                    .collect();
                format!("<{}>", parts.join("|")).into()
            }
            Shape::List(parts) => parts.iter().map(|part| part.value(scope)).collect(),
            Shape::Object(fields) => object(fields, |part| part.value(scope)),
        }
    }
}

fn object(fields: &[(&'static str, Shape)], each: impl Fn(&Shape) -> Value) -> Value {
    let fields = fields
        .iter()
        .map(|(key, part)| ((*key).to_owned(), each(part)));
    Value::Object(fields.collect::<Map<_, _>>())
}

/// In mixed text strings are raw, and other values compact JSON.
fn in_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A bare expression, of `when` and `until`.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    Equals(Term, Value),
    AtLeast(Term, u64),
    Truthy(Term),
    Not(Box<Condition>),
    Both(Box<Condition>, Box<Condition>),
    Either(Box<Condition>, Box<Condition>),
}

impl Condition {
    pub fn text(&self) -> String {
        match self {
            Condition::Equals(term, Value::String(text)) => format!("{} == '{text}'", term.text()),
            Condition::Equals(term, value) => format!("{} == {value}", term.text()),
            Condition::AtLeast(term, least) => format!("{} >= {least}", term.text()),
            Condition::Truthy(term) => term.text(),
            Condition::Not(inner) => format!("not ({})", inner.text()),
            Condition::Both(one, other) => format!("({}) and ({})", one.text(), other.text()),
            Condition::Either(one, other) => format!("({}) or ({})", one.text(), other.text()),
        }
    }

    /// Whether it holds; nothing where that is an error: text is no condition, and only numbers are
    /// compared with numbers.
    pub fn holds(&self, scope: &Scope) -> Option<bool> {
        match self {
            Condition::Equals(term, value) => Some(term.value(scope) == *value),
            Condition::AtLeast(term, least) => match term.value(scope) {
                Value::Number(number) => number.as_u64().map(|value| value >= *least),
                _ => None,
            },
            Condition::Truthy(term) => match term.value(scope) {
                Value::String(_) => None,
                value => Some(truthy(&value)),
            },
            Condition::Not(inner) => inner.holds(scope).map(|holds| !holds),
            Condition::Both(one, other) => {
                if one.holds(scope)? {
                    other.holds(scope)
                } else {
                    Some(false)
                }
            }
            Condition::Either(one, other) => {
                if one.holds(scope)? {
                    Some(true)
                } else {
                    other.holds(scope)
                }
            }
        }
    }
}

/// As Jinja sees it: nothing, zero and what is empty are false.
pub fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}
