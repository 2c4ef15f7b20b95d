//! The `data` of a node: the JSON Schema of its type, and deserialization that reports the place of an error.
//!
//! The schema is checked first and reports every fault. Deserialization stops at the first error; it finds
//! only what a schema cannot express, such as a template that does not parse.

use std::{borrow::Cow, fmt};

use jsonschema::{ValidationError, Validator};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::error::Pointer;

/// The JSON Schema of a type's `data`, compiled once per registered type.
pub(crate) struct DataType {
    schema: Value,
    /// `None` if the schema does not compile. [`Registry`](crate::Registry) refuses such types.
    validator: Option<Validator>,
}

impl DataType {
    /// Derives the schema. Subschemas are inlined: the check walks `data` beside the schema and follows no
    /// references.
    pub(crate) fn of<D: JsonSchema>() -> Self {
        let schema = SchemaSettings::draft2020_12()
            .with(|settings| settings.inline_subschemas = true)
            .into_generator()
            .into_root_schema_for::<D>();
        Self::new(schema.to_value())
    }

    fn new(schema: Value) -> Self {
        Self {
            validator: jsonschema::validator_for(&schema).ok(),
            schema,
        }
    }

    /// `data` that two types share: the fields of both in one object. Everything else of the schema is that of this type.
    ///
    /// # Errors
    /// The name of a field that both have.
    pub(crate) fn with_fields_of(&self, other: &Self) -> Result<Self, String> {
        let mut schema = self.schema.clone();
        let fields = other.schema["properties"].as_object().into_iter().flatten();
        if let Some((name, _)) = fields.clone().find(|(name, _)| self.has_field(name)) {
            return Err(name.clone());
        }
        let fields = fields.map(|(name, schema)| (name.clone(), schema.clone()));
        let required = other.schema["required"].as_array();
        if let Some(members) = schema.as_object_mut() {
            members.entry("type").or_insert_with(|| "object".into());
            let own = members.entry("properties");
            let own = own.or_insert_with(|| Value::Object(Map::new()));
            if let Some(own) = own.as_object_mut() {
                own.extend(fields);
            }
            if let Some(more) = required {
                let own = members.entry("required");
                let own = own.or_insert_with(|| Value::Array(Vec::new()));
                own.as_array_mut()
                    .into_iter()
                    .for_each(|own| own.extend(more.clone()));
            }
        }
        Ok(Self::new(schema))
    }

    /// Whether the schema lists a field of this name.
    pub(crate) fn has_field(&self, name: &str) -> bool {
        self.schema["properties"].get(name).is_some()
    }

    pub(crate) fn schema(&self) -> &Value {
        &self.schema
    }

    /// Whether the derived schema is a valid JSON Schema.
    pub(crate) fn is_checked(&self) -> bool {
        self.validator.is_some()
    }

    /// The differences between `data` and the schema.
    ///
    /// Empty if the schema did not compile: such a type is not registered.
    pub(crate) fn errors<'a>(
        &'a self,
        data: &'a Value,
    ) -> impl Iterator<Item = ValidationError<'a>> {
        let validator = self.validator.iter();
        validator.flat_map(|validator| validator.iter_errors(data))
    }
}

/// Deserializes `data` as its type.
pub(crate) fn read<D: DeserializeOwned>(data: &Value) -> Result<D, DataError> {
    serde_path_to_error::deserialize(data).map_err(DataError::Read)
}

/// Reads an optional field for which `null` is a value: `null` becomes `Some(null)`.
///
/// By default, `serde` reads `null` as `None`. That is wrong for fields that hold any JSON, in which a missing field and
/// `null` differ.
pub(crate) fn some_even_if_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A fault of the `data` of a node that its type cannot express, such as a word that only a client of the node knows. Returned by
/// [`Node::check`](crate::Node::check).
///
/// ```
/// use workflow_core::value::InvalidData;
///
/// let fault = InvalidData::new("`hihg` is not a level: did you mean `high`?").at("thinking_level");
/// assert_eq!(fault.to_string(), "thinking_level: `hihg` is not a level: did you mean `high`?");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidData {
    place: Vec<Segment>,
    detail: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Field(Cow<'static, str>),
    Item(usize),
}

impl InvalidData {
    /// A fault of the data as a whole.
    pub fn new(detail: impl Into<String>) -> Self {
        Self {
            place: Vec::new(),
            detail: detail.into(),
        }
    }

    /// Sets the field of `data` that has the fault, or the field within the place that was set before.
    #[must_use]
    pub fn at(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.place.push(Segment::Field(field.into()));
        self
    }

    /// Sets the item of the list at the place that was set before, counted from 0.
    #[must_use]
    pub fn item(mut self, index: usize) -> Self {
        self.place.push(Segment::Item(index));
        self
    }
}

impl fmt::Display for InvalidData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.place.iter().enumerate() {
            let slash = if index > 0 { "/" } else { "" };
            match segment {
                Segment::Field(name) => write!(f, "{slash}{name}")?,
                Segment::Item(item) => write!(f, "{slash}{item}")?,
            }
        }
        if !self.place.is_empty() {
            f.write_str(": ")?;
        }
        f.write_str(&self.detail)
    }
}

impl std::error::Error for InvalidData {}

/// Why a node cannot be built from its `data`, and where.
pub(crate) enum DataError {
    /// It cannot be deserialized as its type.
    Read(serde_path_to_error::Error<serde_json::Error>),
    /// The node refuses it.
    Refused(InvalidData),
}

impl DataError {
    /// The place of the error in the document. `data` is the place of the node's `data`.
    pub(crate) fn place(&self, data: &Pointer) -> Pointer {
        use serde_path_to_error::Segment as Read;
        match self {
            Self::Read(error) => {
                let segments = error.path().iter();
                segments.fold(data.clone(), |at, segment| match segment {
                    Read::Seq { index } => at.item(*index),
                    Read::Map { key } => at.field(key),
                    Read::Enum { variant } => at.field(variant),
                    Read::Unknown => at,
                })
            }
            Self::Refused(fault) => {
                let segments = fault.place.iter();
                segments.fold(data.clone(), |at, segment| match segment {
                    Segment::Field(name) => at.field(name),
                    Segment::Item(index) => at.item(*index),
                })
            }
        }
    }

    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Read(error) => error.inner().to_string(),
            Self::Refused(fault) => fault.detail.clone(),
        }
    }
}

impl From<InvalidData> for DataError {
    fn from(fault: InvalidData) -> Self {
        Self::Refused(fault)
    }
}
