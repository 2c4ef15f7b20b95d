//! Scripted drives, workers that serve them, and what Restate says of them.

#![allow(dead_code, reason = "each test file uses some of it")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{
    future::Future,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;
use workflow_core::{
    fleet::{DriveEnd, DriveError},
    value::RunId,
};
use workflow_restate::{Drive, Registration, RestateDispatcher, RestateWorker};
use workflow_test_services::Restate;

/// How long a test waits for what must happen.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Waits until a condition holds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// Repeats a request until it succeeds.
pub(crate) async fn until_ok<T, E: std::fmt::Display, F: Future<Output = Result<T, E>>>(
    what: &str,
    mut request: impl FnMut() -> F,
) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        match request().await {
            Ok(answer) => return answer,
            Err(error) => assert!(Instant::now() < deadline, "in vain: {what}: {error}"),
        }
        sleep(Duration::from_millis(10)).await;
    }
}

type Driven = Result<DriveEnd, DriveError>;
type Script = dyn Fn(RunId, usize) -> BoxFuture<'static, Driven> + Send + Sync;

/// Drives by a script, and records each drive.
#[derive(Clone)]
pub(crate) struct Scripted {
    script: Arc<Script>,
    drives: Arc<Mutex<Vec<Record>>>,
}

/// One drive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) run: RunId,
    pub(crate) began: Instant,
    pub(crate) ended: Option<Instant>,
    /// Its future was dropped before it had ended.
    pub(crate) was_dropped: bool,
}

impl Scripted {
    /// The script is given the run, and how many drives of the run have begun before.
    pub(crate) fn new<F>(script: impl Fn(RunId, usize) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Driven> + Send + 'static,
    {
        Self {
            script: Arc::new(move |run, number| Box::pin(script(run, number))),
            drives: Arc::default(),
        }
    }

    /// Each drive takes this time, and ends the run.
    pub(crate) fn ending_after(time: Duration) -> Self {
        Self::new(move |_, _| async move {
            sleep(time).await;
            Ok(DriveEnd::Ended)
        })
    }

    pub(crate) fn all(&self) -> Vec<Record> {
        self.drives.lock().unwrap().clone()
    }

    pub(crate) fn of(&self, run: RunId) -> Vec<Record> {
        let mut drives = self.all();
        drives.retain(|drive| drive.run == run);
        drives
    }

    /// Waits until so many drives of a run have begun.
    pub(crate) async fn begun(&self, run: RunId, count: usize) -> Vec<Record> {
        let what = format!("{count} drives have begun");
        until(&what, || self.of(run).len() >= count).await;
        self.of(run)
    }

    /// Waits until so many drives of a run have ended.
    pub(crate) async fn ended(&self, run: RunId, count: usize) -> Vec<Record> {
        let ended = |drive: &Record| drive.ended.is_some();
        let what = format!("{count} drives have ended");
        until(&what, || {
            self.of(run).iter().filter(|it| ended(it)).count() >= count
        })
        .await;
        self.of(run)
    }
}

/// Records how a drive ends, also if its future is dropped.
struct Recording<'a> {
    drives: &'a Mutex<Vec<Record>>,
    index: usize,
    is_complete: bool,
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        let record = &mut self.drives.lock().unwrap()[self.index];
        record.was_dropped = !self.is_complete;
        record.ended = self.is_complete.then(Instant::now);
    }
}

#[async_trait]
impl Drive for Scripted {
    async fn drive(&self, run: RunId) -> Driven {
        let (number, index) = {
            let mut drives = self.drives.lock().unwrap();
            let number = drives.iter().filter(|drive| drive.run == run).count();
            drives.push(Record {
                run,
                began: Instant::now(),
                ended: None,
                was_dropped: false,
            });
            (number, drives.len() - 1)
        };
        let mut recording = Recording {
            drives: &self.drives,
            index,
            is_complete: false,
        };
        let driven = (self.script)(run, number).await;
        recording.is_complete = true;
        driven
    }
}

/// A worker that serves.
pub(crate) struct Worker {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    pub(crate) serving: JoinHandle<()>,
}

impl Worker {
    /// Starts a worker whose connections have this age, at a port of its own.
    pub(crate) async fn start(drive: &Scripted, age: Duration) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), drive, age).await
    }

    pub(crate) async fn start_at(address: SocketAddr, drive: &Scripted, age: Duration) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let worker = RestateWorker::builder(Arc::new(drive.clone()))
            .with_connection_age(age)
            .with_grace(Duration::from_secs(5))
            .build(listener)
            .unwrap();
        let address = worker.local_addr();
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(worker.serve(shutdown.clone()));
        Self {
            address,
            shutdown,
            serving,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it as the death of its process does: its connections break.
    pub(crate) async fn die(self) {
        self.serving.abort();
        assert!(self.serving.await.unwrap_err().is_cancelled());
    }
}

/// A Restate server with one worker.
pub(crate) struct Service {
    pub(crate) restate: Restate,
    pub(crate) worker: Worker,
    pub(crate) dispatcher: RestateDispatcher,
}

impl Service {
    pub(crate) async fn start(drive: &Scripted) -> Self {
        Self::start_with(drive, []).await
    }

    /// Restate has further settings.
    pub(crate) async fn start_with<const N: usize>(
        drive: &Scripted,
        settings: [(&str, &str); N],
    ) -> Self {
        let restate = Restate::start_with(settings);
        let worker = Worker::start(drive, Duration::from_secs(10)).await;
        register(&restate, &worker.url()).await;
        Self {
            dispatcher: dispatcher(&restate),
            worker,
            restate,
        }
    }

    /// Waits until Restate has nothing to do for a run, now or later.
    pub(crate) async fn settled(&self, run: RunId) {
        let sql = format!(
            "SELECT status FROM sys_invocation WHERE target_service_key = '{run}' AND status <> 'completed'"
        );
        let deadline = Instant::now() + DEADLINE;
        loop {
            let open = query(&self.restate, &sql).await;
            if open.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "in vain: {open:?} have ended");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

pub(crate) fn dispatcher(restate: &Restate) -> RestateDispatcher {
    let dispatcher = RestateDispatcher::builder(&restate.ingress_url());
    dispatcher.build().unwrap()
}

/// The registration of the workers at a URL.
pub(crate) fn registration(restate: &Restate, url: &str) -> Registration {
    let registration = Registration::builder(&restate.admin_url(), url);
    registration.build().unwrap()
}

/// Registers the workers at a URL.
pub(crate) async fn register(restate: &Restate, url: &str) {
    registration(restate, url).register().await.unwrap();
}

/// What the admin API answers to a `GET`.
pub(crate) async fn admin(restate: &Restate, path: &str) -> Value {
    let url = format!("{}{path}", restate.admin_url());
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

/// The rows of an SQL query of the admin API.
pub(crate) async fn query(restate: &Restate, sql: &str) -> Vec<Value> {
    let request = reqwest::Client::new()
        .post(format!("{}/query", restate.admin_url()))
        .header("accept", "application/json")
        .json(&json!({ "query": sql }));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["rows"].as_array().unwrap().clone()
}
