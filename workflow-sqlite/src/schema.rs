//! The format of the file: its inspection before anything is written, and the migrations.

use std::path::Path;

use sqlx::{
    AssertSqlSafe, Connection, SqlSafeStr, SqliteConnection,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    query, query_scalar,
    sqlite::SqliteConnectOptions,
};

use crate::error::OpenError;

/// The migrations from an empty file to the current tables. A released migration is never changed; a
/// change of the tables is a new one.
///
/// Format 1 was written by development versions only. There is no migration from it.
const MIGRATIONS: [(i64, &str, &str); 2] = [
    (2, "initial", include_str!("../migrations/0002_initial.sql")),
    (3, "lists", include_str!("../migrations/0003_lists.sql")),
];

/// The oldest and the newest format that this version reads.
const OLDEST: i64 = MIGRATIONS[0].0;
const NEWEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// `wfrn` in ASCII: SQLite's `application_id`, which distinguishes a store from the database of another
/// program.
const APPLICATION_ID: i64 = 0x7766_726e;

/// Checks that the file is empty, or a store in a format that this version reads. Changes nothing, and
/// reads only the first pages; the background check reads the rest.
pub(crate) async fn inspect(path: &Path, options: &SqliteConnectOptions) -> Result<(), OpenError> {
    let failed = |error| OpenError::of_sqlx(path.to_owned(), error);
    let mut file = SqliteConnection::connect_with(options)
        .await
        .map_err(failed)?;
    let found = found(path, &mut file).await;
    file.close().await.map_err(failed)?;
    found
}

/// The checks of [`inspect`], on an open connection. An empty file is a new store; a file with our
/// `application_id` and no migration is one whose creation was interrupted.
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

/// The newest migration that was applied. `None` if a crash interrupted the first one.
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

/// Applies the missing migrations.
pub(crate) async fn migrate(path: &Path, file: &mut SqliteConnection) -> Result<(), OpenError> {
    let failed = |error| OpenError::of_sqlx(path.to_owned(), error);
    // Set before there is any table, so that a file whose migration was interrupted is recognised.
    query(AssertSqlSafe(format!(
        "PRAGMA application_id = {APPLICATION_ID}"
    )))
    .execute(&mut *file)
    .await
    .map_err(failed)?;
    let migrated = migrator().run(file).await;
    migrated.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failed(error),
        // A migration of the same number with other contents: only development versions have changed one.
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
