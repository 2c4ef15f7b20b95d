//! Reads requests: parameters, bodies, and the response formats that the client accepts.
//!
//! The extractors return a `Problem` for every malformed request, so that handlers see checked values only.
//! Bodies are read within the limits of size and time; no handler reads a body in another way.

pub(crate) mod accept;
mod body;
pub(crate) mod coding;
mod cursor;
mod extract;
mod idempotency;
mod media;
pub(crate) mod query;
mod refuses;
pub(crate) mod typed;
pub(crate) mod version;

#[cfg(feature = "ui")]
pub(crate) use self::coding::Coding;
pub(crate) use self::{
    accept::{EVENT_STREAM, JSON, VARY_ACCEPT},
    body::Bodies,
    cursor::List,
    extract::{Id, JsonBody, Limit, Path, Query, SpecBody},
    idempotency::IdempotencyKey,
    refuses::{Argument, Arguments},
    typed::{OptionalTyped, Shape, Typed},
    version::{IfMatch, etag},
};
