//! Several processes: one that is killed, one with a full disk, and two with the same file.
//!
//! Each test starts this test binary again and runs only [`child`] in it.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![allow(clippy::print_stdout, reason = "how the child reports to its parent")]

mod support;

use std::{
    collections::HashMap,
    env,
    io::{self, BufRead, BufReader, Lines, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use futures::future::join_all;
use support::{SampleRun, log};
use workflow_core::{
    RunId, Store,
    record::RunQuery,
    store::{Catalog, RunLog, StoreError},
};
use workflow_sqlite::{OpenError, SqliteStore};

const PATH: &str = "WORKFLOW_SQLITE_TEST_PATH";
const ROLE: &str = "WORKFLOW_SQLITE_TEST_ROLE";

/// Starts a child process with a role. `limit` is a shell command that runs before it.
fn start(role: &str, path: &Path, limit: &str) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut child = Command::new("sh")
        .args(["-c", &format!("{limit} exec \"$0\" \"$@\"")])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(PATH, path)
        .env(ROLE, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, output)
}

/// The rest of the next line with this word. `None` at the end of the output.
fn next_about(output: &mut Lines<BufReader<ChildStdout>>, word: &str) -> Option<String> {
    output
        .map_while(Result::ok)
        .find_map(|line| Some(line.split_once(&format!("{word} "))?.1.to_owned()))
}

#[tokio::test]
#[ignore = "started by the other tests"]
async fn child() {
    let store = SqliteStore::open(env::var(PATH).unwrap()).await;
    match env::var(ROLE).unwrap().as_str() {
        "append" => append_for_ever(&store.unwrap()).await,
        "fill" => fill(&store.unwrap()).await,
        "nearly full" => nearly_full(&store.unwrap()).await,
        "open" => println!("locked {}", matches!(store, Err(OpenError::Locked { .. }))),
        other => panic!("{other}"),
    }
}

/// Appends to several runs at once, and prints each acknowledged event.
async fn append_for_ever(store: &SqliteStore) {
    join_all((0..8).map(|_| async {
        let mut run = SampleRun::stored(store).await;
        loop {
            run.step(store, &"x".repeat(500)).await.unwrap();
            println!("acknowledged {} {}", run.id, run.head.last_seq);
        }
    }))
    .await;
}

#[tokio::test]
async fn acknowledged_events_survive_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let mut acknowledged = HashMap::new();
    for kill_after in [1, 150, 400] {
        let (mut child, mut output) = start("append", &path, "");
        let mut seen = 0;
        while let Some(line) = next_about(&mut output, "acknowledged") {
            seen += 1;
            if seen == kill_after {
                child.kill().unwrap();
            }
            let (run, seq) = line.split_once(' ').unwrap();
            // The last line may be incomplete.
            if let (Ok(run), Ok(seq)) = (run.parse::<RunId>(), seq.parse::<u64>()) {
                acknowledged.insert(run, seq);
            }
        }
        child.wait().unwrap();
        assert!(seen >= kill_after, "it ended by itself after {seen}");

        let store = SqliteStore::open(&path).await.unwrap();
        for record in store.runs(RunQuery::default()).await.unwrap().items {
            let log = log(&store, record.id).await;
            let numbers = log.iter().map(|event| event.seq);
            assert!(numbers.eq(1..=record.head.last_seq), "the log has a gap");
            let last = acknowledged.get(&record.id).copied().unwrap_or(0);
            assert!(record.head.last_seq >= last, "event {last} is lost");
        }
        for run in acknowledged.keys() {
            assert!(
                store.run(*run).await.unwrap().is_some(),
                "run {run} is lost"
            );
        }
        store.close().await;
    }
}

/// Appends until the disk is full, reports it, and appends again after a line of input.
async fn fill(store: &SqliteStore) {
    let mut run = SampleRun::stored(store).await;
    let refused = loop {
        match run.step(store, &"x".repeat(50_000)).await {
            Ok(()) => println!("acknowledged {} {}", run.id, run.head.last_seq),
            Err(error) => break error,
        }
    };
    println!("refused {}", matches!(refused, StoreError::Unavailable(_)));
    println!("probed {}", store.ping().await.is_err());
    println!("read {}", log(store, run.id).await.len());
    io::stdin().lines().next();
    store.ping().await.unwrap();
    run.step(store, "resumed").await.unwrap();
    store.close().await;
    println!("resumed {} {}", run.id, run.head.last_seq);
}

/// A small event can be written although `ping` finds no space.
async fn nearly_full(store: &SqliteStore) {
    let mut run = SampleRun::stored(store).await;
    run.step(store, "small").await.unwrap();
    println!("refused {}", store.ping().await.is_err());
    run.step(store, "small").await.unwrap();
    store.close().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn ping_requires_more_space_than_a_row() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let limit = "trap '' XFSZ; ulimit -S -f 1024;";
    let (mut child, mut output) = start("nearly full", &path, limit);
    assert_eq!(next_about(&mut output, "refused").as_deref(), Some("true"));
    assert!(child.wait().unwrap().success());
    let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "the file and its lock: {left:?}");
}

/// A limit on the size of files stands for a full disk. It applies to every user, also to root.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_refuses_writes_until_there_is_space() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let limit = "trap '' XFSZ; ulimit -S -f 1024;";
    let (mut child, mut output) = start("fill", &path, limit);
    let mut last = String::new();
    let refused = output.by_ref().map_while(Result::ok).find_map(|line| {
        if let Some((_, seen)) = line.split_once("acknowledged ") {
            last = seen.to_owned();
        }
        Some(line.split_once("refused ")?.1.to_owned())
    });
    assert_eq!(refused.as_deref(), Some("true"), "it is Unavailable");
    assert_eq!(
        next_about(&mut output, "probed").as_deref(),
        Some("true"),
        "ping finds it"
    );
    let (run, seq) = last.split_once(' ').unwrap();
    assert_eq!(
        next_about(&mut output, "read").as_deref(),
        Some(seq),
        "the log is as acknowledged"
    );

    let raised = Command::new("prlimit")
        .args(["--pid", &child.id().to_string(), "--fsize=unlimited"])
        .status();
    assert!(raised.unwrap().success());
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    let next = seq.parse::<u64>().unwrap() + 1;
    assert_eq!(
        next_about(&mut output, "resumed"),
        Some(format!("{run} {next}"))
    );
    assert!(child.wait().unwrap().success());

    let store = SqliteStore::open(&path).await.unwrap();
    let log = log(&store, run.parse().unwrap()).await;
    assert_eq!(log.last().map(|event| event.seq), Some(next));
}

#[tokio::test]
async fn another_process_is_refused_until_the_first_one_has_ended() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let link = directory.path().join("link.db");
    std::fs::hard_link(&path, &link).unwrap();
    for name in [&path, &link] {
        let (mut second, mut output) = start("open", name, "");
        assert_eq!(next_about(&mut output, "locked").as_deref(), Some("true"));
        second.wait().unwrap();
    }
    store.ping().await.unwrap();
    store.close().await;

    let (mut first, mut output) = start("append", &path, "");
    assert!(next_about(&mut output, "acknowledged").is_some());
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error:?}");
    assert!(error.to_string().contains("another process"), "{error}");
    first.kill().unwrap();
    first.wait().unwrap();
    SqliteStore::open(&path)
        .await
        .unwrap()
        .ping()
        .await
        .unwrap();
}
