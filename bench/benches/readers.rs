//! Many readers of one run, over real connections: what each costs the service, and what is left of
//! those that read slowly or vanish.
//!
//! The service is a process of its own, this program started again, so that what is measured of it
//! is not the clients'. It does what its standard input says.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
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
/// How many pieces follow one another while some readers are slow.
const PIECES: usize = 300;
/// What the last piece ends with.
const END: &str = "the end\"";
/// What starts the service instead.
const SERVE: &str = "--serve";

fn main() {
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    if env::args().any(|argument| argument == SERVE) {
        runtime.block_on(serve());
    } else if cfg!(target_os = "linux") {
        runtime.block_on(measure());
    } else {
        println!("what a process has is read from /proc, which only Linux has");
    }
}

/// Says what standard input tells it to, a line each, until that ends.
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

/// Serves one run, and tells where.
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

/// The bytes that are allocated now.
fn heap() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// The service, from outside.
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
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = async |said: &mut Lines<BufReader<ChildStdout>>| {
            said.next_line().await.unwrap().unwrap()
        };
        let (address, events) = (line(&mut said).await, line(&mut said).await);
        Self {
            input: process.stdin.take().unwrap(),
            process,
            address,
            events,
        }
    }

    async fn say(&mut self, text: &str) {
        let line = format!("{text}\n");
        self.input.write_all(line.as_bytes()).await.unwrap();
    }

    /// What it has allocated, in KiB.
    async fn heap(&self) -> usize {
        let url = format!("http://{}/heap", self.address);
        let bytes = reqwest::get(url).await.unwrap().text().await.unwrap();
        bytes.parse::<usize>().unwrap() / 1024
    }

    /// What the system has given it, in KiB.
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

    /// Waits until only so many descriptors are open.
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
        // The system takes little over for a client that does not read.
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
            // What came before may hold its beginning.
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

/// What the service has at a time.
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

    /// Prints what it has more than at first.
    async fn tell(&self, service: &Service, when: &str) {
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
    // What is allocated once is not a reader's.
    let mut warm = Reader::open(&service).await;
    service.say("ready").await;
    warm.until("ready").await;
    let first = Sample::of(&service).await;

    let mut readers = join_all((0..READERS).map(|_| Reader::open(&service))).await;
    join_all(readers.iter_mut().map(|reader| reader.until("ready"))).await;
    first
        .tell(&service, &format!("{READERS} readers that wait"))
        .await;

    let begun = Instant::now();
    service.say("now").await;
    join_all(readers.iter_mut().map(|reader| reader.until("now"))).await;
    println!(
        "a piece of text reaches all of them in {:.2?}",
        begun.elapsed()
    );

    let slow = readers.split_off(READERS / 2);
    let piece = "x".repeat(PIECE);
    let saying = async {
        for _ in 0..PIECES {
            service.say(&piece).await;
        }
        service.say("the end").await;
    };
    let reading = join_all(readers.iter_mut().map(|reader| reader.until(END)));
    tokio::join!(saying, reading);
    let text = PIECE * PIECES / 1024;
    first
        .tell(&service, &format!("{text} KiB later, half read nothing"))
        .await;

    let resets = readers.split_off(READERS / 4);
    resets.into_iter().for_each(Reader::reset);
    drop(readers);
    service.settle(first.descriptors + slow.len()).await;
    first.tell(&service, "the others reset or vanished").await;

    drop(slow);
    service.settle(first.descriptors).await;
    first.tell(&service, "all are gone").await;
}

#[expect(clippy::cast_precision_loss, reason = "sizes are small")]
fn to_f64(number: usize) -> f64 {
    number as f64
}
