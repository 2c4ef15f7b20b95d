//! Real servers for tests. Each has a temporary directory and a port of its own, and ends with its value, or with the
//! process of the test, however that ends.
//!
//! What must be installed: the Debian package `postgresql`, or another Postgres whose programs are in the directory
//! `WORKFLOW_TEST_POSTGRES`. A test that needs a missing service fails and names it.

#![expect(
    clippy::missing_panics_doc,
    reason = "a test may fail by panicking: what is installed here is expected to work"
)]

mod postgres;

pub use self::postgres::Postgres;
