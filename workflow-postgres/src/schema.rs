//! The tables, and whether a database has them.

use sqlx::{
    PgConnection, SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    query_scalar,
};

use crate::error::{ConnectError, ConnectErrorKind, Target};

/// Each step from an empty database to today's tables. A released step is never changed: a change is a new file.
const MIGRATIONS: [(i64, &str, &str); 3] = [
    (1, "initial", include_str!("../migrations/0001_initial.sql")),
    (2, "fleet", include_str!("../migrations/0002_fleet.sql")),
    (3, "lists", include_str!("../migrations/0003_lists.sql")),
];

/// The newest format that this version reads.
const NEWEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// Postgres 14, as `server_version_num` counts. The oldest version that its project still repairs.
const OLDEST_SERVER: i32 = 140_000;

/// The table of migrations is in the store's own schema: another program in the database may use the same library.
const MIGRATIONS_TABLE: &str = "workflow_runner._sqlx_migrations";

/// Fails if this server or its tables cannot be used. Changes nothing.
pub(crate) async fn inspect(
    target: &Target,
    connection: &mut PgConnection,
) -> Result<(), ConnectError> {
    let failed = |error| ConnectError::of_sqlx(target, error);
    let server: String = query_scalar("SHOW server_version_num")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    let server = server.parse().unwrap_or(OLDEST_SERVER);
    if server < OLDEST_SERVER {
        let found = server / 10_000;
        return Err(ConnectError::new(
            target.clone(),
            ConnectErrorKind::TooOld { found },
        ));
    }
    match format(connection).await.map_err(failed)? {
        Some(found) if found > NEWEST => {
            let known = NEWEST;
            let kind = ConnectErrorKind::Newer { found, known };
            Err(ConnectError::new(target.clone(), kind))
        }
        _ => Ok(()),
    }
}

/// The newest migration that was applied; none in a database without these tables.
async fn format(connection: &mut PgConnection) -> sqlx::Result<Option<i64>> {
    let exists: bool = query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(MIGRATIONS_TABLE)
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        return Ok(None);
    }
    query_scalar("SELECT max(version) FROM workflow_runner._sqlx_migrations")
        .fetch_one(connection)
        .await
}

/// Brings the tables to what this version knows. Of several instances that start at once one does it, under an
/// advisory lock of the database, and the others wait for it.
pub(crate) async fn migrate(
    target: &Target,
    connection: &mut PgConnection,
) -> Result<(), ConnectError> {
    let failed = |error| ConnectError::of_sqlx(target, error);
    let older = format(connection).await.map_err(failed)?;
    let older = older.filter(|found| *found < NEWEST);
    if let Some(found) = older {
        tracing::info!(
            found,
            NEWEST,
            "the tables of {target} are updated: this takes longer the more runs there are, and writes wait for it"
        );
    }
    migrator()
        .run(connection)
        .await
        .map_err(|error| match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                failed(error)
            }
            other => ConnectError::new(target.clone(), ConnectErrorKind::Other).with_source(other),
        })?;
    if older.is_some() {
        tracing::info!("the tables of {target} are updated");
    }
    Ok(())
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.map(|(version, name, sql)| {
        let sql = SqlSafeStr::into_sql_str(sql);
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    let mut migrator = Migrator::with_migrations(migrations.into());
    migrator.create_schema("workflow_runner");
    migrator.dangerous_set_table_name(MIGRATIONS_TABLE);
    migrator
}
