//! Checks one marked field of a node's `data`: a template, an expression, JSON with templates, or a schema.

use serde_json::{Map, Value};

use super::{
    marks::{Mark, Marked, Reads},
    references::{Reader, hides_run},
};
use crate::workflow::plan;
use crate::{
    error::{Fault, FaultCode, Pointer},
    template::{Condition, Expr, Json, RUN, Template, template_in_name},
    value::ValueSchema,
};

/// The faults of a field: of what it holds, or because it holds a template where none is allowed.
///
/// A value of another type than the mark expects has no fault here: the schema reports it.
pub(in crate::workflow) fn check(field: &Marked, reader: &Reader) -> Vec<Fault> {
    match (field.mark, field.value) {
        (Mark::Template { refers }, Value::String(source)) => {
            let mut faults = check_template(source, &field.at, reader);
            faults.extend(refers.then(|| without_input(source, field)).flatten());
            faults
        }
        (Mark::Secret, Value::String(source)) => check_template(source, &field.at, reader),
        (Mark::Expression { condition }, Value::String(source)) => {
            check_expression(source, condition, &field.at, reader)
        }
        (Mark::Json, json) => check_json(json, &field.at, reader),
        (Mark::Schema, json) => check_schema(json, &field.at),
        (Mark::Name, _) => vec![template_in_name(&field.at)],
        (Mark::Literal, Value::String(text)) if text.contains("{{") => {
            let detail = "`{{` in a field that is used literally";
            vec![Fault::new(FaultCode::NotATemplate, &field.at, detail)]
        }
        _ => Vec::new(),
    }
}

fn check_template(source: &str, at: &Pointer, reader: &Reader) -> Vec<Fault> {
    let template = match Template::parse(source) {
        Ok(template) => template,
        Err(error) => return vec![error.into_fault(at)],
    };
    let mut faults = reader.check(template.references(), at);
    faults.extend(reader.check_paths(template.paths(), at));
    faults.extend(reader.check_names(&template, at));
    faults
}

/// The fault of a template that reads nothing although it must.
fn without_input(source: &str, field: &Marked) -> Option<Fault> {
    let template = Template::parse(source).ok()?;
    if !template.references().is_empty() {
        return None;
    }
    let detail = "the template reads nothing, so its text is always the same";
    let hint = match field.reads {
        Reads::Args => "include {{args}}, {{input}} or the output of a node",
        Reads::Node | Reads::Body => "include {{input}} or the output of a node",
    };
    Some(Fault::new(FaultCode::TemplateWithoutInput, &field.at, detail).with_hint(hint))
}

fn check_expression(source: &str, condition: bool, at: &Pointer, reader: &Reader) -> Vec<Fault> {
    let read = if condition {
        Condition::parse(source).map(Condition::into_expr)
    } else {
        Expr::parse(source)
    };
    match read {
        Ok(expr) => {
            let mut faults = reader.check(expr.references(), at);
            faults.extend(reader.check_paths(expr.paths(), at));
            faults
        }
        Err(error) => vec![error.into_fault(at)],
    }
}

/// The warning for a field, if it has one.
pub(in crate::workflow) fn warning(field: &Marked) -> Option<Fault> {
    match (field.mark, field.value) {
        (Mark::Expression { condition: true }, Value::String(source)) => {
            plan::constant(&Condition::parse(source).ok()?, &field.at)
        }
        (Mark::Template { .. } | Mark::Secret, Value::String(source)) => {
            let template = sets(source).then(|| Template::parse(source).ok())??;
            hidden(&template, &field.at)
        }
        (Mark::Json, json) => hidden_in(json, &field.at),
        _ => None,
    }
}

/// Whether a text may be a template that assigns a name.
fn sets(source: &str) -> bool {
    source.contains("{%")
}

/// The warning for JSON with templates, if it has one: the first.
pub(in crate::workflow) fn hidden_in(json: &Value, at: &Pointer) -> Option<Fault> {
    let mut inner: Box<dyn Iterator<Item = Option<Fault>>> = match json {
        Value::String(source) if sets(source) => {
            return hidden(&Template::parse(source).ok()?, at);
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            Box::new(items.map(|(index, item)| hidden_in(item, &at.item(index))))
        }
        Value::Object(members) => {
            let members = members.iter();
            Box::new(members.map(|(key, member)| hidden_in(member, &at.field(key))))
        }
        _ => return None,
    };
    inner.find_map(|found| found)
}

/// The warning for a template that assigns the name `run`.
fn hidden(template: &Template, at: &Pointer) -> Option<Fault> {
    let assigns = template.assigned().any(|name| name == RUN);
    assigns.then(|| hides_run("a name that the template sets", at))
}

fn check_schema(json: &Value, at: &Pointer) -> Vec<Fault> {
    let compiled = ValueSchema::compile(json, &at.to_string());
    compiled.err().into_iter().collect()
}

fn check_json(json: &Value, at: &Pointer, reader: &Reader) -> Vec<Fault> {
    match Json::new(json, at) {
        Err(faults) => faults,
        Ok(json) => reader.check_json(&json, at),
    }
}

/// A valid value for such a field, to replace one with faults.
///
/// It must pass the schema of each type of field with this mark, or the replacement itself would cause a fault.
pub(in crate::workflow) fn valid(mark: Mark) -> Value {
    match mark {
        Mark::Schema => Value::Object(Map::new()),
        Mark::Expression { .. } => "true".into(),
        Mark::Nodes => Value::Array(vec![Value::Null]),
        // A template, since the field may be a duration otherwise.
        Mark::Template { .. } => "{{ 1 }}".into(),
        Mark::Secret | Mark::Json | Mark::Name => "".into(),
        // Not empty: that may be a fault of its own.
        Mark::Literal => " ".into(),
    }
}
