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
    output: [JoinHandle<String>; 2],
}

/// The result of an ended program.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Server {
    /// Starts the program on a free port, with its data in memory.
    pub(crate) async fn start(program: &mut Command) -> Self {
        Self::start_as(program.args(["--memory", "--addr", "127.0.0.1:0"])).await
    }

    /// Starts the program on a free port, with its data in this directory.
    pub(crate) async fn keeping(program: &mut Command, place: &Path) -> Self {
        let program = program.arg("--data-dir").arg(place);
        Self::start_as(program.args(["--addr", "127.0.0.1:0"])).await
    }

    /// Starts the program without more options, and waits for its address.
    pub(crate) async fn start_as(program: &mut Command) -> Self {
        let (out, err) = (Stdio::piped(), Stdio::piped());
        let mut child = program.stdout(out).stderr(err).spawn().unwrap();
        let (sender, address) = oneshot::channel();
        let stdout = tokio::spawn(listen(child.stdout.take().unwrap(), Some(sender)));
        let stderr = tokio::spawn(listen(child.stderr.take().unwrap(), None));
        let url = timeout(PATIENCE, address).await;
        Self {
            url: url.unwrap().expect("the program prints its address"),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            child,
            output: [stdout, stderr],
        }
    }

    /// A program that was started separately and listens on this port. Its output is not read.
    pub(crate) async fn unread(child: Child, port: u16) -> Self {
        let server = Self {
            url: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            child,
            output: [const { String::new() }; 2].map(|text| tokio::spawn(async { text })),
        };
        let answers = async {
            while server.stream("/healthz").await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, answers).await.expect("it listens");
        server
    }

    /// The pipe of standard error, if it is not read.
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

    /// Requests a stream, which may fail.
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

    /// Waits until a run ends, and returns its events.
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

    /// Stores the next version of a workflow, and returns its number.
    pub(crate) async fn update(&self, workflow: &str, spec: &Value) -> u64 {
        let request = self
            .http
            .put(format!("{}/api/workflows/{workflow}", self.url));
        let request = request.header("content-type", "application/json");
        let updated = request.body(spec.to_string()).send().await.unwrap();
        let updated: Value = updated.json().await.unwrap();
        updated["version"]
            .as_u64()
            .unwrap_or_else(|| panic!("{updated}"))
    }

    /// The recording of a run: its whole log.
    pub(crate) async fn recording(&self, run: &str) -> Vec<Value> {
        let url = format!("{}/api/runs/{run}/events", self.url);
        let request = self.http.get(url).header("accept", "application/x-ndjson");
        let text = request.send().await.unwrap().text().await.unwrap();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The report of a run.
    pub(crate) async fn report(&self, run: &str) -> Value {
        let report = self.get(&format!("/api/runs/{run}")).await;
        report.json().await.unwrap()
    }

    /// Runs a workflow to its end and returns the report.
    pub(crate) async fn outcome(&self, spec: &Value, input: Value) -> Value {
        let run = self.begin(spec, &input).await;
        self.events(&run).await;
        self.report(&run).await
    }

    /// Waits until a run asks a person at this step, and returns the open wait.
    pub(crate) async fn asked(&self, run: &str, step: &str) -> Value {
        let mut stream = self.get(&format!("/api/runs/{run}/events")).await;
        let mut received = Vec::new();
        let is_wait = |event: &Value| event["type"] == "node.waiting" && event["path"] == step;
        loop {
            // The last frame may be incomplete.
            let text = String::from_utf8_lossy(&received);
            let whole = text.rfind("\n\n").map_or("", |end| &text[..end]);
            if data(whole).iter().any(is_wait) {
                break;
            }
            let chunk = timeout(PATIENCE, stream.chunk()).await;
            let chunk = chunk.expect("the run goes on").unwrap();
            let chunk = chunk.unwrap_or_else(|| panic!("{step} asks nothing: {text}"));
            received.extend_from_slice(&chunk);
        }
        let report = self.report(run).await;
        let waits = report["waits"].as_array().cloned().unwrap_or_default();
        let wait = waits.into_iter().find(|wait| wait["path"] == step);
        wait.unwrap_or_else(|| panic!("{step} does not wait: {report}"))
    }

    /// Sends the answer of a person.
    pub(crate) async fn answer(&self, run: &str, wait: &Value, payload: &Value) -> Response {
        let wait = wait["wait_id"].as_str().unwrap();
        let path = format!("/api/runs/{run}/waits/{wait}");
        self.post(&path, payload.to_string()).await
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Sends SIGTERM, as a service manager does.
    pub(crate) fn terminate(&self) {
        signal(&self.child, "TERM");
    }

    /// Kills the program, as a crash or a lack of memory does.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    pub(crate) async fn end(mut self) -> Ended {
        let status = timeout(PATIENCE, self.child.wait()).await;
        let [stdout, stderr] = self.output;
        Ended {
            status: status.expect("the program ends").unwrap(),
            stdout: stdout.await.unwrap(),
            stderr: stderr.await.unwrap(),
        }
    }
}

/// Reads all output, and sends the address as soon as it is printed.
async fn listen(
    output: impl AsyncRead + Unpin,
    mut address: Option<oneshot::Sender<String>>,
) -> String {
    let mut lines = BufReader::new(output).lines();
    let mut all = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(url) = line.strip_prefix("Listening on ")
            && let Some(sender) = address.take()
        {
            sender.send(url.to_owned()).ok();
        }
        all.push_str(&line);
        all.push('\n');
    }
    all
}
