//! `Templated`: a value that is written, or a template for one.

use std::{borrow::Cow, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::{Value, json};

use super::scope::Scope;
use super::{Json, looks_like_template};
use crate::error::{NodeError, Pointer, shown};

/// A value that is written, or a template that gives it when the node runs: `0.7` or `"{{ input.temperature }}"`. Use it as the
/// type of a field whose value is a number, a boolean or a text of a certain form.
///
/// A string with `{{` or `{%` is a template, any other value must be a `T`. What a template gives is read as a `T`, too; text that
/// is JSON of a `T` counts as one, so `"0.{{ input.tenths }}"` can be a number. The limits in the schema of `T` hold for
/// written values only: check what [`NodeContext::render_value`](crate::NodeContext::render_value) returns.
///
/// ```
/// use workflow_core::{Node, NodeContext, NodeError, template::Templated};
///
/// /// Gives a number.
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Warm {
///     /// `0.7`, or a template.
///     #[schemars(range(min = 0, max = 2))]
///     temperature: Templated<f64>,
/// }
///
/// #[async_trait::async_trait]
/// impl Node for Warm {
///     async fn run(&self, cx: &NodeContext) -> Result<serde_json::Value, NodeError> {
///         let temperature = cx.render_value(&self.temperature)?;
///         Ok(temperature.clamp(0.0, 2.0).into())
///     }
/// }
///
/// let mut registry = workflow_core::Registry::default();
/// registry.register::<Warm>("WarmNode");
/// ```
#[derive(Clone, Debug)]
pub struct Templated<T>(Source<T>);

#[derive(Clone, Debug)]
enum Source<T> {
    Written(T),
    /// The template, and its text for errors.
    Template(Json, Box<str>),
}

/// What a string must contain to be a template, as a pattern.
const TEMPLATE: &str = "\\{[{%]";

impl<T> Templated<T> {
    /// The value, unless it is a template.
    pub fn written(&self) -> Option<&T> {
        match &self.0 {
            Source::Written(value) => Some(value),
            Source::Template(..) => None,
        }
    }
}

impl<T: Clone + DeserializeOwned> Templated<T> {
    /// The value, and the bytes that were rendered for it.
    ///
    /// # Errors
    /// `template_error`, also if the template gives something that is not a `T`.
    pub(crate) fn render(&self, scope: &Arc<Scope>) -> Result<(T, usize), NodeError> {
        let (template, source) = match &self.0 {
            Source::Written(value) => return Ok((value.clone(), 0)),
            Source::Template(template, source) => (template, source),
        };
        let (rendered, bytes) = template.render(scope)?;
        let error = match T::deserialize(&rendered) {
            Ok(value) => return Ok((value, bytes)),
            Err(error) => error,
        };
        let text = rendered.as_str().map(str::trim);
        let parsed = text.and_then(|text| serde_json::from_str(text).ok());
        parsed.map(|value| (value, bytes)).ok_or_else(|| {
            let detail = format!(
                "`{}` gives {}: {error}",
                shown(source),
                shown(&rendered.to_string())
            );
            NodeError::new("template_error", detail)
        })
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Templated<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let Some(source) = value.as_str().filter(|text| looks_like_template(text)) else {
            let written = T::deserialize(value).map_err(D::Error::custom)?;
            return Ok(Self(Source::Written(written)));
        };
        let template = Json::new(&value, &Pointer::root()).map_err(|faults| {
            let first = faults.first().map(|fault| fault.detail.clone());
            D::Error::custom(first.unwrap_or_default())
        })?;
        Ok(Self(Source::Template(template, source.into())))
    }
}

/// The schema of `T`, in which a string with braces is allowed, too.
///
/// One schema and not a choice of two: a value that fits neither then has the fault of a written value.
impl<T: JsonSchema> JsonSchema for Templated<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Templated{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        match (schema.get("type"), schema.get("pattern")) {
            (Some(Value::String(one)), Some(Value::String(pattern))) if one == "string" => {
                let either = or_template(pattern);
                schema.insert("pattern".to_owned(), either.into());
            }
            (Some(Value::String(one)), None) if one != "string" => {
                let both = json!([one, "string"]);
                schema.insert("type".to_owned(), both);
                schema.insert("pattern".to_owned(), TEMPLATE.into());
                // `double`: of numbers only.
                schema.remove("format");
            }
            _ => {}
        }
        schema.insert("x-workflow".to_owned(), "template".into());
        schema
    }
}

/// A pattern for a text of a certain form, or a template.
pub(crate) fn or_template(pattern: &str) -> String {
    format!("{pattern}|{TEMPLATE}")
}
