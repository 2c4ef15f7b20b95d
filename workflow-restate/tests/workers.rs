//! Several workers behind one address, and workers that end.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use workflow_core::{
    fleet::{Dispatcher, DriveEnd, DriveError},
    value::RunId,
};
use workflow_restate::{RestateDispatcher, RestateWorker};
use workflow_test_services::{Balancer, Restate};

use self::common::{DEADLINE, Scripted, Worker, dispatcher, register, until};

/// So old that no connection gets.
const NEVER: Duration = Duration::from_secs(3600);

/// Two workers behind a balancer of connections, which have this age.
struct Pair {
    _restate: Restate,
    dispatcher: RestateDispatcher,
    drives: [Scripted; 2],
    workers: [Option<Worker>; 2],
    addresses: [SocketAddr; 2],
    age: Duration,
    _balancer: Balancer,
}

impl Pair {
    async fn start(age: Duration, drives: [Scripted; 2]) -> Self {
        Self::start_with(age, drives, []).await
    }

    /// Restate has further settings.
    async fn start_with<const N: usize>(
        age: Duration,
        drives: [Scripted; 2],
        settings: [(&str, &str); N],
    ) -> Self {
        let restate = Restate::start_with(settings);
        let first = Worker::start(&drives[0], age).await;
        let second = Worker::start(&drives[1], age).await;
        let addresses = [first.address, second.address];
        let balancer = Balancer::start(addresses.to_vec()).await;
        register(&restate, &balancer.url()).await;
        Self {
            dispatcher: dispatcher(&restate),
            _restate: restate,
            drives,
            workers: [Some(first), Some(second)],
            addresses,
            age,
            _balancer: balancer,
        }
    }

    async fn die(&mut self, index: usize) {
        self.workers[index].take().unwrap().die().await;
    }

    async fn come_back(&mut self, index: usize) {
        let worker = Worker::start_at(self.addresses[index], &self.drives[index], self.age);
        self.workers[index] = Some(worker.await);
    }

    /// Has runs driven, one every 50 ms. Returns how many each worker drove to their end.
    async fn spread(&self, runs: usize) -> [usize; 2] {
        let ended = || {
            let count = |drive: &Scripted| {
                let drives = drive.all();
                drives.iter().filter(|drive| drive.ended.is_some()).count()
            };
            self.drives.each_ref().map(count)
        };
        let before = ended();
        for _ in 0..runs {
            self.dispatcher.dispatch(RunId::new(), None).await.unwrap();
            sleep(Duration::from_millis(50)).await;
        }
        let driven = || {
            let now = ended();
            [now[0] - before[0], now[1] - before[1]]
        };
        until("all runs have ended", || {
            driven().iter().sum::<usize>() >= runs
        })
        .await;
        driven()
    }

    /// Which worker drives a run.
    async fn holder_of(&self, run: RunId) -> usize {
        let drives_it = |index: &usize| !self.drives[*index].of(run).is_empty();
        until("a worker drives it", || {
            (0..2).any(|index| drives_it(&index))
        })
        .await;
        (0..2).find(drives_it).unwrap()
    }
}

/// Drives that take too long for the test.
fn endless() -> Scripted {
    Scripted::new(|_, _| async {
        sleep(Duration::from_secs(600)).await;
        Ok(DriveEnd::Ended)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn another_worker_continues_when_one_dies() {
    let mut pair = Pair::start(Duration::from_secs(10), [endless(), endless()]).await;
    let run = RunId::new();
    pair.dispatcher.dispatch(run, None).await.unwrap();
    let holder = pair.holder_of(run).await;
    pair.die(holder).await;
    let died = Instant::now();
    let drives = pair.drives[1 - holder].begun(run, 1).await;
    let handover = drives[0].began.duration_since(died);
    assert!(handover < Duration::from_secs(3), "{handover:?}");
    // What was driven by the dead worker is no more.
    assert!(pair.drives[holder].of(run)[0].was_dropped);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_age_spread_the_runs_over_the_workers() {
    let drive = || Scripted::ending_after(Duration::from_millis(100));
    let mut pair = Pair::start(Duration::from_millis(300), [drive(), drive()]).await;
    let spread = pair.spread(60).await;
    assert!(spread.iter().all(|runs| *runs >= 12), "{spread:?}");

    pair.die(0).await;
    assert_eq!(pair.spread(10).await, [0, 10]);
    pair.come_back(0).await;
    let spread = pair.spread(60).await;
    assert!(spread.iter().all(|runs| *runs >= 12), "{spread:?}");
}

/// Why connections have an age. If this fails, Restate spreads its calls by itself, and they need none.
#[tokio::test(flavor = "multi_thread")]
async fn without_an_age_a_worker_that_comes_back_gets_no_runs() {
    let drive = || Scripted::ending_after(Duration::from_millis(100));
    let mut pair = Pair::start(NEVER, [drive(), drive()]).await;
    pair.spread(20).await;
    pair.die(0).await;
    assert_eq!(pair.spread(20).await, [0, 20]);
    pair.come_back(0).await;
    assert_eq!(pair.spread(40).await, [0, 40]);
}

/// Drives that overlap keep a connection in use. Then a bound of Restate on the calls per connection spreads them.
#[tokio::test(flavor = "multi_thread")]
async fn few_calls_per_connection_spread_long_drives() {
    let drive = || Scripted::ending_after(Duration::from_secs(4));
    let limit = [(
        "RESTATE_WORKER__INVOKER__HTTP2_STREAMS_PER_CONNECTION_LIMIT",
        "4",
    )];
    let pair = Pair::start_with(NEVER, [drive(), drive()], limit).await;
    let spread = pair.spread(60).await;
    assert!(spread.iter().all(|runs| *runs >= 15), "{spread:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drive_outlives_the_age_of_its_connection() {
    let drive = || Scripted::ending_after(Duration::from_secs(3));
    let pair = Pair::start(Duration::from_millis(200), [drive(), drive()]).await;
    let run = RunId::new();
    pair.dispatcher.dispatch(run, None).await.unwrap();
    let holder = pair.holder_of(run).await;
    // Restate has further calls for the connection, which is too old for them.
    pair.spread(40).await;
    pair.drives[holder].ended(run, 1).await;
    let all = pair.drives.iter().flat_map(Scripted::all);
    let broken = all.filter(|drive| drive.was_dropped).count();
    assert_eq!(broken, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_shuts_down_hands_over_without_breaking_a_call() {
    let drive = |ends: CancellationToken| {
        Scripted::new(move |_, _| {
            let ends = ends.clone();
            async move {
                ends.cancelled().await;
                Err(DriveError::ShuttingDown)
            }
        })
    };
    let engines = [CancellationToken::new(), CancellationToken::new()];
    let drives = engines.each_ref().map(|ends| drive(ends.clone()));
    let mut pair = Pair::start(NEVER, drives).await;
    let run = RunId::new();
    pair.dispatcher.dispatch(run, None).await.unwrap();
    let holder = pair.holder_of(run).await;

    let worker = pair.workers[holder].take().unwrap();
    worker.shutdown.cancel();
    until("the worker accepts no more", || {
        std::net::TcpStream::connect(worker.address).is_err()
    })
    .await;
    assert!(!worker.serving.is_finished());
    // The drive ends as the engine shuts down. Only then the worker does.
    engines[holder].cancel();
    pair.drives[1 - holder].begun(run, 1).await;
    timeout(DEADLINE, worker.serving).await.unwrap().unwrap();
    let ended = pair.drives[holder].of(run)[0];
    assert!(ended.ended.is_some() && !ended.was_dropped, "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_shutdown_begins_runs_go_to_other_workers() {
    let drive = || Scripted::ending_after(Duration::ZERO);
    let pair = Pair::start(NEVER, [drive(), drive()]).await;
    // So many that Restate has connections to both.
    let mut before = pair.spread(10).await;
    for _ in 0..10 {
        if before[0] > 0 {
            break;
        }
        before = pair.spread(10).await;
    }
    let worker = pair.workers[0].as_ref().unwrap();
    worker.shutdown.cancel();
    until("its connections are closed", || {
        worker.serving.is_finished()
    })
    .await;
    assert_eq!(pair.spread(20).await, [0, 20]);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_shutdown_calls_that_do_not_end_are_broken_off_after_the_grace() {
    let restate = Restate::start();
    let drive = endless();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let worker = RestateWorker::builder(Arc::new(drive.clone()))
        .with_grace(Duration::from_millis(500))
        .build(listener)
        .unwrap();
    let url = format!("http://{}", worker.local_addr());
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(worker.serve(shutdown.clone()));
    register(&restate, &url).await;
    let run = RunId::new();
    dispatcher(&restate).dispatch(run, None).await.unwrap();
    drive.begun(run, 1).await;

    let begun = Instant::now();
    shutdown.cancel();
    timeout(DEADLINE, serving).await.unwrap().unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(500));
    until("the drive is dropped", || drive.of(run)[0].was_dropped).await;
}

#[tokio::test]
async fn connections_above_the_limit_are_closed_at_once() {
    let drive = Scripted::ending_after(Duration::ZERO);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let worker = RestateWorker::builder(Arc::new(drive))
        .with_max_connections(2)
        .build(listener)
        .unwrap();
    let address = worker.local_addr();
    let serving = tokio::spawn(worker.serve(CancellationToken::new()));
    let mut open = Vec::new();
    for _ in 0..2 {
        open.push(TcpStream::connect(address).await.unwrap());
        // It is served, since the worker sends its settings.
        assert!(is_open(open.last_mut().unwrap()).await);
    }
    let mut third = TcpStream::connect(address).await.unwrap();
    assert!(!is_open(&mut third).await);
    // A place is free again.
    drop(open.pop());
    let deadline = Instant::now() + DEADLINE;
    while !is_open(&mut TcpStream::connect(address).await.unwrap()).await {
        assert!(
            Instant::now() < deadline,
            "the place of a closed connection is not free"
        );
    }
    serving.abort();
}

#[tokio::test]
async fn a_connection_without_a_call_is_closed_at_its_age() {
    let drive = Scripted::ending_after(Duration::ZERO);
    let worker = Worker::start(&drive, Duration::from_millis(200)).await;
    let mut silent = TcpStream::connect(worker.address).await.unwrap();
    let closed = async { while is_open(&mut silent).await {} };
    timeout(DEADLINE, closed).await.unwrap();
}

#[tokio::test]
async fn a_peer_without_a_sign_of_life_is_disconnected() {
    let drive = Scripted::ending_after(Duration::ZERO);
    let worker = Worker::start(&drive, NEVER).await;
    let mut vanished = TcpStream::connect(worker.address).await.unwrap();
    // The beginning of HTTP/2 and empty settings (RFC 9113, section 3.4), then nothing, whatever the worker sends.
    let hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    vanished.write_all(hello).await.unwrap();
    let closed = async { while is_open(&mut vanished).await {} };
    timeout(DEADLINE, closed).await.unwrap();
}

/// Whether the worker sends something, which it does at the beginning of a connection.
async fn is_open(stream: &mut TcpStream) -> bool {
    matches!(stream.read(&mut [0; 1024]).await, Ok(read) if read > 0)
}
