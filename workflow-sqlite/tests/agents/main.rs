//! A process that runs agents is killed at random moments and started again. What its tools do is counted outside of it: a call that must
//! not be repeated happens at most once, and a run that completes has made each of its calls.
//!
//! `AGENT_KILLS` sets the number of kills, 12 by default; `AGENT_SEED` sets their times.

#![cfg(unix)]
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test binary has no public API, and may fail by panicking"
)]
#![allow(
    clippy::print_stdout,
    reason = "how the child reports to its parent, and the figures"
)]

mod world;

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use workflow_core::{
    EventKind, RunStatus, StepEvent, Workflows,
    event::StartReason,
    record::{PageRequest, RunQuery, RunRecord},
    store::{Catalog, RunLog},
};
use workflow_sqlite::SqliteStore;

use world::{Place, answer_all, engine, spec, work_for_ever};

const PLACE: &str = "WORKFLOW_AGENTS_TEST_PLACE";
const WORKFLOW: &str = "WORKFLOW_AGENTS_TEST_WORKFLOW";

#[tokio::test]
#[ignore = "started by the other test"]
async fn child() {
    work_for_ever().await;
}

/// Starts this test binary again, and kills it some time after it has begun to work; now and then while it starts.
fn kill_one(place: &Path, workflow: &str, random: &mut fastrand::Rng) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(PLACE, place)
        .env(WORKFLOW, workflow)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    if random.u32(0..20) > 0 {
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines
            .map_while(Result::ok)
            .any(|line| line.contains("ready"));
        assert!(ready, "the child ended by itself");
    }
    std::thread::sleep(Duration::from_millis(random.u64(0..100)));
    child.kill().unwrap();
    child.wait().unwrap();
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn what_must_happen_once_happens_once_after_kills_at_any_moment() {
    let start = number("AGENT_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("AGENT_SEED={start}");
    let mut random = fastrand::Rng::with_seed(start);
    let directory = tempfile::tempdir().unwrap();
    let place = Place::new(directory.path());
    let (first, store) = engine(&place).await;
    let workflow = first.create_workflow(spec()).await.unwrap().record.id;
    drop(first);
    store.close().await;
    drop(store);

    let kills = number("AGENT_KILLS").unwrap_or(12);
    let mut seen = Seen::default();
    for kill in 1..=kills {
        kill_one(directory.path(), &workflow.to_string(), &mut random);
        // The runs so far are checked now and then, so that a long test reports what it has found.
        if kill % 500 == 0 || kill == kills {
            seen = checked(&place, kill == kills).await;
            println!("{kill} kills: {seen:?}");
        }
    }
    assert!(seen.completed > 0, "no run completed: {seen:?}");
    assert!(seen.lost > 0, "no kill met an attempt: {seen:?}");
}

/// What became of the runs.
#[derive(Debug, Default)]
struct Seen {
    completed: usize,
    ambiguous: usize,
    exhausted: usize,
    /// Runs that are not over.
    open: usize,
    /// Attempts that replace one that was lost.
    lost: usize,
    /// The turns that were begun, and how often a model was asked.
    turns: usize,
    requests: usize,
    /// The effects that must not, and that may happen twice, and how many of those did.
    once: usize,
    may_repeat: usize,
    repeated: usize,
}

/// Checks all runs; with `to_end`, after they have ended.
async fn checked(place: &Place, to_end: bool) -> Seen {
    let store = if to_end {
        let (engine, store) = engine(place).await;
        engine.recover().await.unwrap();
        while answer_all(&engine, &store).await > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        engine.shutdown(Duration::from_secs(5)).await;
        store
    } else {
        SqliteStore::open(place.store()).await.unwrap().into()
    };
    let mut effects: BTreeMap<String, usize> = BTreeMap::new();
    for line in place.noted("effects") {
        *effects.entry(line).or_default() += 1;
    }
    let mut requests: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in place.noted("requests") {
        let (turn, hash) = line.split_once(' ').unwrap();
        requests
            .entry(turn.to_owned())
            .or_default()
            .push(hash.to_owned());
    }
    let mut seen = Seen::default();
    let mut query = RunQuery::default();
    loop {
        let page = store.runs(query.clone()).await.unwrap();
        for record in page.items {
            let log = store.read(record.id, 0, 10_000).await.unwrap();
            check(&record, &log, &mut effects, &mut requests, &mut seen);
        }
        let Some(cursor) = page.next_cursor else {
            break;
        };
        query.page = PageRequest::new(200, Some(cursor));
    }
    assert!(
        effects.is_empty(),
        "effects of no logged attempt: {effects:?}"
    );
    assert!(
        requests.is_empty(),
        "requests of no logged attempt: {requests:?}"
    );
    store.close().await;
    seen
}

/// Checks one run, and takes its effects and requests out of those that are left.
fn check(
    record: &RunRecord,
    log: &[StepEvent],
    effects: &mut BTreeMap<String, usize>,
    requests: &mut BTreeMap<String, Vec<String>>,
    seen: &mut Seen,
) {
    let brief = || {
        let brief = |event: &StepEvent| {
            let path = event.step().map(|step| step.path().to_string());
            format!("{} {}", event.kind.name(), path.unwrap_or_default())
        };
        log.iter().map(brief).collect::<Vec<_>>().join("\n")
    };
    assert!(
        log.iter().map(|event| event.seq).eq(1..=log.len() as u64),
        "{}",
        brief()
    );
    let mut attempts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut over = BTreeSet::new();
    let mut completed = BTreeSet::new();
    let mut is_ambiguous = false;
    for event in log {
        let Some(step) = event.step().filter(|_| !event.is_terminal()) else {
            continue;
        };
        let path = step.path().as_str();
        assert!(
            !over.contains(path),
            "{path} continues after its end\n{}",
            brief()
        );
        match &event.kind {
            EventKind::NodeStarted(it) => {
                *attempts.entry(path).or_default() += 1;
                seen.lost += usize::from(it.reason == Some(StartReason::Recovered));
                assert!(
                    !is_ambiguous || !path.ends_with("/turn"),
                    "{path} after an ambiguous call\n{}",
                    brief()
                );
            }
            EventKind::NodeCompleted(_) => {
                completed.insert(path);
                over.insert(path);
            }
            EventKind::NodeFailed(it) => {
                is_ambiguous |= it.error.code == "ambiguous";
                over.insert(path);
            }
            EventKind::NodeCancelled(_) => _ = over.insert(path),
            _ => {}
        }
    }
    for (path, attempts) in attempts {
        let key = format!("{}/{path}", record.id);
        if path.ends_with("/turn") {
            let sent = requests.remove(&key).unwrap_or_default();
            seen.turns += 1;
            seen.requests += sent.len();
            assert!(sent.len() <= attempts, "{path}\n{}", brief());
            let is_same = sent.iter().all(|hash| *hash == sent[0]);
            assert!(
                is_same,
                "{path} was sent differently: {sent:?}\n{}",
                brief()
            );
            assert!(
                !sent.is_empty() || !completed.contains(path),
                "{path}\n{}",
                brief()
            );
        } else if path.ends_with("/act") {
            let times = effects.remove(&key).unwrap_or_default();
            let is_once = path.contains("/pay-") || path.contains("/send-");
            let most = if is_once { 1 } else { attempts };
            assert!(times <= most, "{path} happened {times} times\n{}", brief());
            assert!(
                times > 0 || !completed.contains(path),
                "{path}\n{}",
                brief()
            );
            if is_once {
                seen.once += times;
            } else {
                seen.may_repeat += times;
                seen.repeated += usize::from(times > 1);
            }
        }
    }
    seen.end(record, log, |call| over.contains(call), &brief);
}

impl Seen {
    /// Counts how a run ended. One that completed has made its calls.
    fn end(
        &mut self,
        record: &RunRecord,
        log: &[StepEvent],
        is_over: impl Fn(&str) -> bool,
        brief: &dyn Fn() -> String,
    ) {
        match (record.head.status, log.last().map(|event| &event.kind)) {
            (RunStatus::Completed, _) => {
                self.completed += 1;
                let calls = ["0/read-0", "0/pay-1", "0/delegate-2", "1/pay-0", "1/send-1"];
                for call in calls {
                    assert!(is_over(&format!("agent/{call}")), "{call}\n{}", brief());
                }
            }
            (RunStatus::Failed, Some(EventKind::RunFailed(failed))) => match &*failed.error.code {
                "ambiguous" => self.ambiguous += 1,
                "recovery_exhausted" => self.exhausted += 1,
                code => panic!("{code}: {}\n{}", failed.error.detail, brief()),
            },
            _ => self.open += 1,
        }
    }
}
