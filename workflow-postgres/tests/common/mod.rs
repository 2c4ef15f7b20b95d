//! A database for each test, on one server for all tests of a file.

use std::sync::OnceLock;

use workflow_test_services::Postgres;

/// The server of this file.
pub(crate) fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(Postgres::start)
}
