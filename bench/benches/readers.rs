//! Many readers of one run over real connections: the cost of each for the service, and what remains of
//! those that read slowly or disappear.
//!
//! The service is a separate process of this program, so that its memory does not include the clients'.
//! It writes the lines of its standard input as deltas.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]
#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::{alloc::System, env, fs, process::Stdio, sync::Arc, time::Instant};

use async_trait::async_trait;
use axum::{Router, routing::get};
use futures::future::join_all;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines, Stdin, stdin},
    net::{TcpListener, TcpSocket, TcpStream},
    process::{Child, ChildStdin, ChildStdout, Command},
    runtime::Builder,
    sync::Mutex,
    time::{Duration, sleep},
};
use workflow_core::{LocalEngine, NewRun, Node, NodeContext, NodeError, Registry, Runs, Workflows};
use workflow_http::Options;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const READERS: usize = 2000;
/// The bytes of a piece of text.
const PIECE: usize = 1024;
/// The number of pieces that are sent while some readers are slow.
const PIECES: usize = 300;
/// The end of the last piece.
const END: &str = "the end\"";
/// The argument that starts the service.
const SERVE: &str = "--serve";

fn main() {
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    if env::args().any(|argument| argument == SERVE) {
        runtime.block_on(serve());
    } else if cfg!(target_os = "linux") {
        runtime.block_on(measure());
    } else {
        println!("this benchmark needs /proc, which only Linux has");
    }
}

/// A node that writes each line of standard input as a delta, and completes at its end.
struct Speaker(Arc<Mutex<Lines<BufReader<Stdin>>>>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoData {}

#[async_trait]
impl Node for Speaker {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let mut lines = self.0.lock().await;
        while let Some(line) = lines.next_line().await.unwrap() {
            cx.delta(line)?;
        }
        Ok(Value::Null)
    }
}

/// Serves one run, and prints the addresses of the service and of the run's events.
async fn serve() {
    let lines = Arc::new(Mutex::new(BufReader::new(stdin()).lines()));
    let mut registry = Registry::default();
    registry.register_with("Speaker", move |NoData {}| Speaker(Arc::clone(&lines)));
    let engine = Arc::new(LocalEngine::builder(registry).build());
    let spec = json!({"nodes": [{"id": "speaker", "type": "Speaker"}]});
    let workflow = engine.create_workflow(spec).await.unwrap().record.id;
    let run = engine.start(NewRun::new(workflow, Value::Null)).await;
    let options = Options::default();
    let router = Router::new()
        .route("/heap", get(async || heap().to_string()))
        .fallback_service(workflow_http::router(engine, options.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    println!("/api/runs/{}/events", run.unwrap().id);
    workflow_http::serve(listener, router, &options)
        .await
        .unwrap();
}

/// The bytes that are currently allocated.
fn heap() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// The process of the service.
struct Service {
    process: Child,
    input: ChildStdin,
    address: String,
    events: String,
}

impl Service {
    async fn start() -> Self {
        let mut program = Command::new(env::current_exe().unwrap());
        let program = program.arg(SERVE).kill_on_drop(true);
        let mut process = (program.stdin(Stdio::piped()).stdout(Stdio::piped()))
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = async |output: &mut Lines<BufReader<ChildStdout>>| {
            output.next_line().await.unwrap().unwrap()
        };
        let (address, events) = (line(&mut output).await, line(&mut output).await);
        Self {
            input: process.stdin.take().unwrap(),
            process,
            address,
            events,
        }
    }

    async fn send(&mut self, text: &str) {
        let line = format!("{text}\n");
        self.input.write_all(line.as_bytes()).await.unwrap();
    }

    /// Its allocated memory in KiB.
    async fn heap(&self) -> usize {
        let url = format!("http://{}/heap", self.address);
        let bytes = reqwest::get(url).await.unwrap().text().await.unwrap();
        bytes.parse::<usize>().unwrap() / 1024
    }

    /// Its resident memory in KiB.
    fn resident(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.unwrap().trim().trim_end_matches(" kB");
        number.parse().unwrap()
    }

    fn descriptors(&self) -> usize {
        let open = fs::read_dir(format!("/proc/{}/fd", self.id()));
        open.unwrap().count()
    }

    fn id(&self) -> u32 {
        self.process.id().unwrap()
    }

    /// Waits until at most this number of descriptors is open.
    async fn settle(&self, descriptors: usize) {
        while self.descriptors() > descriptors {
            sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A connection that follows the run.
struct Reader(TcpStream);

impl Reader {
    async fn open(service: &Service) -> Self {
        // A small buffer, so that the system buffers little for a client that does not read.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        let address = service.address.parse().unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        let request = format!("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", service.events);
        stream.write_all(request.as_bytes()).await.unwrap();
        Self(stream)
    }

    /// Reads up to this text.
    async fn until(&mut self, text: &str) {
        let mut seen = String::new();
        let mut chunk = vec![0; 16 * 1024];
        while !seen.contains(text) {
            // The text may begin at the end of the previous chunk.
            seen.drain(..seen.len().saturating_sub(text.len()));
            let read = self.0.read(&mut chunk).await.unwrap();
            assert!(read > 0, "the stream ended");
            seen.push_str(str::from_utf8(&chunk[..read]).unwrap());
        }
    }

    fn reset(self) {
        self.0.set_zero_linger().unwrap();
    }
}

/// The resources of the service at one time.
struct Sample {
    heap: usize,
    resident: usize,
    descriptors: usize,
}

impl Sample {
    async fn of(service: &Service) -> Self {
        Self {
            heap: service.heap().await,
            resident: service.resident(),
            descriptors: service.descriptors(),
        }
    }

    /// Prints the growth since this sample.
    async fn print_growth(&self, service: &Service, when: &str) {
        let now = Self::of(service).await;
        let more = |now: usize, first: usize| now.saturating_sub(first);
        let each = |now, first| to_f64(more(now, first)) / to_f64(READERS);
        println!(
            "{when:<40} heap {:>5.1} KiB a reader   resident {:>5.1}   descriptors {:>5}",
            each(now.heap, self.heap),
            each(now.resident, self.resident),
            more(now.descriptors, self.descriptors),
        );
    }
}

async fn measure() {
    let mut service = Service::start().await;
    // A first reader, so that memory that is allocated once is not counted.
    let mut warm = Reader::open(&service).await;
    service.send("ready").await;
    warm.until("ready").await;
    let first = Sample::of(&service).await;

    let mut readers = join_all((0..READERS).map(|_| Reader::open(&service))).await;
    join_all(readers.iter_mut().map(|reader| reader.until("ready"))).await;
    first
        .print_growth(&service, &format!("{READERS} readers that wait"))
        .await;

    let begun = Instant::now();
    service.send("now").await;
    join_all(readers.iter_mut().map(|reader| reader.until("now"))).await;
    println!(
        "a piece of text reaches all of them in {:.2?}",
        begun.elapsed()
    );

    let slow = readers.split_off(READERS / 2);
    let piece = "x".repeat(PIECE);
    let saying = async {
        for _ in 0..PIECES {
            service.send(&piece).await;
        }
        service.send("the end").await;
    };
    let reading = join_all(readers.iter_mut().map(|reader| reader.until(END)));
    tokio::join!(saying, reading);
    let text = PIECE * PIECES / 1024;
    first
        .print_growth(&service, &format!("{text} KiB later, half read nothing"))
        .await;

    let resets = readers.split_off(READERS / 4);
    resets.into_iter().for_each(Reader::reset);
    drop(readers);
    service.settle(first.descriptors + slow.len()).await;
    first
        .print_growth(&service, "the others reset or vanished")
        .await;

    drop(slow);
    service.settle(first.descriptors).await;
    first.print_growth(&service, "all are gone").await;
}

#[expect(clippy::cast_precision_loss, reason = "sizes are small")]
fn to_f64(number: usize) -> f64 {
    number as f64
}
