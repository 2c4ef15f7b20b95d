//! What each route says of itself, one file per resource.

pub(crate) mod catalog;
mod examples;
pub(crate) mod runs;
pub(crate) mod workflows;
