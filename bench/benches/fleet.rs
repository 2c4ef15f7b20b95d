//! Two engines on one Postgres with Restate, compared to one engine on the same Postgres.
//!
//! It starts both servers, as the tests do. The test Postgres does not wait for the disk (`fsync=off`), so that all times are
//! shorter than with a real one; both sides have the same.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]
#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::{
    mem::take,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, future::join_all, join};
use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;
use tokio::runtime::{Builder, Runtime};
use workflow_bench::{
    compare,
    fleet::{ENGINES, Fleet},
    is_chosen, node,
    sql::Log,
};
use workflow_core::{
    EventKind, LocalEngine, NewRun, RunId, Runs, StepEvent, Update, WorkflowId, Workflows,
    value::Timestamp,
};
use workflow_postgres::PostgresStore;
use workflow_test_services::{Postgres, Restate};

/// The steps of a long run, and how often it is executed.
const STEPS: u32 = 200;
const LONG_RUNS: usize = 40;
/// The runs whose start is measured.
const STARTS: usize = 100;
/// The concurrent clients, and the runs of each in a round.
const CLIENTS: u32 = 20;
const RUNS: u32 = 5;
/// The runs that are read on both engines, and their steps.
const READ_RUNS: usize = 8;
const READ_STEPS: usize = 50;
/// The concurrent appenders, and the events of each in a round.
const APPENDERS: u32 = 16;
const APPENDS: u32 = 50;

fn main() {
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let postgres = Postgres::start();
    let restate = Restate::start();
    println!("\nmulti-thread runtime, {ENGINES} engines beside one; Postgres with fsync=off");
    let sides = runtime.block_on(Sides::start(&postgres, &restate));
    runtime.block_on(sides.steps());
    runtime.block_on(sides.starts());
    sides.clients(&runtime);
    runtime.block_on(sides.readers());
    runtime.block_on(sides.fleet.shut_down());
    runtime.block_on(sides.alone.shutdown(Duration::ZERO));
    appenders(&runtime, &postgres.create_database());
}

/// One engine alone, and a fleet, each on a database of its own on one server.
struct Sides {
    alone: Arc<LocalEngine>,
    fleet: Fleet,
}

impl Sides {
    async fn start(postgres: &Postgres, restate: &Restate) -> Self {
        // As many connections as all engines of the fleet together.
        let store = PostgresStore::builder(&postgres.create_database()).with_connections(20);
        let alone = LocalEngine::builder(node::registry())
            .with_store(Arc::new(store.connect().await.unwrap()))
            .build();
        Self {
            alone: Arc::new(alone),
            fleet: Fleet::start(&postgres.create_database(), restate).await,
        }
    }

    /// Stores a workflow on both sides.
    async fn store(&self, spec: Value) -> [WorkflowId; 2] {
        let engines = [&self.alone, self.fleet.engine(0)];
        let stored = engines.map(|engine| engine.create_workflow(spec.clone()));
        let [alone, fleet] = stored;
        [alone.await.unwrap(), fleet.await.unwrap()].map(|stored| stored.record.id)
    }

    /// The engine that drove a run of the fleet.
    fn driver(&self, run: RunId) -> usize {
        self.fleet.handover(run).called.unwrap().1
    }

    async fn steps(&self) {
        let name = "a step of a chain of 200";
        if !is_chosen(name) {
            return;
        }
        let [alone, fleet] = self.store(node::chain(STEPS as usize)).await;
        let mut floor = Vec::new();
        // Read on the engine that drives, and on the other one.
        let mut ours = [const { Vec::new() }; 2];
        for round in 0..LONG_RUNS {
            let (_, log) = run(&self.alone, alone).await;
            floor.push(per_step(&log));
            let reader = round % ENGINES;
            let (id, log) = run(self.fleet.engine(reader), fleet).await;
            ours[usize::from(self.driver(id) != reader)].push(per_step(&log));
        }
        let floor = sorted(floor);
        print(name, "one engine", &floor, None);
        for (side, times) in ["fleet, read by driver", "fleet, followed"]
            .iter()
            .zip(ours)
        {
            print(name, side, &sorted(times), Some(&floor));
        }
    }

    async fn starts(&self) {
        let name = "created to started, idle";
        if !is_chosen(name) {
            return;
        }
        let [alone, fleet] = self.store(node::chain(1)).await;
        let [mut floor, mut ours] = [Vec::new(), Vec::new()];
        let mut parts = [const { Vec::new() }; 4];
        for round in 0..STARTS {
            let (_, log) = run(&self.alone, alone).await;
            floor.push(started(&log).since(created(&log)));
            let (id, log) = run(self.fleet.engine(round % ENGINES), fleet).await;
            let (created, started) = (created(&log), started(&log));
            ours.push(started.since(created));
            let handover = self.fleet.handover(id);
            let requested = handover.requested.unwrap();
            let called = handover.called.unwrap().0;
            let accepted = handover.accepted.unwrap_or(called);
            let all = [
                requested.since(created),
                accepted.since(requested),
                called.since(requested),
                started.since(called),
            ];
            parts
                .iter_mut()
                .zip(all)
                .for_each(|(part, time)| part.push(time));
        }
        let floor = sorted(floor);
        print(name, "one engine", &floor, None);
        print(name, "fleet", &sorted(ours), Some(&floor));
        let names = [
            "stored and handed over",
            "Restate has the request",
            "Restate calls an engine",
            "the engine begins",
        ];
        for (part, times) in names.iter().zip(parts) {
            print("", part, &sorted(times), None);
        }
    }

    fn clients(&self, runtime: &Runtime) {
        let [alone, fleet] = runtime.block_on(self.store(node::chain(10)));
        let engines: Vec<_> = (0..ENGINES)
            .map(|n| Arc::clone(self.fleet.engine(n)))
            .collect();
        let runs = compare(
            &format!("{CLIENTS} clients, a run of ten steps"),
            CLIENTS * RUNS,
            || runtime.block_on(crowd(&[Arc::clone(&self.alone)], alone)),
            || runtime.block_on(crowd(&engines, fleet)),
        );
        if let Some(run) = runs {
            println!("  {:.0} runs a second", 1.0 / run.as_secs_f64());
        }
    }

    async fn readers(&self) {
        let name = "an event on the other engine";
        if !is_chosen(name) {
            return;
        }
        let [_, workflow] = self.store(node::pauses(READ_STEPS, 20)).await;
        let mut times = Vec::new();
        for round in 0..READ_RUNS {
            let [first, second] = [0, 1].map(|n| self.fleet.engine(n));
            let starter = [first, second][round % ENGINES];
            let id = start(starter, workflow).await;
            let (first, second) = join!(read(first, id), read(second, id));
            let (driver, other) = match self.driver(id) {
                0 => (first, second),
                _ => (second, first),
            };
            assert_eq!(driver.len(), other.len());
            // What is before it is there when a reader comes.
            let is_later = |read: &&Read| !matches!(read.event.kind, EventKind::RunCreated(_));
            let pairs = driver
                .iter()
                .filter(is_later)
                .zip(other.iter().filter(is_later));
            times
                .extend(pairs.map(|(driver, other)| other.at.saturating_duration_since(driver.at)));
        }
        print(name, "after the driver's", &sorted(times), None);
    }
}

fn appenders(runtime: &Runtime, database: &str) {
    let (store, pool) = runtime.block_on(async {
        let store = PostgresStore::builder(database).with_connections(APPENDERS);
        let pool = PgPoolOptions::new().max_connections(APPENDERS);
        (
            store.connect().await.unwrap(),
            pool.connect(database).await.unwrap(),
        )
    });
    let logs = || runtime.block_on(join_all((0..APPENDERS).map(|_| Log::create(&store))));
    let (mut floor, mut ours) = (logs(), logs());
    let append = compare(
        &format!("{APPENDERS} appenders, an append"),
        APPENDERS * APPENDS,
        || {
            let tasks = take(&mut floor).into_iter();
            let tasks = tasks.map(|log| runtime.spawn(log.execute(pool.clone(), APPENDS as usize)));
            let done = runtime.block_on(join_all(tasks)).into_iter();
            floor = done.map(Result::unwrap).collect();
        },
        || {
            let tasks = take(&mut ours).into_iter();
            let tasks = tasks.map(|log| runtime.spawn(log.append(store.clone(), APPENDS as usize)));
            let done = runtime.block_on(join_all(tasks)).into_iter();
            ours = done.map(Result::unwrap).collect();
        },
    );
    if let Some(append) = append {
        println!("  {:.0} appends a second", 1.0 / append.as_secs_f64());
    }
    runtime.block_on(async { join!(store.close(), pool.close()) });
}

/// All clients at once, distributed over the engines; each reads its run to the end, then starts the next one.
async fn crowd(engines: &[Arc<LocalEngine>], workflow: WorkflowId) {
    let clients = engines.iter().cycle().take(CLIENTS as usize).map(|engine| {
        let engine = Arc::clone(engine);
        tokio::spawn(async move {
            for _ in 0..RUNS {
                run(&engine, workflow).await;
            }
        })
    });
    for client in join_all(clients).await {
        client.unwrap();
    }
}

/// An event, and when a reader got it.
struct Read {
    event: StepEvent,
    at: Instant,
}

async fn start(engine: &LocalEngine, workflow: WorkflowId) -> RunId {
    let new = NewRun::new(workflow, json!(null));
    engine.start(new).await.unwrap().id
}

/// Reads a run to the end.
async fn read(engine: &LocalEngine, run: RunId) -> Vec<Read> {
    let mut log = Vec::new();
    let mut updates = engine.events(run, 0).await.unwrap();
    while let Some(update) = updates.next().await {
        if let Update::Event(event) = update {
            log.push(Read {
                event,
                at: Instant::now(),
            });
        }
    }
    log
}

/// Starts a run and reads it to the end.
async fn run(engine: &LocalEngine, workflow: WorkflowId) -> (RunId, Vec<Read>) {
    let id = start(engine, workflow).await;
    (id, read(engine, id).await)
}

fn created(log: &[Read]) -> Timestamp {
    log[0].event.time
}

fn started(log: &[Read]) -> Timestamp {
    let is_start = |read: &&Read| matches!(read.event.kind, EventKind::RunStarted(_));
    log.iter().find(is_start).unwrap().event.time
}

fn per_step(log: &[Read]) -> Duration {
    let last = &log.last().unwrap().event;
    assert!(matches!(last.kind, EventKind::RunCompleted(_)), "{last:?}");
    last.time.since(started(log)) / STEPS
}

fn sorted(mut times: Vec<Duration>) -> Vec<Duration> {
    times.sort_unstable();
    times
}

/// Prints the median and the 95th percentile, with the ratio of the medians to a floor.
fn print(name: &str, side: &str, times: &[Duration], floor: Option<&[Duration]>) {
    if times.is_empty() {
        println!("{name:<30} {side:<24} no run was so");
        return;
    }
    let at = |times: &[Duration], percent: usize| times[(times.len() - 1) * percent / 100];
    let (median, late) = (at(times, 50), at(times, 95));
    let ratio = floor.map_or(String::new(), |floor| {
        let ratio = median.as_secs_f64() / at(floor, 50).as_secs_f64();
        format!("   ratio {ratio:>5.2}")
    });
    let count = times.len();
    println!(
        "{name:<30} {side:<24} p50 {median:>10.2?}   p95 {late:>10.2?}   of {count:>4}{ratio}"
    );
}
