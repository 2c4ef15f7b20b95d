use std::{
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use reqwest::Response;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, ChildStderr, Command},
    sync::oneshot,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{PATIENCE, data, signal};

/// A program that serves; it is killed when this is dropped.
pub(crate) struct Server {
    url: String,
    http: reqwest::Client,
    child: Child,
    said: [JoinHandle<String>; 2],
}

/// What a program has come to.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Server {
    /// Starts the program on a free port of this machine; it keeps nothing.
    pub(crate) async fn start(program: &mut Command) -> Self {
        Self::start_as(program.args(["--memory", "--addr", "127.0.0.1:0"])).await
    }

    /// The same, but it keeps its data in this directory.
    pub(crate) async fn keeping(program: &mut Command, place: &Path) -> Self {
        let program = program.arg("--data-dir").arg(place);
        Self::start_as(program.args(["--addr", "127.0.0.1:0"])).await
    }

    /// Starts the program as it is, and waits until it says where it listens.
    pub(crate) async fn start_as(program: &mut Command) -> Self {
        let (out, err) = (Stdio::piped(), Stdio::piped());
        let mut child = program.stdout(out).stderr(err).spawn().unwrap();
        let (tell, told) = oneshot::channel();
        let stdout = tokio::spawn(listen(child.stdout.take().unwrap(), Some(tell)));
        let stderr = tokio::spawn(listen(child.stderr.take().unwrap(), None));
        let url = timeout(PATIENCE, told).await;
        Self {
            url: url.unwrap().expect("the program says where it listens"),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            child,
            said: [stdout, stderr],
        }
    }

    /// The program that was started in a way of its own and listens on this port; nothing of it is read.
    pub(crate) async fn unread(child: Child, port: u16) -> Self {
        let server = Self {
            url: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            child,
            said: [const { String::new() }; 2].map(|said| tokio::spawn(async { said })),
        };
        let answers = async {
            while server.stream("/healthz").await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, answers).await.expect("it listens");
        server
    }

    /// What the program writes to standard error, if that is a pipe that nobody reads.
    pub(crate) fn stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Sends a signal: `INT`, `TERM` or `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// The number of the program's process; none once it has ended.
    pub(crate) fn process(&self) -> Option<u32> {
        self.child.id()
    }

    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// Asks for a stream, which may break.
    pub(crate) fn stream(
        &self,
        path: &str,
    ) -> impl Future<Output = reqwest::Result<Response>> + use<> {
        self.http.get(format!("{}{path}", self.url)).send()
    }

    pub(crate) fn port(&self) -> &str {
        self.url.rsplit(':').next().unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        let sent = self.http.get(format!("{}{path}", self.url)).send().await;
        sent.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Response {
        let request = self.http.post(format!("{}{path}", self.url));
        let request = request.header("content-type", "application/json");
        request.body(body).send().await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Response {
        let sent = self.http.delete(format!("{}{path}", self.url)).send().await;
        sent.unwrap()
    }

    /// The id of a new workflow.
    pub(crate) async fn create(&self, spec: &Value) -> String {
        let created = self.post("/api/workflows", spec.to_string()).await;
        let status = created.status();
        let created: Value = created.json().await.unwrap();
        assert_eq!(status, 201, "{created}");
        created["id"].as_str().unwrap().to_owned()
    }

    /// The id of a new run of a new workflow.
    pub(crate) async fn begin(&self, spec: &Value, input: &Value) -> String {
        let workflow = self.create(spec).await;
        let path = format!("/api/workflows/{workflow}/runs");
        let run = self.post(&path, json!({"input": input}).to_string()).await;
        assert_eq!(run.status(), 202);
        let run: Value = run.json().await.unwrap();
        run["id"].as_str().unwrap().to_owned()
    }

    /// All events of a run, which has come to its end then.
    pub(crate) async fn events(&self, run: &str) -> Vec<Value> {
        let stream = self.get(&format!("/api/runs/{run}/events")).await;
        data(&stream.text().await.unwrap())
    }

    pub(crate) async fn events_after(&self, run: &str, last: u64) -> Vec<Value> {
        let url = format!("{}/api/runs/{run}/events", self.url);
        let request = self.http.get(url).header("last-event-id", last);
        let stream = request.send().await.unwrap();
        data(&stream.text().await.unwrap())
    }

    /// Where a run stands.
    pub(crate) async fn report(&self, run: &str) -> Value {
        let report = self.get(&format!("/api/runs/{run}")).await;
        report.json().await.unwrap()
    }

    /// Where a run stands when it is over.
    pub(crate) async fn outcome(&self, spec: &Value, input: Value) -> Value {
        let run = self.begin(spec, &input).await;
        self.events(&run).await;
        self.report(&run).await
    }

    /// Waits until a run asks a person at this step; the open wait.
    pub(crate) async fn asked(&self, run: &str, step: &str) -> Value {
        let mut stream = self.get(&format!("/api/runs/{run}/events")).await;
        let mut said = Vec::new();
        let asks = |event: &Value| event["type"] == "node.waiting" && event["path"] == step;
        loop {
            // The last frame may have come in part only.
            let text = String::from_utf8_lossy(&said);
            let whole = text.rfind("\n\n").map_or("", |end| &text[..end]);
            if data(whole).iter().any(asks) {
                break;
            }
            let chunk = timeout(PATIENCE, stream.chunk()).await;
            let chunk = chunk.expect("the run goes on").unwrap();
            let chunk = chunk.unwrap_or_else(|| panic!("{step} never asks: {text}"));
            said.extend_from_slice(&chunk);
        }
        let report = self.report(run).await;
        let waits = report["waits"].as_array().cloned().unwrap_or_default();
        let wait = waits.into_iter().find(|wait| wait["path"] == step);
        wait.unwrap_or_else(|| panic!("{step} does not wait: {report}"))
    }

    /// Answers for a person.
    pub(crate) async fn answer(&self, run: &str, wait: &Value, payload: &Value) -> Response {
        let wait = wait["wait_id"].as_str().unwrap();
        let path = format!("/api/runs/{run}/waits/{wait}");
        self.post(&path, payload.to_string()).await
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Asks it to stop, as a service manager does.
    pub(crate) fn terminate(&self) {
        signal(&self.child, "TERM");
    }

    /// Kills it, as a crash or a lack of memory does.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    pub(crate) async fn end(mut self) -> Ended {
        let status = timeout(PATIENCE, self.child.wait()).await;
        let [stdout, stderr] = self.said;
        Ended {
            status: status.expect("the program ends").unwrap(),
            stdout: stdout.await.unwrap(),
            stderr: stderr.await.unwrap(),
        }
    }
}

/// Everything that is said, and at once where the program listens.
async fn listen(said: impl AsyncRead + Unpin, mut tell: Option<oneshot::Sender<String>>) -> String {
    let mut lines = BufReader::new(said).lines();
    let mut all = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(url) = line.strip_prefix("Listening on ")
            && let Some(tell) = tell.take()
        {
            tell.send(url.to_owned()).ok();
        }
        all.push_str(&line);
        all.push('\n');
    }
    all
}
