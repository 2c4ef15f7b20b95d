//! Real servers for tests. Each has a temporary directory and a port of its own, and ends with its value, or with the
//! process of the test, however that ends.
//!
//! What must be installed:
//! - for Postgres the Debian package `postgresql`, or another one whose programs are in the directory
//!   `WORKFLOW_TEST_POSTGRES`;
//! - for Restate the packages of `test-services/restate` (`npm ci`), or another `restate-server`, which
//!   `WORKFLOW_TEST_RESTATE` names.
//!
//! A test that needs a missing service fails and names it.

#![expect(
    clippy::missing_panics_doc,
    reason = "a test may fail by panicking: what is installed here is expected to work"
)]

mod balancer;
mod port;
mod postgres;
mod restate;

pub use self::{balancer::Balancer, postgres::Postgres, restate::Restate};
