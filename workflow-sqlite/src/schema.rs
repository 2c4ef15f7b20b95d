//! The tables, and whether a file has them.

use std::path::Path;

use sqlx::{
    AssertSqlSafe, Connection, SqlSafeStr, SqliteConnection,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    query, query_scalar,
    sqlite::SqliteConnectOptions,
};

use crate::error::OpenError;

/// Each step from an empty file to today's tables. What is released is not changed: a change is a new file.
///
/// Format 1 was written by development versions only: there is no way from it to a released format.
const MIGRATIONS: [(i64, &str, &str); 1] =
    [(2, "initial", include_str!("../migrations/0002_initial.sql"))];

/// The oldest and the newest format this version reads.
const OLDEST: i64 = MIGRATIONS[0].0;
const NEWEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// "wfrn": tells our files from the databases of other programs.
const APPLICATION_ID: i64 = 0x7766_726e;

/// Looks whether the file is a store, of a version that this one reads. Changes nothing, and reads little: the
/// whole file is looked through in the background.
pub(crate) async fn inspect(path: &Path, options: &SqliteConnectOptions) -> Result<(), OpenError> {
    let failed = |error| OpenError::of_sqlx(path.to_owned(), error);
    let mut file = SqliteConnection::connect_with(options)
        .await
        .map_err(failed)?;
    let found = found(path, &mut file).await;
    file.close().await.map_err(failed)?;
    found
}

async fn found(path: &Path, file: &mut SqliteConnection) -> Result<(), OpenError> {
    let failed = |error| OpenError::of_sqlx(path.to_owned(), error);
    let path = path.to_owned();
    if is_empty(file).await.map_err(failed)? {
        return Ok(());
    }
    if application(file).await.map_err(failed)? != APPLICATION_ID {
        return Err(OpenError::NotADatabase { path });
    }
    match format(file).await.map_err(failed)? {
        Some(found) if found < OLDEST => Err(OpenError::Development { path, found }),
        Some(found) if found > NEWEST => Err(OpenError::Newer {
            path,
            found,
            known: NEWEST,
        }),
        _ => Ok(()),
    }
}

async fn is_empty(file: &mut SqliteConnection) -> sqlx::Result<bool> {
    let tables: i64 = query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(file)
        .await?;
    Ok(tables == 0)
}

async fn application(file: &mut SqliteConnection) -> sqlx::Result<i64> {
    query_scalar("PRAGMA application_id").fetch_one(file).await
}

/// The newest migration that was applied; none when the first was not.
async fn format(file: &mut SqliteConnection) -> sqlx::Result<Option<i64>> {
    let begun: i64 =
        query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'")
            .fetch_one(&mut *file)
            .await?;
    if begun == 0 {
        return Ok(None);
    }
    query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(file)
        .await
}

/// Brings the tables to what this version knows.
pub(crate) async fn migrate(path: &Path, file: &mut SqliteConnection) -> Result<(), OpenError> {
    let failed = |error| OpenError::of_sqlx(path.to_owned(), error);
    // Before there is any table: a file that is given up half-way is still known as ours.
    query(AssertSqlSafe(format!(
        "PRAGMA application_id = {APPLICATION_ID}"
    )))
    .execute(&mut *file)
    .await
    .map_err(failed)?;
    let migrated = migrator().run(file).await;
    migrated.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failed(error),
        // Other tables of the same number: only development versions differ like that.
        MigrateError::VersionMismatch(found) => OpenError::Development {
            path: path.to_owned(),
            found,
        },
        other => OpenError::Other {
            path: path.to_owned(),
            source: other.into(),
        },
    })
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.map(|(version, name, sql)| {
        let sql = SqlSafeStr::into_sql_str(sql);
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.into())
}
