//! Reads requests: parameters, bodies, and the response formats that the client accepts.
//!
//! The extractors return a `Problem` for every malformed request, so that handlers see checked values only.
//! Bodies are read within the limits of size and time; no handler reads a body in another way.
//!
//! | part of a request | extractor or middleware | refusal |
//! |---|---|---|
//! | path | `Id`, `Path` | 404: a malformed id is an unknown one |
//! | names in the query | `query` | 400 `unknown_parameter` |
//! | values in the query | `Query`, `Limit` | 400 `invalid_query` |
//! | cursor | `List` | 400 `bad_cursor` |
//! | `Accept` | `accept` | 406 `not_acceptable` |
//! | `Accept-Encoding` | `coding` | none: a response without coding is always acceptable here |
//! | `If-Match`, `If-None-Match` | `version` | 400 `invalid_if_match`, 412 `other_version` |
//! | `Idempotency-Key` | `IdempotencyKey` | 400 `invalid_idempotency_key` |
//! | `Content-Type` | `media` | 415 `unsupported_media_type` |
//! | size and time of the body | `body` | 413, 408, 503 |
//! | text of the body | `JsonBody`, `SpecBody` | 400 `invalid_json`, 400 `json_too_deep` |
//! | fields of the body | `Typed` | 422 `invalid_body`, with all faults |

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
    accept::{EVENT_STREAM, JSON, NDJSON, VARY_ACCEPT},
    body::Bodies,
    cursor::List,
    extract::{Id, JsonBody, Limit, Path, Query, SpecBody},
    idempotency::IdempotencyKey,
    refuses::{Argument, Arguments},
    typed::{OptionalTyped, Shape, Typed},
    version::{IfMatch, etag},
};
