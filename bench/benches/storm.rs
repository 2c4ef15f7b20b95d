//! Many runs at once, each of which streams the words of a model to a reader of its own, beside the least code that passes
//! the same words on.
//!
//! Model, service and readers are separate processes of this program. Both sides are measured alternately.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]
#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::{env, pin::pin, sync::Arc, time::Duration};

use axum::{Router, serve::ListenerExt};
use futures::future::join_all;
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpSocket},
    runtime::Builder,
    time::interval,
};
use workflow_bench::{
    is_chosen,
    storm::{
        WORDS, floor, model,
        process::Process,
        reader::{self, Progress, Seen},
    },
};
use workflow_core::{LocalEngine, Registry, Workflows};
use workflow_gemini::GeminiClient;
use workflow_http::Options;

/// The allocator of `workflow-server`.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The runs at once.
const STORMS: [usize; 2] = [250, 1_000];

/// The storms of each side.
const ROUNDS: usize = 3;

/// The arguments that start the other processes.
const MODEL: &str = "--model";
const FLOOR: &str = "--floor";
const OURS: &str = "--ours";

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let after = |name: &str| {
        let at = arguments.iter().position(|it| it == name)?;
        Some(arguments.get(at + 1).cloned().unwrap_or_default())
    };
    let single = || Builder::new_current_thread().enable_all().build().unwrap();
    let multi = || Builder::new_multi_thread().enable_all().build().unwrap();
    if after(MODEL).is_some() {
        single().block_on(serve_bare(model::router()));
    } else if let Some(model) = after(FLOOR) {
        multi().block_on(async {
            serve_bare(floor::router(&model)).await;
        });
    } else if let Some(model) = after(OURS) {
        multi().block_on(serve_ours(&model));
    } else if cfg!(target_os = "linux") {
        single().block_on(measure());
    } else {
        println!("this benchmark needs /proc, which only Linux has");
    }
}

/// Serves a router without anything around it, and prints its address.
async fn serve_bare(router: Router) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    // As the service does: with the queue of `TcpListener`, many readers would connect a second later.
    let listener = socket.listen(4_096).unwrap();
    println!("{}", listener.local_addr().unwrap());
    println!("{}", floor::PATH);
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    axum::serve(listener, router).await.unwrap();
}

/// Serves the whole service with one workflow of one step, and prints its address and the path that starts a run.
async fn serve_ours(model: &str) {
    let client = GeminiClient::builder()
        .with_api_key("none")
        .with_base_url(format!("http://{model}"))
        .build()
        .unwrap();
    let mut registry = Registry::default();
    workflow_gemini::register(&mut registry, client);
    let engine = LocalEngine::builder(registry).build();
    let spec =
        json!({"nodes": [{"id": "llm", "type": "LLMNode", "data": {"prompt": "{{ input }}"}}]});
    let workflow = engine.create_workflow(spec).await.unwrap().record.id;
    let options = Options::default();
    let router = workflow_http::router(Arc::new(engine), options.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    println!("/api/workflows/{workflow}/runs");
    workflow_http::serve(listener, router, &options)
        .await
        .unwrap();
}

async fn measure() {
    let model = Process::start(&[MODEL], 2).await;
    let model = &model.lines[0];
    for runs in STORMS {
        let name = format!("{runs} runs at once");
        if !is_chosen(&name) {
            continue;
        }
        println!("\n{name}, {WORDS} words each");
        let floor = Process::start(&[FLOOR, model], 2).await;
        let ours = Process::start(&[OURS, model], 2).await;
        let (mut floors, mut own) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            floors.push(Storm::of(runs, &floor).await);
            own.push(Storm::of(runs, &ours).await);
        }
        let (floor, ours) = (Storm::median(&floors), Storm::median(&own));
        floor.print("floor");
        ours.print("ours");
        println!(
            "ratio    a word {:>5.2}   a run {:>5.2}   first word p50 {:>5.2}   p99 {:>5.2}",
            ours.per_word.as_secs_f64() / floor.per_word.as_secs_f64(),
            ours.per_run.as_secs_f64() / floor.per_run.as_secs_f64(),
            ours.p50.as_secs_f64() / floor.p50.as_secs_f64(),
            ours.p99.as_secs_f64() / floor.p99.as_secs_f64(),
        );
    }
}

/// One storm of one side.
struct Storm {
    /// The processor time of the service for each frame with a word, while all runs stream.
    per_word: Duration,
    /// The processor time of the service for each run, all words included.
    per_run: Duration,
    /// The time to the first word, of half of the runs and of 99 %.
    p50: Duration,
    p99: Duration,
    /// The growth of the resident memory for each run, in KiB.
    memory: usize,
    /// How many runs had a word before the first run ended.
    admitted: usize,
    /// The words in each frame, in the mean.
    words_a_frame: f64,
}

impl Storm {
    async fn of(runs: usize, service: &Process) -> Self {
        let [address, path] = &service.lines[..] else {
            panic!("{service:?}");
        };
        // The first run is slower: code and memory are used for the first time.
        reader::read(address, path, &Progress::default()).await;
        let (before, begun) = (service.resident(), service.processor_time());
        let progress = Progress::default();
        let readers = join_all((0..runs).map(|_| reader::read(address, path, &progress)));
        let (seen, window) = watched(runs, readers, service, &progress).await;
        let used = service.processor_time().saturating_sub(begun);
        let mut firsts: Vec<Duration> = seen.iter().map(|it| it.first - it.begun).collect();
        firsts.sort_unstable();
        let end = seen.iter().map(|it| it.ended).min().unwrap();
        let frames: usize = seen.iter().map(|it| it.frames).sum();
        Self {
            per_word: window.used / u32::try_from(window.frames).unwrap().max(1),
            per_run: used / u32::try_from(runs).unwrap(),
            p50: firsts[runs / 2],
            p99: firsts[runs * 99 / 100],
            memory: window.resident.saturating_sub(before) / runs,
            admitted: seen.iter().filter(|it| it.first < end).count(),
            words_a_frame: to_f64(runs * WORDS) / to_f64(frames),
        }
    }

    /// The medians of some storms; the memory is that of the first one, which reuses none.
    fn median(storms: &[Self]) -> Self {
        Self {
            per_word: median(storms, |it| it.per_word),
            per_run: median(storms, |it| it.per_run),
            p50: median(storms, |it| it.p50),
            p99: median(storms, |it| it.p99),
            memory: storms[0].memory,
            admitted: median(storms, |it| it.admitted),
            words_a_frame: storms[0].words_a_frame,
        }
    }

    fn print(&self, name: &str) {
        println!(
            "{name:<8} {:>8.2?} a word   {:>8.2?} a run   first word p50 {:>8.2?}   p99 {:>8.2?}   {:>4} KiB a run   {:>5} at once   {:.2} words a frame",
            self.per_word,
            self.per_run,
            self.p50,
            self.p99,
            self.memory,
            self.admitted,
            self.words_a_frame,
        );
    }
}

/// The time in which all runs stream: from the last first word to the end of the first run.
#[derive(Default)]
struct Window {
    /// The processor time of the service.
    used: Duration,
    /// The frames with words that were received.
    frames: usize,
    /// The most resident memory of the service at any time, in KiB.
    resident: usize,
}

/// Waits for the readers, and measures the service meanwhile.
async fn watched(
    runs: usize,
    readers: impl Future<Output = Vec<Seen>>,
    service: &Process,
    progress: &Progress,
) -> (Vec<Seen>, Window) {
    let mut readers = pin!(readers);
    let mut sampled = interval(Duration::from_millis(50));
    let (mut window, mut begin) = (Window::default(), None);
    loop {
        tokio::select! {
            seen = &mut readers => return (seen, window),
            _ = sampled.tick() => {}
        }
        window.resident = window.resident.max(service.resident());
        if progress.begun.get() < runs || progress.ended.get() > 0 {
            continue;
        }
        let now = (service.processor_time(), progress.frames.get());
        let (time, frames) = *begin.get_or_insert(now);
        (window.used, window.frames) = (now.0.saturating_sub(time), now.1 - frames);
    }
}

fn median<T: Ord>(storms: &[Storm], of: impl Fn(&Storm) -> T) -> T {
    let mut values: Vec<T> = storms.iter().map(of).collect();
    values.sort_unstable();
    values.swap_remove(values.len() / 2)
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn to_f64(number: usize) -> f64 {
    number as f64
}
