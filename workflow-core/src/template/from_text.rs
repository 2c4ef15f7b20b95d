//! Implements `Deserialize` and `JsonSchema` for compiled texts.

/// Reads a type from a JSON string with its `parse`, and gives it a schema. `x-workflow` in the schema marks
/// the field: validation finds templates by these marks.
///
/// The schema is inlined: marks are found by walking the schema of a node's `data`, which follows no references.
macro_rules! from_text {
    ($type:ident, $schema:tt) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let source = <String as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&source).map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}

pub(super) use from_text;
