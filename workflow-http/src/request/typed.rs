//! Bodies that are described by the type that reads them: the OpenAPI document has the type's schema.

use axum::extract::{FromRequest, Request};
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::{Value, json};
use serde_path_to_error::{Path, Segment};
use workflow_core::{Fault, InvalidWorkflow, NodeId, error::FaultCode};

use super::extract::{JsonBody, OptionalJsonBody};
use crate::{
    app::App,
    problem::{Kind, Problem},
};

/// A body that is an object with fixed fields. The type must have `#[serde(deny_unknown_fields)]`: without it, a
/// misspelt optional field would be ignored.
pub(crate) trait Shape: DeserializeOwned + JsonSchema {
    /// An example of a body, and its optional fields. It is the hint of every fault.
    const LIKE: &'static str;
}

/// A body of this shape.
pub(crate) struct Typed<T>(pub(crate) T);

impl<T: Shape> FromRequest<App> for Typed<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let JsonBody(body) = JsonBody::from_request(request, app).await?;
        read(body).map(Self)
    }
}

/// A body of this shape. An empty body counts as `{}`.
pub(crate) struct OptionalTyped<T>(pub(crate) T);

impl<T: Shape> FromRequest<App> for OptionalTyped<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let OptionalJsonBody(body) = OptionalJsonBody::from_request(request, app).await?;
        read(body.unwrap_or_else(|| json!({}))).map(Self)
    }
}

/// Reads a body.
///
/// # Errors
/// With every fault: a field that is wrong is removed, and the rest is read again.
///
/// The usual case is one call of `serde`. Only a body with a fault is examined further, which takes several passes.
fn read<T: Shape>(body: Value) -> Result<T, Problem> {
    if body.is_object()
        && let Ok(read) = T::deserialize(&body)
    {
        return Ok(read);
    }
    let faults = faults::<T>(body).into_iter();
    let hint = format!("the body is like {}", T::LIKE);
    let faults = faults.map(|fault| fault.with_hint(&hint)).collect();
    Err(Problem::of_faults(Kind::InvalidBody, "body", faults))
}

/// All faults of a body: missing fields, then fields with a wrong value, then unknown fields.
///
/// `serde` stops at the first error. So unknown fields are removed first, then one wrong field after the other,
/// until the rest can be read or lacks a required field. The loop ends, since each round removes a field; it stops
/// early at an error without a place.
fn faults<T: Shape>(mut body: Value) -> Vec<Fault> {
    let Some(fields) = body.as_object_mut() else {
        let detail = "the body is not an object";
        return vec![Fault::new(FaultCode::InvalidValue, "#", detail)];
    };
    let schema = schema_for!(T).to_value();
    let required = schema["required"].as_array().into_iter().flatten();
    let missing: Vec<&str> = required
        .filter_map(Value::as_str)
        .filter(|name| !fields.contains_key(*name))
        .collect();
    let mut faults: Vec<Fault> = (missing.iter())
        .map(|name| {
            fault(
                FaultCode::MissingField,
                name,
                format!("`{name}` is missing"),
            )
        })
        .collect();
    let is_known = |name: &str| schema["properties"].get(name).is_some();
    let unknown: Vec<String> = (fields.keys())
        .filter(|name| !is_known(name))
        .cloned()
        .collect();
    fields.retain(|name, _| is_known(name));
    // Each round removes a field. One that is missing has its fault already, and is read last.
    while let Err(error) = serde_path_to_error::deserialize::<_, T>(&body) {
        let Some(name) = field(error.path()) else {
            break;
        };
        let (at, detail) = (pointer(error.path()), error.inner().to_string());
        faults.push(Fault::new(FaultCode::InvalidValue, at, detail));
        let fields = body.as_object_mut();
        if fields
            .and_then(|fields| fields.shift_remove(&name))
            .is_none()
        {
            break;
        }
    }
    faults.extend(unknown.iter().map(|name| {
        let detail = format!("`{name}` is not a field here");
        fault(FaultCode::UnknownField, name, detail)
    }));
    faults.truncate(InvalidWorkflow::MAX);
    faults
}

/// A fault at a field of the body.
fn fault(code: FaultCode, field: &str, detail: String) -> Fault {
    Fault::new(code, format!("#/{}", escaped(field)), detail)
}

/// A name as a segment of a pointer (RFC 6901, section 3).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The place of an error in the body.
fn pointer(path: &Path) -> String {
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(format!("/{}", escaped(key))),
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    format!("#{}", segments.collect::<String>())
}

/// The field of the body that an error is in.
fn field(path: &Path) -> Option<String> {
    match path.iter().next()? {
        Segment::Map { key } => Some(key.clone()),
        _ => None,
    }
}

/// Reads an optional field in which `null` is a value like any other.
///
/// By default, `serde` reads `null` as `None`, as if the field was missing.
pub(crate) fn some_even_if_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads the id of a node.
pub(crate) fn node<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NodeId>, D::Error> {
    read_with(deserializer, "the id of a node", |value| {
        NodeId::parse(value.as_str()?)
    })
}

/// Reads the number of a version. To JSON, `3.0` is an integer like `3`.
///
/// JSON has one type of numbers (RFC 8259, section 6), and some clients write whole ones with a fraction. `f64` has
/// all `u32` exactly, so the detour over its text changes no number.
pub(crate) fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    read_with(deserializer, "the number of a version", |value| {
        let fraction = value.as_f64().filter(|number| number.fract() == 0.0);
        let written = fraction.map(|number| format!("{number:.0}"));
        let number = value.as_u64().or_else(|| written?.parse().ok());
        number.and_then(|number| u32::try_from(number).ok())
    })
}

/// Reads an optional field from its JSON, so that the message names the value: `"x" is not the id of a node`.
fn read_with<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    what: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, D::Error> {
    let Some(value) = Option::<Value>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let read = read(&value);
    read.map(Some)
        .ok_or_else(|| D::Error::custom(format_args!("{value} is not {what}")))
}
