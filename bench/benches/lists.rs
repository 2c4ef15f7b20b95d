//! Lists, searches and counts over a million runs.
//!
//! The SQLite file is kept in the build folder. Postgres, if it is installed, has a new server that is filled each time;
//! `-- sqlite` measures the file only.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]
#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use sqlx::{
    Connection, PgPool, QueryBuilder, SqliteConnection, query_scalar, sqlite::SqliteConnectOptions,
};
use tokio::{runtime::Runtime, time::sleep};
use workflow_bench::{
    is_chosen,
    many::{RUNS, Runs},
    runtimes,
};
use workflow_core::{
    RunId, RunStatus, Store, WorkflowId,
    record::{PageRequest, RunQuery},
};
use workflow_postgres::PostgresStore;
use workflow_sqlite::SqliteStore;
use workflow_sqlkit::EncodedRun;
use workflow_test_services::Postgres;

/// The times that each query is measured.
const ROUNDS: usize = 9;

/// The goal of each query.
const GOAL: Duration = Duration::from_millis(20);

/// The full blocks of the search index.
const BLOCKS: i64 = RUNS / 4096;

/// What is searched for: in no run, in few, in many, short and long, and in other scripts.
const TEXTS: [(&str, &str); 17] = [
    ("1 letter, frequent", "e"),
    ("1 letter, absent", "☃"),
    ("1 byte, absent", "~"),
    ("2 letters, frequent", "th"),
    ("2 letters, absent", "qx"),
    ("3 letters, frequent", "the"),
    ("3 letters, absent", "qxz"),
    ("word, frequent", "customer"),
    ("phrase, frequent", "the customer"),
    ("phrase, rare", "needle in the haystack"),
    ("phrase of frequent parts, rare", "there the her"),
    (
        "phrase of frequent parts, absent",
        "the end of the other then there",
    ),
    ("name of a workflow", "Workflow 7"),
    ("Cyrillic", "Привет"),
    ("Chinese", "水"),
    ("emoji", "🦀🦀"),
    ("percent", "100%"),
];

fn main() {
    let [_, (_, runtime)] = runtimes();
    if is_chosen("sqlite") {
        runtime.block_on(sqlite());
    }
    if is_chosen("postgres") {
        postgres(&runtime);
    }
}

async fn sqlite() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lists-{RUNS}.db"));
    if !path.exists() {
        let unfinished = path.with_extension("unfinished");
        let _ = std::fs::remove_file(&unfinished);
        SqliteStore::open(&unfinished).await.unwrap().close().await;
        let begun = Instant::now();
        fill_sqlite(&unfinished).await;
        println!(
            "SQLite: {RUNS} runs were written in {:.0?}",
            begun.elapsed()
        );
        std::fs::rename(unfinished, &path).unwrap();
    }
    let begun = Instant::now();
    let store = SqliteStore::open(&path).await.unwrap();
    println!("SQLite: opened in {:.0?}", begun.elapsed());
    let mut file = SqliteConnection::connect_with(&options(&path))
        .await
        .unwrap();
    loop {
        let count = query_scalar("SELECT count(*) FROM run_block");
        let blocks: i64 = count.fetch_one(&mut file).await.unwrap();
        if blocks >= BLOCKS {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    println!("SQLite: indexed after {:.0?}", begun.elapsed());
    let bytes: i64 = query_scalar("SELECT sum(length(bytes)) FROM run_token")
        .fetch_one(&mut file)
        .await
        .unwrap();
    println!("SQLite: the index has {} bytes per run", bytes / RUNS);
    let middle: String = query_scalar("SELECT id FROM run ORDER BY id LIMIT 1 OFFSET ?")
        .bind(RUNS / 2)
        .fetch_one(&mut file)
        .await
        .unwrap();
    let workflow: String = query_scalar("SELECT workflow FROM run LIMIT 1")
        .fetch_one(&mut file)
        .await
        .unwrap();
    store.check_report().await;
    measure("SQLite", &store, &middle, &workflow).await;
    store.close().await;
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .pragma("synchronous", "OFF")
}

async fn fill_sqlite(path: &Path) {
    let mut file = SqliteConnection::connect_with(&options(path))
        .await
        .unwrap();
    let mut runs = Runs::new();
    for _ in 0..RUNS / 1_000 {
        let mut transaction = file.begin().await.unwrap();
        for _ in 0..1_000 / 50 {
            let rows: Vec<EncodedRun> = runs.by_ref().take(50).collect();
            let mut sql = QueryBuilder::new(
                "INSERT INTO run (id, workflow, status, last_seq, ended_at, name, excerpt, record, head, checksum, head_checksum) ",
            );
            sql.push_values(rows, |mut row, run| {
                row.push_bind(run.id)
                    .push_bind(run.workflow)
                    .push_bind(run.head.status)
                    .push_bind(run.head.last_seq)
                    .push_bind(run.head.ended_at)
                    .push_bind(run.name)
                    .push_bind(run.excerpt)
                    .push_bind(run.record)
                    .push_bind(run.head.json)
                    .push_bind(run.checksum)
                    .push_bind(run.head.checksum);
            });
            sql.build().execute(&mut *transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }
    file.close().await.unwrap();
}

fn postgres(runtime: &Runtime) {
    let server = Postgres::start();
    let url = server.create_database();
    runtime.block_on(async {
        PostgresStore::connect(&url).await.unwrap().close().await;
        let pool = PgPool::connect(&url).await.unwrap();
        let begun = Instant::now();
        fill_postgres(&pool).await;
        println!(
            "Postgres: {RUNS} runs were written in {:.0?}",
            begun.elapsed()
        );
        let store = PostgresStore::connect(&url).await.unwrap();
        let begun = Instant::now();
        loop {
            let count = query_scalar("SELECT count(*) FROM workflow_runner.run_block");
            let blocks: i64 = count.fetch_one(&pool).await.unwrap();
            if blocks >= BLOCKS {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
        println!("Postgres: indexed after {:.0?}", begun.elapsed());
        for sql in ["VACUUM ANALYZE", "CHECKPOINT"] {
            sqlx::raw_sql(sql).execute(&pool).await.unwrap();
        }
        let middle: String =
            query_scalar("SELECT id FROM workflow_runner.run ORDER BY id LIMIT 1 OFFSET $1")
                .bind(RUNS / 2)
                .fetch_one(&pool)
                .await
                .unwrap();
        let workflow = query_scalar("SELECT workflow FROM workflow_runner.run LIMIT 1");
        let workflow: String = workflow.fetch_one(&pool).await.unwrap();
        measure("Postgres", &store, &middle, &workflow).await;
        store.close().await;
    });
}

async fn fill_postgres(pool: &PgPool) {
    let mut runs = Runs::new();
    for _ in 0..RUNS / 1_000 {
        let rows: Vec<EncodedRun> = runs.by_ref().take(1_000).collect();
        let mut sql = QueryBuilder::new(
            "INSERT INTO workflow_runner.run (id, workflow, status, last_seq, ended_at, name, excerpt, record, head, checksum, head_checksum) ",
        );
        sql.push_values(rows, |mut row, run| {
            row.push_bind(run.id)
                .push_bind(run.workflow)
                .push_bind(run.head.status)
                .push_bind(run.head.last_seq)
                .push_bind(run.head.ended_at)
                .push_bind(run.name.into_bytes())
                .push_bind(run.excerpt.into_bytes())
                .push_bind(run.record)
                .push_bind(run.head.json)
                .push_bind(run.checksum)
                .push_bind(run.head.checksum);
        });
        sql.build().execute(pool).await.unwrap();
    }
}

/// Measures every combination of filters, on the first page and on one in the middle, and the counts.
async fn measure(database: &str, store: &dyn Store, middle: &str, workflow: &str) {
    let id = middle[24..].to_owned();
    let texts = TEXTS
        .into_iter()
        .chain([("part of an id", &*id)])
        .map(|(name, text)| (name, Some(text)));
    let mut slow = Vec::new();
    println!(
        "\n{database}, median and worst in ms:\n{:<36} first page       middle           count            found",
        ""
    );
    for (name, text) in [("no text", None)].into_iter().chain(texts) {
        for workflow in [None, Some(workflow)] {
            for status in [
                None,
                Some(RunStatus::Completed),
                Some(RunStatus::Failed),
                Some(RunStatus::Waiting),
            ] {
                let mut query = RunQuery::default();
                query.workflow_id = workflow.map(|id| id.parse::<WorkflowId>().unwrap());
                (query.status, query.text) = (status, text.map(str::to_owned));
                let of = format!(
                    "{name}{}{}",
                    if workflow.is_some() { ", workflow" } else { "" },
                    status.map_or_else(String::new, |status| format!(", {}", status.as_str())),
                );
                let first =
                    timed(|| async { store.runs(query.clone()).await.unwrap().items.len() }).await;
                let middle: RunId = middle.parse().unwrap();
                query.page = PageRequest::new(50, Some(middle.to_string()));
                let later =
                    timed(|| async { store.runs(query.clone()).await.unwrap().items.len() }).await;
                // The status is no part of a count.
                let counted = match status {
                    None => Some(timed(|| async { counted(store, &query).await }).await),
                    Some(_) => None,
                };
                let found = counted.map(|counted| counted.2).unwrap_or_default();
                println!(
                    "{of:<36} {} {} {} {found:>8}",
                    shown(Some(first)),
                    shown(Some(later)),
                    shown(counted)
                );
                for (what, (median, ..)) in [("first", first), ("middle", later)]
                    .into_iter()
                    .chain(counted.map(|counted| ("count", counted)))
                {
                    if median > GOAL {
                        slow.push(format!("{of} ({what}): {median:.0?}"));
                    }
                }
            }
        }
    }
    println!("{database}: {} slower than {GOAL:?}: {slow:#?}", slow.len());
}

async fn counted(store: &dyn Store, query: &RunQuery) -> usize {
    let counts = store.count_runs(query).await.unwrap();
    let all = RunStatus::ALL
        .map(|status| counts.of(status))
        .into_iter()
        .sum::<u64>();
    usize::try_from(all).unwrap()
}

/// The median and the longest time, and the result.
async fn timed<Work: Future<Output = usize>>(
    work: impl Fn() -> Work,
) -> (Duration, Duration, usize) {
    let mut times = Vec::new();
    let mut result = 0;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        result = work().await;
        times.push(begun.elapsed());
        if begun.elapsed() > Duration::from_millis(500) {
            break;
        }
    }
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() - 1], result)
}

fn shown(timed: Option<(Duration, Duration, usize)>) -> String {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    timed.map_or_else(String::new, |(median, worst, _)| {
        format!("{:>7.1} {:>7.1}", ms(median), ms(worst))
    })
}
