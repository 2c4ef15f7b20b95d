//! Runs with the SQLite store, compared to the same runs in memory and to the writes of the disk alone.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]
#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::{fs::File, io::Write, path::Path, sync::Arc};

use futures::future::join_all;
use tokio::runtime::Runtime;
use workflow_bench::{compare, hosted::Hosted, node, runtimes};
use workflow_core::{LocalEngine, MemoryStore, Store};
use workflow_sqlite::SqliteStore;

/// The number of events in the log of a run of a prompt and a model, and the number of its commits: one before the model is
/// called, and one at the end.
const EVENTS: u32 = 7;
const COMMITS: u32 = 2;

/// A model that answers faster than real ones do, in milliseconds. The other measurements have one that takes no time.
const FAST_MODEL_MS: u64 = 20;

fn main() {
    for (name, runtime) in runtimes() {
        println!("\n{name} runtime, SQLite, per run of a prompt and a model");
        runs(&runtime);
    }
}

fn runs(runtime: &Runtime) {
    // In the build folder, because the temporary directory of the system may be in memory.
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut disk = Disk::new(directory.path());
    let memory = runtime.block_on(hosted(MemoryStore::new(), 0));
    let store = SqliteStore::open(directory.path().join("runs.db"));
    let store = runtime.block_on(store).unwrap();
    let sqlite = runtime.block_on(hosted(store.clone(), 0));
    for (at_once, waves) in [(1, 10), (64, 5), (1_000, 1)] {
        let on_disk = || runtime.block_on(run(&sqlite, at_once, waves));
        compare(
            &format!("{at_once} at once, beside memory"),
            at_once * waves,
            || runtime.block_on(run(&memory, at_once, waves)),
            on_disk,
        );
        // Concurrent runs share commits, so the number of commits does not depend on the number of runs.
        let per_run = compare(
            &format!("{at_once} at once, beside the disk alone"),
            at_once * waves,
            || (0..waves * COMMITS).for_each(|_| disk.write()),
            on_disk,
        );
        if let Some(per_run) = per_run {
            let runs = 1.0 / per_run.as_secs_f64();
            println!(
                "  {runs:.0} runs and {:.0} events a second",
                runs * f64::from(EVENTS)
            );
        }
    }
    let memory = runtime.block_on(hosted(MemoryStore::new(), FAST_MODEL_MS));
    let sqlite = runtime.block_on(hosted(store.clone(), FAST_MODEL_MS));
    compare(
        &format!("64 at once, a model of {FAST_MODEL_MS} ms, beside memory"),
        64 * 5,
        || runtime.block_on(run(&memory, 64, 5)),
        || runtime.block_on(run(&sqlite, 64, 5)),
    );
    runtime.block_on(store.close());
}

async fn hosted(store: impl Store, model_ms: u64) -> Arc<Hosted> {
    let engine = LocalEngine::builder(node::registry())
        .with_max_running(2_000)
        .with_store(Arc::new(store))
        .build();
    Arc::new(Hosted::new(engine, node::prompt_and_model(model_ms)).await)
}

async fn run(hosted: &Arc<Hosted>, at_once: u32, waves: u32) {
    let lanes = (0..at_once).map(|_| {
        let hosted = Arc::clone(hosted);
        tokio::spawn(async move {
            for _ in 0..waves {
                hosted.run().await;
            }
        })
    });
    for lane in join_all(lanes).await {
        lane.unwrap();
    }
}

/// The smallest durable write: one page at the end of a file, synchronised.
struct Disk(File);

impl Disk {
    fn new(directory: &Path) -> Self {
        Self(File::create(directory.join("page")).unwrap())
    }

    fn write(&mut self) {
        self.0.write_all(&[7; 4096]).unwrap();
        self.0.sync_data().unwrap();
    }
}
