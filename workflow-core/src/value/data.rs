//! The `data` of a node: the schema of its type, and reading it with the place of an error.

use jsonschema::{ValidationError, Validator};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::error::Pointer;

/// The shape of a type's `data`.
pub(crate) struct DataType {
    schema: Value,
    /// Compiled from the schema; none where that is not one.
    validator: Option<Validator>,
}

impl DataType {
    pub(crate) fn of<D: JsonSchema>() -> Self {
        let schema = SchemaSettings::draft2020_12()
            .with(|settings| settings.inline_subschemas = true)
            .into_generator()
            .into_root_schema_for::<D>();
        Self {
            validator: jsonschema::validator_for(schema.as_value()).ok(),
            schema: schema.to_value(),
        }
    }

    pub(crate) fn schema(&self) -> &Value {
        &self.schema
    }

    /// Whether the schema is one.
    pub(crate) fn is_checked(&self) -> bool {
        self.validator.is_some()
    }

    /// What keeps `data` from fitting the schema.
    pub(crate) fn errors<'a>(
        &'a self,
        data: &'a Value,
    ) -> impl Iterator<Item = ValidationError<'a>> {
        let validator = self.validator.iter();
        validator.flat_map(|validator| validator.iter_errors(data))
    }
}

/// Reads `data` as its type.
pub(crate) fn read<D: DeserializeOwned>(data: &Value) -> Result<D, DataError> {
    serde_path_to_error::deserialize(data).map_err(DataError)
}

/// Reads an optional field that is there, for fields in which `null` is a value like any other.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Where and why `data` does not fit its type.
pub(crate) struct DataError(serde_path_to_error::Error<serde_json::Error>);

impl DataError {
    /// Where in the document, for `data` that stands at this place.
    pub(crate) fn place(&self, data: &Pointer) -> Pointer {
        use serde_path_to_error::Segment;
        let segments = self.0.path().iter();
        segments.fold(data.clone(), |at, segment| match segment {
            Segment::Seq { index } => at.item(*index),
            Segment::Map { key } => at.field(key),
            Segment::Enum { variant } => at.field(variant),
            Segment::Unknown => at,
        })
    }

    pub(crate) fn detail(&self) -> String {
        self.0.inner().to_string()
    }
}
