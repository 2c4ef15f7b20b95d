//! `Nodes`: the schema of the body of a map or loop.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, de::IgnoredAny};

/// A placeholder for the body. The body itself is read and checked as every list of nodes is; this type only checks that
/// it is an array and describes it in the schema.
#[derive(Debug, Deserialize)]
pub(crate) struct Nodes(#[expect(dead_code, reason = "it is read elsewhere")] Vec<IgnoredAny>);

impl JsonSchema for Nodes {
    fn schema_name() -> Cow<'static, str> {
        "Nodes".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "minItems": 1, "x-workflow": "nodes" })
    }
}
