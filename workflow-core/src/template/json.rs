//! `Json`: JSON with templates in its strings.

use std::{borrow::Cow, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use super::scope::Scope;
use super::{
    Expr, Paths, Template, TemplateError, language::Budget, reference::References, secret::SECRET,
    syntax,
};
use crate::{
    error::{Fault, FaultCode, NodeError, Pointer},
    value::{MAX_OUTPUT_BYTES, MAX_RESULT_BYTES, size},
};

/// Compiled JSON with templates in its strings. A string that consists of one `{{ expression }}` becomes the value of
/// the expression, with its type. Use it as the type of a field of a node's `data`.
///
/// All other strings become text. Names of members are used literally; a template in a name is a fault. So is a
/// secret (`{"$secret": "NAME"}`), since the rendered value is stored and shown: use
/// [`TextOrSecret`](crate::template::TextOrSecret) for a field that may be secret.
///
/// ```
/// use workflow_core::{Json, Node, NodeContext, NodeError, Registry};
///
/// /// Builds a message.
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Message {
///     /// `{"to": "{{ input.email }}", "tries": "{{ count.output }}"}`: `tries` is a number if the output is one.
///     body: Json,
/// }
///
/// #[async_trait::async_trait]
/// impl Node for Message {
///     async fn run(&self, cx: &NodeContext) -> Result<serde_json::Value, NodeError> {
///         cx.render_json(&self.body)
///     }
/// }
///
/// let mut registry = Registry::default();
/// registry.register::<Message>("MessageNode");
/// ```
#[derive(Clone, Debug)]
pub struct Json(Part);

/// A value in the JSON, compiled.
///
/// Arrays and objects are shared, so a clone of a compiled value is cheap.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Literal(Value),
    Text(Template),
    Expression(Expr),
    Array(Arc<[Part]>),
    Object(Arc<[(String, Part)]>),
}

impl Json {
    /// Compiles every string of a JSON value.
    ///
    /// # Errors
    /// Every string that is no template, with its place.
    pub(crate) fn new(json: &Value, at: &Pointer) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let part = Part::new(json, at, &mut faults);
        if faults.is_empty() {
            Ok(Self(part))
        } else {
            Err(faults)
        }
    }

    pub(crate) fn part(&self) -> &Part {
        &self.0
    }

    /// The paths that its strings read, each with its place.
    pub(crate) fn paths(&self, at: &Pointer) -> Vec<(Pointer, &Paths)> {
        let mut found = Vec::new();
        self.0.visit(at, &mut |at, part| {
            let paths = match part {
                Part::Text(template) => template.paths(),
                Part::Expression(expr) => expr.paths(),
                _ => return,
            };
            found.push((at.clone(), paths));
        });
        found
    }

    /// The references of its strings, each with its place.
    ///
    /// Per place, so that a fault points to the string in question and not to the whole field.
    pub(crate) fn references(&self, at: &Pointer) -> Vec<(Pointer, References)> {
        let mut found = Vec::new();
        self.0.visit(at, &mut |at, part| {
            let references = match part {
                Part::Text(template) => template.references(),
                Part::Expression(expr) => expr.references(),
                _ => return,
            };
            found.push((at.clone(), Arc::clone(references)));
        });
        found
    }

    /// Its strings that are more than one expression, each with its place.
    pub(crate) fn templates(&self, at: &Pointer) -> Vec<(Pointer, Template)> {
        let mut found = Vec::new();
        self.0.visit(at, &mut |at, part| {
            if let Part::Text(template) = part {
                found.push((at.clone(), template.clone()));
            }
        });
        found
    }

    /// The value, and about how many bytes its templates made.
    ///
    /// The limit is that of an output, whatever uses the value: a small document can render to a huge one.
    pub(crate) fn render(&self, scope: &Arc<Scope>) -> Result<(Value, usize), NodeError> {
        let mut allowance = Allowance::of(MAX_OUTPUT_BYTES);
        let value = self.0.render(scope, &mut allowance)?;
        Ok((value, allowance.spent()))
    }

    /// The result of a workflow or loop. Its limit is [`MAX_RESULT_BYTES`], larger than that of a node's output.
    pub(crate) fn render_result(&self, scope: &Arc<Scope>) -> Result<Value, NodeError> {
        let result = self.0.render(scope, &mut Allowance::of(MAX_RESULT_BYTES))?;
        size::check(&result, MAX_RESULT_BYTES)?;
        Ok(result)
    }
}

/// The bytes that all strings of one JSON value may render to.
///
/// Each string has a limit of its own, too. Without a common one, thousands of strings of 1 MiB would be allowed.
struct Allowance {
    most: usize,
    left: usize,
}

impl Allowance {
    fn of(most: usize) -> Self {
        Self { most, left: most }
    }

    fn spent(&self) -> usize {
        self.most - self.left
    }

    /// The budget of one expression is the whole allowance, and what it spent is subtracted afterwards. So the sum
    /// may exceed the limit by one expression before it fails.
    fn evaluate(&mut self, expr: &Expr, scope: &Arc<Scope>) -> Result<Value, NodeError> {
        let mut budget = Budget::of(self.most);
        let value = expr.evaluate(scope, &mut budget)?;
        self.pay(budget.spent())?;
        Ok(value)
    }

    fn pay(&mut self, bytes: usize) -> Result<(), NodeError> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or_else(|| size::too_large(self.most))?;
        Ok(())
    }
}

impl Part {
    /// After a fault it continues with `null` in place of the string, so that all faults are found.
    fn new(json: &Value, at: &Pointer, faults: &mut Vec<Fault>) -> Self {
        match json {
            Value::String(text) => Self::from_text(text).unwrap_or_else(|error| {
                faults.push(error.into_fault(at));
                Self::Literal(Value::Null)
            }),
            Value::Array(items) => {
                let parts = items.iter().enumerate();
                Self::Array(
                    parts
                        .map(|(index, item)| Self::new(item, &at.item(index), faults))
                        .collect(),
                )
            }
            Value::Object(members) if members.contains_key(SECRET) => {
                let detail = "a secret is not allowed here: it would be stored and shown";
                faults.push(Fault::new(FaultCode::SecretNotAllowed, at, detail));
                Self::Literal(Value::Null)
            }
            Value::Object(members) => {
                let parts = members.iter();
                Self::Object(
                    parts
                        .map(|(key, member)| {
                            let at = at.field(key);
                            if looks_like_template(key) {
                                faults.push(template_in_name(&at));
                            }
                            (key.clone(), Self::new(member, &at, faults))
                        })
                        .collect(),
                )
            }
            literal => Self::Literal(literal.clone()),
        }
    }

    /// Most strings are literals, which need no compilation.
    fn from_text(text: &str) -> Result<Self, TemplateError> {
        if syntax::is_literal(text) {
            return Ok(Self::Literal(text.into()));
        }
        match syntax::whole_expression(text) {
            Some(expression) => Expr::parse(expression).map(Self::Expression),
            None => Template::parse(text).map(Self::Text),
        }
    }

    fn visit<'a>(&'a self, at: &Pointer, see: &mut impl FnMut(&Pointer, &'a Self)) {
        see(at, self);
        match self {
            Self::Array(parts) => parts
                .iter()
                .enumerate()
                .for_each(|(index, part)| part.visit(&at.item(index), see)),
            Self::Object(parts) => parts
                .iter()
                .for_each(|(key, part)| part.visit(&at.field(key), see)),
            Self::Literal(_) | Self::Text(_) | Self::Expression(_) => {}
        }
    }

    fn render(&self, scope: &Arc<Scope>, allowance: &mut Allowance) -> Result<Value, NodeError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Text(template) => {
                let text = template.render(scope)?;
                allowance.pay(text.len())?;
                Ok(Value::String(text))
            }
            Self::Expression(expr) => allowance.evaluate(expr, scope),
            Self::Array(parts) => parts
                .iter()
                .map(|part| part.render(scope, allowance))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Self::Object(parts) => {
                let members = parts
                    .iter()
                    .map(|(key, part)| Ok((key.clone(), part.render(scope, allowance)?)));
                members.collect::<Result<_, NodeError>>().map(Value::Object)
            }
        }
    }
}

/// Whether a text would be a template in a templated field.
pub(crate) fn looks_like_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// The fault of a template in the name of a field.
pub(crate) fn template_in_name(at: &Pointer) -> Fault {
    let detail = "a template in the name of a field, which is used literally";
    let hint = "names do not change: put the template into the value";
    Fault::new(FaultCode::NotATemplate, at, detail).with_hint(hint)
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Value::deserialize(deserializer)?;
        Self::new(&json, &Pointer::root()).map_err(|faults| {
            let details: Vec<String> = faults.iter().map(ToString::to_string).collect();
            D::Error::custom(details.join("; "))
        })
    }
}

impl JsonSchema for Json {
    fn schema_name() -> Cow<'static, str> {
        "Json".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "x-workflow": "json" })
    }
}
