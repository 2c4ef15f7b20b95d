//! Connecting to a database.

use std::str::FromStr;

use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

use crate::{
    builder::Builder,
    error::{ConnectError, ConnectErrorKind, Target},
    schema,
    store::PostgresStore,
};

impl Builder {
    /// Connects, and creates or updates the tables.
    ///
    /// # Errors
    /// When the server or the database cannot be used: see [`ConnectErrorKind`].
    pub async fn connect(self) -> Result<PostgresStore, ConnectError> {
        let invalid = ConnectError::new(Target::unknown(), ConnectErrorKind::InvalidUrl);
        // The library reads the URL of any scheme as if it were this one.
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| self.url.starts_with(scheme))
        {
            return Err(invalid);
        }
        let options = match PgConnectOptions::from_str(&self.url) {
            Ok(options) => options,
            Err(error) => return Err(invalid.with_source(error)),
        };
        let options = options.application_name("workflow-postgres");
        let target = Target::of(&options);
        let opened = timeout(self.connection_timeout, open(&target, &options));
        let mut connection = opened.await.map_err(|elapsed| {
            ConnectError::new(target.clone(), ConnectErrorKind::Unreachable).with_source(elapsed)
        })??;
        // As long as it takes: a transaction that is given up would begin again at the next start.
        schema::migrate(&target, &mut connection).await?;
        let closed = connection.close().await;
        closed.map_err(|error| ConnectError::of_sqlx(&target, error))?;
        let pool = PgPoolOptions::new()
            .max_connections(self.connections)
            .acquire_timeout(self.connection_timeout)
            .connect_lazy_with(options);
        Ok(PostgresStore::new(target, pool, &self))
    }
}

/// Connects and checks the server and its tables, on a connection of its own: an error of a pool hides its cause.
async fn open(target: &Target, options: &PgConnectOptions) -> Result<PgConnection, ConnectError> {
    let connection = PgConnection::connect_with(options).await;
    let mut connection = connection.map_err(|error| ConnectError::of_sqlx(target, error))?;
    schema::inspect(target, &mut connection).await?;
    Ok(connection)
}
