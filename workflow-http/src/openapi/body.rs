//! The body that an operation takes.

use serde_json::{Value, json};

use super::schemas::Schemas;
use crate::request::{JSON, Shape};

/// What a request sends.
pub(super) struct Body {
    schema: Value,
    example: Value,
    required: bool,
}

impl Body {
    /// JSON of this schema, such as this example.
    pub(super) fn json(schema: Value, example: Value) -> Self {
        Self {
            schema,
            example,
            required: true,
        }
    }

    /// JSON of the shape that the handler reads, such as this example.
    pub(super) fn of<T: Shape>(schemas: &mut Schemas, example: Value) -> Self {
        Self::json(schemas.taken::<T>(), example)
    }

    /// Says that it may be left out.
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
