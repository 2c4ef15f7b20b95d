//! What the SQL stores of this workspace share. It knows rows and checksums, and no database.
//!
//! - [`EncodedRun`], [`EncodedAppend`] and [`EncodedVersion`] are records and events as columns, made by the
//!   caller of a store, so that a writer only writes.
//! - [`RunRow`], [`VersionRow`] and [`EventRow`] are rows as they were read; each is compared with its checksum
//!   before it is decoded.
//! - [`encoded`] and [`decoded`] are the JSON of values without a checksum, which engines exchange.
//! - [`search`] is the index that finds runs by their text.
//! - [`page_of`] and [`first`] read parts of lists and omit rows that cannot be read, which [`UnreadableRows`] logs.
#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "private to the workspace: a new column has to break its users"
)]

mod checksum;
mod encode;
mod json;
mod nesting;
mod page;
mod row;
pub mod search;
mod unreadable;

pub use crate::{
    checksum::of_workflow,
    encode::{EncodedAppend, EncodedEvent, EncodedHead, EncodedRun, EncodedVersion, row_seq},
    json::{Cause, decoded, encoded, unavailable},
    page::{AFTER_ALL, before, cursor, first, limit, page_of},
    row::{EventRow, RunRow, VersionRow, counts_of, number},
    unreadable::UnreadableRows,
};
