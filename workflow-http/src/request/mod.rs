//! What a request says: its parameters, its body, and what it accepts.

pub(crate) mod accept;
mod body;
pub(crate) mod coding;
mod cursor;
mod extract;
mod fields;
mod idempotency;
mod media;
pub(crate) mod query;
pub(crate) mod version;

#[cfg(feature = "ui")]
pub(crate) use self::coding::Coding;
pub(crate) use self::{
    accept::{EVENT_STREAM, JSON, VARY_ACCEPT},
    body::Bodies,
    cursor::List,
    extract::{Id, JsonBody, Limit, OptionalJsonBody, Path, Query, SpecBody},
    fields::Fields,
    idempotency::IdempotencyKey,
    version::{IfMatch, etag},
};
