//! The background check of the whole file: SQLite's `quick_check`, then the checksum of every row.
//!
//! It runs on its own connection after the store is opened, so opening takes milliseconds for a file of
//! any size that has the newest format. It logs its result, stops all writes if the file itself is damaged, and repairs wrong numbers of runs.

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
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::sleep,
};

use workflow_sqlkit::{Cause, EventRow, RunRow, VersionRow, number};

use crate::{
    error::is_damage,
    file::FileHealth,
    write::Write,
    writer::{Job, write},
};

/// The number of rows per statement. A long statement would prevent checkpoints of the write-ahead log.
const ROWS_PER_READ: i64 = 500;

/// The number of damaged rows that are logged individually.
const MAX_LOGGED: u64 = 20;

/// The interval at which SQLite calls the progress handler, in steps of its virtual machine: about every
/// millisecond.
const STEPS_PER_CHECK: i32 = 10_000;

pub(crate) const RUNS: &str = concat!(
    "SELECT ",
    workflow_sqlkit::run_columns!(),
    ", number FROM run WHERE number > ?1 ORDER BY number LIMIT ?3"
);
pub(crate) const VERSIONS: &str = "SELECT workflow, version, record, version.checksum, name, newest, deleted, workflow.checksum, version.rowid \
     FROM version JOIN workflow ON workflow = id WHERE version.rowid > ?1 ORDER BY version.rowid LIMIT ?3";
pub(crate) const EVENTS: &str = "SELECT run, seq, body, checksum FROM event WHERE (run, seq) > (?, ?) ORDER BY run, seq LIMIT ?";

/// The numbers of runs that are not as they are kept.
pub(crate) const WRONG_COUNTS: &str = "SELECT count(*) FROM ( \
         SELECT workflow, status FROM ( \
             SELECT workflow, status, runs FROM run_count UNION ALL \
             SELECT workflow, status, -count(*) FROM run GROUP BY workflow, status) \
         GROUP BY workflow, status HAVING sum(runs) <> 0)";

/// The result of the background check of a [`SqliteStore`](crate::SqliteStore).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// The damage of the file itself, in the words of SQLite. If there is any, rows are not checked and
    /// the store is not written any more.
    pub damage: Option<String>,
    /// The number of records of runs and versions of workflows that were checked.
    pub records: u64,
    /// The number of events that were checked.
    pub events: u64,
    /// The number of rows that do not match their checksum or cannot be decoded, so that reading one fails, and of kept
    /// numbers of runs that were wrong, which are repaired.
    pub changed: u64,
}

/// A running check.
pub(crate) struct ScanHandle {
    stop: Arc<AtomicBool>,
    checked: watch::Receiver<Option<CheckReport>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl ScanHandle {
    /// Waits for the report. `None` if the check was stopped or could not read the file.
    pub(crate) async fn report(&self) -> Option<CheckReport> {
        let mut checked = self.checked.clone();
        let found = checked.wait_for(Option::is_some).await.ok()?;
        found.clone()
    }

    /// Stops the check, and waits until its connection is closed.
    pub(crate) async fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            // The task ends by itself or is cancelled with its runtime. Neither is an error here.
            let _ = task.await;
        }
    }
}

impl Drop for ScanHandle {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The task of the check.
pub(crate) struct Scan {
    options: SqliteConnectOptions,
    health: Arc<FileHealth>,
    queue: mpsc::WeakSender<Job>,
    stop: Arc<AtomicBool>,
    checked: CheckReport,
}

impl Scan {
    /// Starts the check.
    pub(crate) fn spawn(
        options: SqliteConnectOptions,
        health: Arc<FileHealth>,
        queue: mpsc::WeakSender<Job>,
    ) -> ScanHandle {
        let stop = Arc::new(AtomicBool::new(false));
        let scan = Self {
            options: options.pragma("query_only", "ON"),
            health,
            queue,
            stop: Arc::clone(&stop),
            checked: CheckReport::default(),
        };
        let (sender, checked) = watch::channel(None);
        let task = async move {
            if let Some(found) = scan.run().await {
                sender.send_replace(Some(found));
            }
        };
        ScanHandle {
            stop,
            checked,
            task: Mutex::new(Some(tokio::spawn(task))),
        }
    }

    /// Runs the check and logs its result. `None` if it was stopped or could not read the file.
    async fn run(mut self) -> Option<CheckReport> {
        let begun = Instant::now();
        if let Err(error) = self.open_and_scan().await {
            if !self.stopped() {
                tracing::warn!(%error, "the background check of the store failed; rows are still checked when they are read");
            }
            return None;
        }
        if self.stopped() {
            return None;
        }
        let seconds = begun.elapsed().as_secs();
        let CheckReport {
            records,
            events,
            changed,
            ..
        } = self.checked;
        match (&self.checked.damage, changed) {
            (Some(found), _) => {
                tracing::error!(%found, seconds, "the file of the store is damaged and is not written any more: stop the program, then put a backup in its place or save what `sqlite3 FILE .recover` reads");
            }
            (None, 0) => tracing::info!(
                records,
                events,
                seconds,
                "the store was checked: no damage found"
            ),
            (None, _) => tracing::error!(
                changed,
                records,
                events,
                seconds,
                "the store was checked: some rows are damaged"
            ),
        }
        Some(self.checked)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Scans the file on a separate connection, whose progress handler interrupts a long statement when the
    /// store is closed.
    async fn open_and_scan(&mut self) -> sqlx::Result<()> {
        let mut file = SqliteConnection::connect_with(&self.options).await?;
        let stop = Arc::clone(&self.stop);
        let keep_running = move || !stop.load(Ordering::Relaxed);
        file.lock_handle()
            .await?
            .set_progress_handler(STEPS_PER_CHECK, keep_running);
        let outcome = self.scan_file(&mut file).await;
        file.close().await?;
        outcome
    }

    /// Checks the structure first. Rows of a damaged structure are not checked: their errors would only repeat
    /// the damage.
    async fn scan_file(&mut self, file: &mut SqliteConnection) -> sqlx::Result<()> {
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
            self.health.set_damaged(found.clone());
            self.checked.damage = Some(found);
            return Ok(());
        }
        self.table(file, VERSIONS, version).await?;
        self.table(file, RUNS, run).await?;
        self.table(file, EVENTS, event).await?;
        self.counts(file).await
    }

    /// Compares the kept numbers of runs with the runs, and has them counted again if they are wrong.
    async fn counts(&mut self, file: &mut SqliteConnection) -> sqlx::Result<()> {
        let wrong: u64 = query_scalar(WRONG_COUNTS).fetch_one(file).await?;
        if wrong == 0 || self.stopped() {
            return Ok(());
        }
        self.checked.changed += wrong;
        match write(&self.queue, Write::CountRuns).await {
            Ok(_) => tracing::error!(
                wrong,
                "numbers of runs by workflow and status were wrong: all runs were counted again"
            ),
            Err(_) if self.stopped() => {}
            Err(error) => tracing::error!(
                wrong,
                %error,
                "numbers of runs by workflow and status are wrong, as lists show them, and could not be counted again: the next attempt is at the next start"
            ),
        }
        Ok(())
    }

    /// Checks the rows of a table, [`ROWS_PER_READ`] at a time.
    async fn table(
        &mut self,
        file: &mut SqliteConnection,
        sql: &'static str,
        compare: fn(&SqliteRow) -> sqlx::Result<Compared>,
    ) -> sqlx::Result<()> {
        let mut after = (0, 0);
        loop {
            let begun = Instant::now();
            let first_after = after;
            let mut rows = query(sql)
                .bind(after.0)
                .bind(after.1)
                .bind(ROWS_PER_READ)
                .fetch(&mut *file);
            while let Some(row) = rows.try_next().await? {
                let compared = compare(&row)?;
                after = compared.place;
                self.record(compared);
            }
            drop(rows);
            if after == first_after || self.stopped() {
                return Ok(());
            }
            // Sleep as long as the read took, so that the check uses at most half of the disk's time.
            sleep(begun.elapsed()).await;
        }
    }

    /// Counts a row, and logs it if it is damaged, up to [`MAX_LOGGED`] rows.
    fn record(&mut self, compared: Compared) {
        if compared.is_event {
            self.checked.events += 1;
        } else {
            self.checked.records += 1;
        }
        if let Some((name, error)) = compared.changed {
            self.checked.changed += 1;
            if self.checked.changed <= MAX_LOGGED {
                tracing::error!(%error, "{name} cannot be read");
            }
        }
    }
}

/// The result for one row.
struct Compared {
    /// The position of the row, from which the next statement continues.
    place: (i64, i64),
    is_event: bool,
    /// The name of a damaged row and the reason.
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
