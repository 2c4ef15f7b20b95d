//! Errors of connecting, and of statements.

use std::{fmt, io::ErrorKind};

use sqlx::postgres::PgConnectOptions;
use workflow_core::store::StoreError;
use workflow_sqlkit::unavailable;

/// Why a database cannot be used. The message is for the operator and names the database, never the password; the
/// answer of the server or the system is its source.
#[derive(Debug, thiserror::Error)]
#[error("{target}: {kind}")]
pub struct ConnectError {
    target: Target,
    kind: ConnectErrorKind,
    #[source]
    source: Option<Source>,
}

/// What is wrong with a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectErrorKind {
    /// The URL is not one of a Postgres server.
    #[error("the URL is invalid: write postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    InvalidUrl,
    /// No server answers at the address.
    #[error("no answer: check the host, the port and whether Postgres listens there")]
    Unreachable,
    /// The server does not accept the user or the password.
    #[error("the server refuses the user or the password: check both, and its pg_hba.conf")]
    WrongCredentials,
    /// The server has no such database.
    #[error("there is no such database: create it with CREATE DATABASE, or name another one")]
    NoSuchDatabase,
    /// The user lacks a right.
    #[error(
        "the user may not do this: it must own the schema workflow_runner, or have CREATE on the database"
    )]
    NoRights,
    /// All connections of the server are in use.
    #[error("the server accepts no more connections: raise its max_connections, or use fewer here")]
    TooManyConnections,
    /// The database can only be read, as that of a standby.
    #[error("the database is read-only: connect to the primary server")]
    ReadOnly,
    /// The connection cannot be encrypted as the URL requires.
    #[error("no encrypted connection: check sslmode, sslrootcert and the feature `tls`")]
    Tls,
    /// The server is older than this crate supports.
    #[error("this is Postgres {found}: version 14 or newer is needed")]
    TooOld {
        /// The major version of the server.
        found: i32,
    },
    /// A later version of this crate created the tables.
    #[error(
        "a newer version wrote it (its format is {found}, this version knows {known}): use that version; nothing was changed"
    )]
    Newer {
        /// The format of the tables.
        found: i64,
        /// The newest format this version knows.
        known: i64,
    },
    /// Something else.
    #[error("the database cannot be used")]
    Other,
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A database without the password of its user: `database "workflows" at db.example:5432`.
#[derive(Clone, Debug)]
pub(crate) struct Target(String);

impl Target {
    /// The database of a URL that could not be read.
    pub(crate) fn unknown() -> Self {
        Self("the database".to_owned())
    }

    pub(crate) fn of(options: &PgConnectOptions) -> Self {
        // Postgres does the same for a URL that names no database.
        let database = options.get_database().unwrap_or(options.get_username());
        let place = options.get_socket().map_or_else(
            || format!("{}:{}", options.get_host(), options.get_port()),
            |socket| socket.display().to_string(),
        );
        Self(format!("database {database:?} at {place}"))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ConnectError {
    /// What is wrong.
    pub fn kind(&self) -> ConnectErrorKind {
        self.kind
    }

    pub(crate) fn new(target: Target, kind: ConnectErrorKind) -> Self {
        Self {
            target,
            kind,
            source: None,
        }
    }

    pub(crate) fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What a failure of the library or the server means.
    pub(crate) fn of_sqlx(target: &Target, error: sqlx::Error) -> Self {
        use ConnectErrorKind as Kind;
        let kind = match (&error, sql_state(&error).as_deref()) {
            // How the TLS library reports a certificate that is not accepted.
            (sqlx::Error::Io(io), _) if io.kind() == ErrorKind::InvalidData => Kind::Tls,
            (sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut, _) => Kind::Unreachable,
            (sqlx::Error::Tls(_), _) => Kind::Tls,
            (_, Some("28000" | "28P01")) => Kind::WrongCredentials,
            (_, Some("3D000")) => Kind::NoSuchDatabase,
            (_, Some("42501")) => Kind::NoRights,
            (_, Some("53300")) => Kind::TooManyConnections,
            (_, Some("25006")) => Kind::ReadOnly,
            _ => Kind::Other,
        };
        Self::new(target.clone(), kind).with_source(error)
    }
}

/// The error of a statement that failed.
///
/// A stopped, full or unreachable server ends by itself. Wrong data (SQLSTATE class 22), a broken constraint (23) and
/// missing tables or rights (42) do not: someone changed the tables, or this crate has a fault. The engine tries both
/// again; the second kind is also logged as an error.
pub(crate) fn failed(error: sqlx::Error) -> StoreError {
    let state = sql_state(&error).unwrap_or_default();
    if ["22", "23", "42"]
        .iter()
        .any(|class| state.starts_with(class))
    {
        tracing::error!(%error, %state, "the tables are not as this version created them");
    }
    unavailable(error)
}

fn sql_state(error: &sqlx::Error) -> Option<String> {
    let code = error.as_database_error()?.code()?;
    Some(code.into_owned())
}
