//! The files that are opened, and the errors of those that are not.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use futures::future::join_all;
use sqlx::{Connection, query};
use support::{SampleRun, file, log, messages};
use tempfile::TempDir;
use workflow_core::{
    Store,
    store::{RunLog, StoreError},
};
use workflow_sqlite::{OpenError, SqliteStore};

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    (directory, path)
}

/// Asserts that the file is refused and unchanged.
async fn refused(path: &Path) -> OpenError {
    let before = fs::read(path).unwrap();
    let error = SqliteStore::open(path).await.unwrap_err();
    assert_eq!(fs::read(path).unwrap(), before, "the file was changed");
    error
}

/// Writes a store with many pages and closes it.
async fn filled(path: &Path) {
    let store = SqliteStore::open(path).await.unwrap();
    let mut run = SampleRun::stored(&store).await;
    for _ in 0..50 {
        run.step(&store, &"x".repeat(3_000)).await.unwrap();
    }
    store.close().await;
}

#[tokio::test]
async fn garbage_is_not_a_store() {
    let (_directory, path) = place();
    fs::write(&path, "a letter to a friend\n".repeat(1_000)).unwrap();
    let error = refused(&path).await;
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error:?}");
    assert!(!messages(&error).contains("friend"));
}

#[tokio::test]
async fn the_database_of_another_program_is_not_a_store() {
    let (_directory, path) = place();
    let mut other = file(&path).await;
    query("CREATE TABLE run (id INTEGER)")
        .execute(&mut other)
        .await
        .unwrap();
    other.close().await.unwrap();
    let error = refused(&path).await;
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error:?}");
}

#[tokio::test]
async fn an_empty_file_becomes_a_store() {
    let (_directory, path) = place();
    fs::write(&path, "").unwrap();
    SqliteStore::open(&path)
        .await
        .unwrap()
        .ping()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_newer_store_is_refused() {
    let (_directory, path) = place();
    SqliteStore::open(&path).await.unwrap().close().await;
    let mut newer = file(&path).await;
    query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
           VALUES (999, 'later', TRUE, x'00', 1)",
    )
    .execute(&mut newer)
    .await
    .unwrap();
    newer.close().await.unwrap();
    let error = refused(&path).await;
    assert!(
        matches!(
            error,
            OpenError::Newer {
                found: 999,
                known: 3,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_store_of_a_development_version_is_refused() {
    let (_directory, path) = place();
    SqliteStore::open(&path).await.unwrap().close().await;
    let mut older = file(&path).await;
    query("UPDATE _sqlx_migrations SET version = 3 - version")
        .execute(&mut older)
        .await
        .unwrap();
    older.close().await.unwrap();
    let error = refused(&path).await;
    assert!(
        matches!(error, OpenError::Development { found: 1, .. }),
        "{error:?}"
    );
    let message = error.to_string();
    assert!(message.contains("development version"), "{message}");
    assert!(message.contains("another data directory"), "{message}");
}

#[tokio::test]
async fn a_truncated_file_is_damaged() {
    let (_directory, path) = place();
    filled(&path).await;
    let whole = fs::metadata(&path).unwrap().len();
    let opened = fs::OpenOptions::new().write(true).open(&path).unwrap();
    opened.set_len(whole / 2 / 4096 * 4096).unwrap();
    let error = refused(&path).await;
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains(".recover"), "{error}");
}

/// Opening reads the first pages only. The background check finds damage in the others, and stops writes.
#[tokio::test]
async fn the_background_check_finds_a_foreign_page() {
    let (_directory, path) = place();
    filled(&path).await;
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(b'?');
    fs::write(&path, bytes).unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    let found = store.check_report().await.unwrap().damage.unwrap();
    assert!(!found.contains("???"), "{found}");
    let error = store.ping().await.unwrap_err();
    assert!(
        messages(&error).contains("is damaged"),
        "{}",
        messages(&error)
    );
    let (record, first) = support::new_run();
    let refused = store.create_run(record, &[first], None).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    store.close().await;
}

#[tokio::test]
async fn the_background_check_of_an_intact_file_finds_no_damage() {
    let (_directory, path) = place();
    filled(&path).await;
    let store = SqliteStore::open(&path).await.unwrap();
    let report = store.check_report().await.unwrap();
    let counted = (report.records, report.events, report.changed);
    assert_eq!((report.damage, counted), (None, (1, 51, 0)));
    store.ping().await.unwrap();
}

#[tokio::test]
async fn closing_the_store_stops_the_background_check() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    join_all((0..2_000).map(|_| SampleRun::stored(&store))).await;
    store.close().await;
    let store = SqliteStore::open(&path).await.unwrap();
    store.close().await;
    assert_eq!(store.check_report().await, None);
}

/// The other names of a file, and how to create them.
#[cfg(unix)]
#[tokio::test]
async fn a_file_is_opened_once_whatever_its_name() {
    use std::os::unix::fs::symlink;
    type Make = fn(&Path, &Path) -> io::Result<()>;
    let makers: [(&str, Make); 3] = [
        ("symbolic link", |path, name| symlink(path, name)),
        ("hard link", |path, name| fs::hard_link(path, name)),
        ("link to its directory", |path, name| {
            symlink(path.parent().unwrap(), name)
        }),
    ];
    for (kind, make) in makers {
        let (_directory, path) = place();
        let (_elsewhere, name) = place();
        let store = SqliteStore::open(&path).await.unwrap();
        let mut run = SampleRun::stored(&store).await;
        make(&path, &name).unwrap();
        let name = if name.is_dir() {
            name.join("runs.db")
        } else {
            name
        };
        let error = SqliteStore::open(&name).await.unwrap_err();
        assert!(
            matches!(error, OpenError::Locked { .. }),
            "{kind}: {error:?}"
        );
        // The first store still works.
        run.step(&store, "done").await.unwrap();
        store.close().await;
        if kind != "hard link" {
            let store = SqliteStore::open(&name).await.unwrap();
            assert_eq!(log(&store, run.id).await.len(), 2, "{kind}");
            store.close().await;
        }
    }
}

/// What can happen to the files of an open store.
#[cfg(unix)]
#[tokio::test]
async fn nothing_is_written_to_missing_files() {
    type Lose = fn(&Path);
    let losses: [(&str, Lose); 6] = [
        ("the directory is deleted", |path| {
            fs::remove_dir_all(path.parent().unwrap()).unwrap();
        }),
        ("the directory is moved", |path| {
            let directory = path.parent().unwrap();
            fs::rename(directory, directory.with_extension("moved")).unwrap();
        }),
        ("the file is deleted", |path| fs::remove_file(path).unwrap()),
        ("the file is moved", |path| {
            fs::rename(path, path.with_extension("moved")).unwrap();
        }),
        ("the file is replaced", |path| {
            fs::copy(path, path.with_extension("copy")).unwrap();
            fs::rename(path.with_extension("copy"), path).unwrap();
        }),
        ("the write-ahead log is deleted", |path| {
            fs::remove_file(path.with_extension("db-wal")).unwrap();
        }),
    ];
    for (loss, lose) in losses {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("data").join("runs.db");
        let store = SqliteStore::open(&path).await.unwrap();
        let mut run = SampleRun::stored(&store).await;
        store.ping().await.unwrap();
        lose(&path);
        let refusals = [
            run.step(&store, "lost").await,
            store.ping().await,
            store.read(run.id, 0, 9).await.map(|_| ()),
            store.run(run.id).await.map(|_| ()),
        ];
        for refusal in refusals {
            let error = refusal.expect_err(loss);
            assert!(
                matches!(error, StoreError::Unavailable(_)),
                "{loss}: {error:?}"
            );
            assert!(
                messages(&error).contains("put it back"),
                "{loss}: {}",
                messages(&error)
            );
        }
        store.close().await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_was_put_back_is_used_again() {
    let (directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let mut run = SampleRun::stored(&store).await;
    let moved = directory.path().join("moved");
    fs::rename(&path, &moved).unwrap();
    run.step(&store, "refused").await.unwrap_err();
    fs::rename(&moved, &path).unwrap();
    store.ping().await.unwrap();
    run.step(&store, "taken").await.unwrap();
    assert_eq!(log(&store, run.id).await.len(), 2);
}

#[tokio::test]
async fn a_file_is_opened_once_until_it_is_closed() {
    let (_directory, path) = place();
    let first = SqliteStore::open(&path).await.unwrap();
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error:?}");
    first.ping().await.unwrap();
    first.close().await;
    SqliteStore::open(&path)
        .await
        .unwrap()
        .ping()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_missing_directory_is_created_but_not_its_parent() {
    let (directory, _) = place();
    let new = directory.path().join("new");
    let error = SqliteStore::open(new.join("newer/runs.db"))
        .await
        .unwrap_err();
    assert!(matches!(error, OpenError::NoDirectory { .. }), "{error:?}");
    assert!(!new.exists());
    SqliteStore::open(new.join("runs.db"))
        .await
        .unwrap()
        .ping()
        .await
        .unwrap();
}

/// An error that root gets, too.
#[tokio::test]
async fn a_file_in_place_of_the_directory_is_refused() {
    let (_directory, path) = place();
    fs::write(&path, "").unwrap();
    let error = SqliteStore::open(path.join("runs.db")).await.unwrap_err();
    assert!(matches!(error, OpenError::NoDirectory { .. }), "{error:?}");
    let error = SqliteStore::open(path.parent().unwrap()).await.unwrap_err();
    assert!(matches!(error, OpenError::Other { .. }), "{error:?}");
}

#[tokio::test]
async fn special_names_of_sqlite_are_ordinary_paths() {
    let (directory, _) = place();
    for name in ["file:x?mode=memory", "a b#c.db", ":memory:", "ünï%20.db"] {
        let path = directory.path().join(name);
        let store = SqliteStore::open(&path).await.unwrap();
        let run = SampleRun::stored(&store).await;
        store.close().await;
        let store = SqliteStore::open(&path).await.unwrap();
        assert!(store.run(run.id).await.unwrap().is_some(), "{name}");
        store.close().await;
        assert!(path.is_file(), "{name}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_readable_by_their_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let (directory, _) = place();
    let private = directory.path().join("private");
    let store = SqliteStore::open(private.join("runs.db")).await.unwrap();
    SampleRun::stored(&store).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&private), 0o700);
    let files: Vec<_> = fs::read_dir(&private)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    // The file, its lock, its write-ahead log and the shared memory.
    assert_eq!(files.len(), 4, "{files:?}");
    for path in files {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn after_closing_one_file_has_all_data() {
    let (directory, path) = place();
    filled(&path).await;
    let copy = directory.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    assert!(!directory.path().join("runs.db-wal").exists());
    let store = SqliteStore::open(&copy).await.unwrap();
    let run = store.unfinished(None, 1).await.unwrap().remove(0);
    assert_eq!(store.read(run.id, 0, 100).await.unwrap().len(), 51);
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let mut run = SampleRun::stored(&store).await;
    let clone = store.clone();
    store.close().await;
    store.close().await;
    let written = run.step(&clone, "late").await;
    assert!(
        matches!(written, Err(StoreError::Unavailable(_))),
        "{written:?}"
    );
    let read = clone.run(run.id).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
}

#[tokio::test]
async fn debug_output_has_the_path_and_no_data() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    SampleRun::stored(&store).await;
    assert_eq!(
        format!("{store:?}"),
        format!("SqliteStore {{ path: {path:?}, .. }}")
    );
}
