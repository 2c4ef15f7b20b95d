//! The body that an operation takes.

use serde_json::{Value, json};

use super::schemas::Schemas;
use crate::request::{JSON, Shape};

/// The request body of an operation, always JSON.
pub(super) struct Body {
    schema: Value,
    example: Value,
    required: bool,
}

impl Body {
    /// A required body with this schema.
    pub(super) fn json(schema: Value, example: Value) -> Self {
        Self {
            schema,
            example,
            required: true,
        }
    }

    /// A required body with the schema of the type that the handler reads. So schema and handler cannot differ.
    pub(super) fn of<T: Shape>(schemas: &mut Schemas, example: Value) -> Self {
        Self::json(schemas.taken::<T>(), example)
    }

    /// Marks the body as optional. Its handler uses `OptionalTyped`.
    pub(super) fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "required": self.required,
            "content": {JSON: {"schema": self.schema, "example": self.example}},
        })
    }
}
