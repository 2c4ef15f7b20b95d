//! Looks through the whole file, in the background: opening it does not wait for that.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use futures::TryStreamExt;
use sqlx::{
    Connection, FromRow, SqliteConnection, query, query_scalar,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use tokio::{sync::watch, task::JoinHandle, time::sleep};

use workflow_sqlkit::{Cause, EventRow, RunRow, VersionRow, number};

use crate::{error::is_damage, file::Condition};

/// How many rows are read at once.
const ROWS: i64 = 500;

/// How many damaged rows are logged one by one.
const LOGGED: u64 = 20;

/// How often SQLite asks whether to go on: about every millisecond.
const STEPS: i32 = 10_000;

pub(crate) const RUNS: &str = concat!(
    "SELECT ",
    workflow_sqlkit::run_columns!(),
    ", number FROM run WHERE number > ?1 ORDER BY number LIMIT ?3"
);
pub(crate) const VERSIONS: &str = "SELECT workflow, version, record, version.checksum, name, newest, deleted, workflow.checksum, version.rowid \
     FROM version JOIN workflow ON workflow = id WHERE version.rowid > ?1 ORDER BY version.rowid LIMIT ?3";
pub(crate) const EVENTS: &str = "SELECT run, seq, body, checksum FROM event WHERE (run, seq) > (?, ?) ORDER BY run, seq LIMIT ?";

/// What a [`SqliteStore`](crate::SqliteStore) found when it looked through its whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// What is wrong with the file as a whole, as SQLite says it; the store is not written from then on.
    pub damage: Option<String>,
    /// How many records of runs and versions of workflows were compared with their checksums.
    pub records: u64,
    /// How many events were.
    pub events: u64,
    /// How many of these rows are not what was written: reading one of them fails.
    pub changed: u64,
}

/// A check that is under way, and what comes of it.
pub(crate) struct Scanning {
    stop: Arc<AtomicBool>,
    checked: watch::Receiver<Option<Checked>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Scanning {
    /// What was found; none if it was stopped before its end or could not read.
    pub(crate) async fn checked(&self) -> Option<Checked> {
        let mut checked = self.checked.clone();
        let found = checked.wait_for(Option::is_some).await.ok()?;
        found.clone()
    }

    /// Ends it, and waits until its connection is closed.
    pub(crate) async fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            // It ends by itself, or with its runtime.
            let _ = task.await;
        }
    }
}

impl Drop for Scanning {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// What looks.
pub(crate) struct Scan {
    options: SqliteConnectOptions,
    condition: Arc<Condition>,
    stop: Arc<AtomicBool>,
    checked: Checked,
}

impl Scan {
    /// Begins to look.
    pub(crate) fn spawn(options: SqliteConnectOptions, condition: Arc<Condition>) -> Scanning {
        let stop = Arc::new(AtomicBool::new(false));
        let scan = Self {
            options: options.pragma("query_only", "ON"),
            condition,
            stop: Arc::clone(&stop),
            checked: Checked::default(),
        };
        let (tell, checked) = watch::channel(None);
        let looking = async move {
            if let Some(found) = scan.run().await {
                tell.send_replace(Some(found));
            }
        };
        Scanning {
            stop,
            checked,
            task: Mutex::new(Some(tokio::spawn(looking))),
        }
    }

    /// Looks, and logs what it found; none when it was stopped or could not read.
    async fn run(mut self) -> Option<Checked> {
        let begun = Instant::now();
        if let Err(error) = self.look().await {
            if !self.stopped() {
                tracing::warn!(%error, "the store could not be checked whole; what is read is checked all the same");
            }
            return None;
        }
        if self.stopped() {
            return None;
        }
        let seconds = begun.elapsed().as_secs();
        let Checked {
            records,
            events,
            changed,
            ..
        } = self.checked;
        match (&self.checked.damage, changed) {
            (Some(found), _) => {
                tracing::error!(%found, seconds, "the file of the store is damaged: it is not written any more; stop the program, and put a backup in its place or save what `sqlite3 FILE .recover` reads");
            }
            (None, 0) => tracing::info!(
                records,
                events,
                seconds,
                "the store was checked: it is as it was written"
            ),
            (None, _) => tracing::error!(
                changed,
                records,
                events,
                seconds,
                "the store was checked: some of it is not what was written"
            ),
        }
        Some(self.checked)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    async fn look(&mut self) -> sqlx::Result<()> {
        let mut file = SqliteConnection::connect_with(&self.options).await?;
        let stop = Arc::clone(&self.stop);
        let goes_on = move || !stop.load(Ordering::Relaxed);
        file.lock_handle()
            .await?
            .set_progress_handler(STEPS, goes_on);
        let looked = self.look_through(&mut file).await;
        file.close().await?;
        looked
    }

    async fn look_through(&mut self, file: &mut SqliteConnection) -> sqlx::Result<()> {
        let found = query_scalar("PRAGMA quick_check(1)")
            .fetch_one(&mut *file)
            .await;
        let found: String = match found {
            Err(error) if is_damage(&error) => error.to_string(),
            found => found?,
        };
        if self.stopped() {
            return Ok(());
        }
        if found != "ok" {
            self.condition.set_damaged(found.clone());
            self.checked.damage = Some(found);
            return Ok(());
        }
        self.table(file, VERSIONS, version).await?;
        self.table(file, RUNS, run).await?;
        self.table(file, EVENTS, event).await
    }

    /// Compares the rows of a table, some at a time: a long statement would keep the write-ahead log from being
    /// used again.
    async fn table(
        &mut self,
        file: &mut SqliteConnection,
        sql: &'static str,
        compare: fn(&SqliteRow) -> sqlx::Result<Compared>,
    ) -> sqlx::Result<()> {
        let mut after = (0, 0);
        loop {
            let begun = Instant::now();
            let begins_after = after;
            let mut rows = query(sql)
                .bind(after.0)
                .bind(after.1)
                .bind(ROWS)
                .fetch(&mut *file);
            while let Some(row) = rows.try_next().await? {
                let compared = compare(&row)?;
                after = compared.place;
                self.note(compared);
            }
            drop(rows);
            if after == begins_after || self.stopped() {
                return Ok(());
            }
            // Half of the time is left to others.
            sleep(begun.elapsed()).await;
        }
    }

    fn note(&mut self, compared: Compared) {
        if compared.is_event {
            self.checked.events += 1;
        } else {
            self.checked.records += 1;
        }
        if let Some((name, error)) = compared.changed {
            self.checked.changed += 1;
            if self.checked.changed <= LOGGED {
                tracing::error!(%error, "{name} cannot be read");
            }
        }
    }
}

/// What came of a row.
struct Compared {
    /// Where the next one is after.
    place: (i64, i64),
    is_event: bool,
    /// Its name, and why it cannot be read, if it cannot.
    changed: Option<(String, Cause)>,
}

fn version(row: &SqliteRow) -> sqlx::Result<Compared> {
    let version = VersionRow::from_row(row)?;
    let name = || {
        let workflow = String::from_utf8_lossy(&version.workflow);
        format!("version {} of workflow {workflow}", version.version)
    };
    Ok(Compared {
        place: (number(row, 8)?, 0),
        is_event: false,
        changed: version.record().err().map(|error| (name(), error)),
    })
}

fn run(row: &SqliteRow) -> sqlx::Result<Compared> {
    let run = RunRow::from_row(row)?;
    let name = || format!("run {}", String::from_utf8_lossy(&run.id));
    Ok(Compared {
        place: (number(row, 14)?, 0),
        is_event: false,
        changed: run.record().err().map(|error| (name(), error)),
    })
}

fn event(row: &SqliteRow) -> sqlx::Result<Compared> {
    let run = number(row, 0)?;
    let event = EventRow::at(row, 1)?.ok_or(sqlx::Error::RowNotFound)?;
    let name = || format!("event {} of run number {run}", event.seq);
    Ok(Compared {
        place: (run, event.seq),
        is_event: true,
        changed: event.verify().err().map(|error| (name(), error)),
    })
}
