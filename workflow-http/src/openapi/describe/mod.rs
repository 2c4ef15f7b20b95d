//! The description of each route, one file per resource and one function per row of the route table.
//!
//! A description names what its handler fails with ([`Operation::fails`](super::operation::Operation::fails)). What
//! the arguments of the handler and the middlewares refuse is added from their types and need not be repeated. Each
//! text is part of the API document: clients are generated from it.

pub(crate) mod catalog;
mod examples;
pub(crate) mod plans;
pub(crate) mod runs;
pub(crate) mod workflows;
