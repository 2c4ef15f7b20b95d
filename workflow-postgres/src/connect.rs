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
        let prepared = timeout(self.connection_timeout, prepare(&target, &options));
        prepared.await.map_err(|elapsed| {
            ConnectError::new(target.clone(), ConnectErrorKind::Unreachable).with_source(elapsed)
        })??;
        let pool = PgPoolOptions::new()
            .max_connections(self.connections)
            .acquire_timeout(self.connection_timeout)
            .connect_lazy_with(options);
        Ok(PostgresStore::new(target, pool, &self))
    }
}

/// Checks the server and creates its tables, on a connection of its own: an error of a pool hides its cause.
async fn prepare(target: &Target, options: &PgConnectOptions) -> Result<(), ConnectError> {
    let failed = |error| ConnectError::of_sqlx(target, error);
    let mut connection = PgConnection::connect_with(options).await.map_err(failed)?;
    schema::inspect(target, &mut connection).await?;
    schema::migrate(target, &mut connection).await?;
    connection.close().await.map_err(failed)
}
