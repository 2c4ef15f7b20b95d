//! Support for tests of stores.

pub mod store;
