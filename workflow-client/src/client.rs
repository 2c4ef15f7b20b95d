//! [`Client`]: the requests.

use std::sync::Arc;

use futures::StreamExt;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use workflow_core::{
    EventKind, RunId, RunRecord, WorkflowId,
    error::Problem,
    record::WorkflowRecord,
    value::{Budget, WaitId},
    view::{Prediction, RunDiff},
};

use crate::{
    builder::{ClientBuilder, ConfigError},
    error::{Error, ErrorKind},
    follow::Updates,
    http::{Call, Http},
    recording::Recording,
    retry::Retry,
    run::{RunState, Wait},
    update::Update,
};

/// A client of one workflow server. A clone shares its connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: Http,
}

impl ClientBuilder {
    /// Builds the client. It connects with its first request.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn build(self) -> Result<Client, ConfigError> {
        Ok(Client { http: self.http()? })
    }
}

/// A run to start. Made from its input.
///
/// ```
/// use serde_json::json;
/// use workflow_client::Start;
///
/// let start = Start::new(json!("tides")).with_idempotency_key("order-17");
/// # let _ = start;
/// ```
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct Start {
    input: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<Budget>,
    #[serde(skip)]
    idempotency_key: Option<String>,
}

impl Start {
    /// A run with this input, of the newest version of its workflow.
    pub fn new(input: Value) -> Self {
        Self {
            input,
            version: None,
            metadata: None,
            budget: None,
            idempotency_key: None,
        }
    }

    /// Runs this version of the workflow.
    pub fn with_version(mut self, version: u32) -> Self {
        self.version = Some(version);
        self
    }

    /// Stores this with the run.
    pub fn with_metadata(mut self, metadata: Value) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// The most that the run may use. No limit may be above that of the workflow, which is also the default.
    pub fn with_budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// The same key and input always give the same run of a workflow, also from another process. Default: a new key for
    /// each call of [`Client::start`], so that only its own retries have the same.
    pub fn with_idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }
}

impl From<Value> for Start {
    fn from(input: Value) -> Self {
        Self::new(input)
    }
}

/// A workflow in a list, without its specification.
#[derive(Debug, Deserialize)]
struct Item {
    id: WorkflowId,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Item>,
    next_cursor: Option<String>,
}

impl Client {
    /// The settings of a client of the server at this URL, such as `http://127.0.0.1:8000`. A path below which a proxy serves
    /// it is part of the URL.
    pub fn builder(base_url: &str) -> ClientBuilder {
        ClientBuilder::new(base_url)
    }

    /// Stores a workflow. Creating is not repeated after a lost response, since that could store it twice.
    ///
    /// # Errors
    /// [`Error`]; an invalid workflow has its faults in [`Error::faults`].
    pub async fn create_workflow(&self, spec: &Value) -> Result<WorkflowRecord, Error> {
        let call = Call::new(Method::POST, "workflows", "failed to create the workflow");
        self.http.call(call.not_repeatable().with_json(spec)?).await
    }

    /// Stores the next version of a workflow, if `version` is the newest.
    ///
    /// # Errors
    /// [`Error`], with the code `other_version` if another one is the newest.
    pub async fn update_workflow(
        &self,
        id: WorkflowId,
        version: u32,
        spec: &Value,
    ) -> Result<WorkflowRecord, Error> {
        let call = Call::new(
            Method::PUT,
            format!("workflows/{id}"),
            "failed to update the workflow",
        );
        let call = call.with_header("if-match", format!("\"{version}\""));
        self.http.call(call.not_repeatable().with_json(spec)?).await
    }

    /// The newest version of a workflow.
    ///
    /// # Errors
    /// [`Error`], with the code `unknown_workflow` if it does not exist.
    pub async fn workflow(&self, id: WorkflowId) -> Result<WorkflowRecord, Error> {
        let path = format!("workflows/{id}");
        self.http
            .call(Call::new(Method::GET, path, "failed to read the workflow"))
            .await
    }

    /// The ids of all workflows with this `name`, newest first.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn workflows_named(&self, name: &str) -> Result<Vec<WorkflowId>, Error> {
        let mut found = Vec::new();
        let mut path = "workflows?limit=200".to_owned();
        loop {
            let call = Call::new(Method::GET, path, "failed to list the workflows");
            let page: Page = self.http.call(call).await?;
            let items = page.items.into_iter();
            found.extend(
                items
                    .filter(|item| item.name.as_deref() == Some(name))
                    .map(|item| item.id),
            );
            let Some(cursor) = page.next_cursor else {
                return Ok(found);
            };
            let cursor: String = url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
            path = format!("workflows?limit=200&cursor={cursor}");
        }
    }

    /// Starts a run. An input alone is enough: `client.start(id, json!("tides"))`.
    ///
    /// Every try has the same idempotency key, so a lost response never starts two runs.
    ///
    /// # Errors
    /// [`Error`]; an input that does not match the workflow's schema has its faults in [`Error::faults`].
    pub async fn start(
        &self,
        workflow: WorkflowId,
        start: impl Into<Start>,
    ) -> Result<RunRecord, Error> {
        let start = start.into();
        let key = start.idempotency_key.clone();
        let key = key.unwrap_or_else(|| Uuid::now_v7().to_string());
        let call = Call::new(
            Method::POST,
            format!("workflows/{workflow}/runs"),
            "failed to start the run",
        );
        let call = call.with_header("idempotency-key", key);
        self.http.call(call.with_json(&start)?).await
    }

    /// Does an ended run again, as a new one: all of it with [`Retry::whole`], or what changed with [`Retry::unchanged`].
    ///
    /// Every try has the same idempotency key, so a lost response never starts two runs.
    ///
    /// # Errors
    /// [`Error`], with the code `invalid_body` if parts of the retry exclude each other.
    pub async fn retry(&self, run: RunId, retry: Retry) -> Result<RunRecord, Error> {
        let path = format!("runs/{run}/retry");
        let call = Call::new(Method::POST, path, "failed to retry the run");
        let call = call.with_header("idempotency-key", retry.idempotency_key());
        self.http.call(call.with_json(&retry)?).await
    }

    /// What a run would do and cost. Nothing is started.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn predict(
        &self,
        workflow: WorkflowId,
        start: impl Into<Start>,
    ) -> Result<Prediction, Error> {
        let path = format!("workflows/{workflow}/plan");
        let call = Call::new(Method::POST, path, "failed to predict the run");
        self.http.call(call.with_json(&start.into())?).await
    }

    /// What a retry would do and cost: which results it would take over. Nothing is started.
    ///
    /// # Errors
    /// As [`retry`](Self::retry).
    pub async fn predict_retry(&self, run: RunId, retry: Retry) -> Result<Prediction, Error> {
        let path = format!("runs/{run}/plan");
        let call = Call::new(Method::POST, path, "failed to predict the run");
        self.http.call(call.with_json(&retry)?).await
    }

    /// What differs between two runs: their inputs, steps and results.
    ///
    /// # Errors
    /// [`Error`], with the code `unknown_run` if one of them does not exist.
    pub async fn diff(&self, run: RunId, other: RunId) -> Result<RunDiff, Error> {
        let path = format!("runs/{run}/diff/{other}");
        self.http
            .call(Call::new(Method::GET, path, "failed to compare the runs"))
            .await
    }

    /// The value of an expression, such as `draft.output | length`, with what the step at the path `at` could read.
    ///
    /// # Errors
    /// [`Error`], which has its [faults](Error::faults) if it cannot be evaluated.
    pub async fn evaluate(&self, run: RunId, at: &str, expression: &str) -> Result<Value, Error> {
        #[derive(Deserialize)]
        struct Evaluated {
            value: Value,
        }
        let path = format!("runs/{run}/evaluate");
        let call = Call::new(Method::POST, path, "failed to evaluate the expression");
        let call = call.with_json(&json!({"at": at, "expression": expression}))?;
        let Evaluated { value } = self.http.call(call).await?;
        Ok(value)
    }

    /// The updates of a run, from its first event to its last. See [`follow_after`](Self::follow_after).
    pub fn follow(&self, run: RunId) -> Updates {
        self.follow_after(run, 0)
    }

    /// The updates of a run after event number `after`, to its last event: each event exactly once and in order. While the run
    /// waits for a person or a time, the stream waits, too.
    ///
    /// When the connection is lost or silent, the stream reconnects with the number of its last event. It ends with an error
    /// only if that is refused, or not possible within [`retry_for`](ClientBuilder::with_retry_for). An error is the last
    /// item.
    ///
    /// # Cancellation
    /// Dropping the stream closes the connection. The run continues.
    pub fn follow_after(&self, run: RunId, after: u64) -> Updates {
        Updates::new(self.http.clone(), run, after)
    }

    /// The recording of a run: its whole log as it is now, one event per line, with what streams omit, such as the requests
    /// of its steps. If the last line is not a terminal event, the run has not ended.
    ///
    /// When the connection is lost or silent, the stream reconnects and continues after its last line, for
    /// [`retry_for`](ClientBuilder::with_retry_for) at most. An error is the last item.
    ///
    /// ```no_run
    /// # use futures::TryStreamExt;
    /// # async fn example(client: workflow_client::Client, run: workflow_client::RunId) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut file = String::new();
    /// let mut lines = client.recording(run);
    /// while let Some(line) = lines.try_next().await? {
    ///     file.push_str(&line);
    ///     file.push('\n');
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn recording(&self, run: RunId) -> Recording {
        Recording::new(self.http.clone(), run)
    }

    /// Waits until a run ends, and returns its output.
    ///
    /// # Errors
    /// [`Error`]: [`RunFailed`](ErrorKind::RunFailed) with the run's problem, [`RunCancelled`](ErrorKind::RunCancelled), or
    /// as for [`follow_after`](Self::follow_after).
    pub async fn result(&self, run: RunId) -> Result<Value, Error> {
        let attempt = format!("run {run}");
        let mut updates = self.follow(run);
        while let Some(update) = updates.next().await {
            let Update::Event(event) = update? else {
                continue;
            };
            match event.kind {
                EventKind::RunCompleted(it) => return Ok(Arc::unwrap_or_clone(it.output)),
                EventKind::RunFailed(it) => {
                    let problem = Problem::clone(&it.error);
                    return Err(Error::new(ErrorKind::RunFailed, attempt, problem));
                }
                EventKind::RunCancelled(_) => {
                    let problem = Problem::new("cancelled", "the run was cancelled");
                    return Err(Error::new(ErrorKind::RunCancelled, attempt, problem));
                }
                _ => {}
            }
        }
        Err(Error::protocol(attempt, "its last event cannot be read"))
    }

    /// The state of a run.
    ///
    /// # Errors
    /// [`Error`], with the code `unknown_run` if it does not exist.
    pub async fn run(&self, run: RunId) -> Result<RunState, Error> {
        let path = format!("runs/{run}");
        self.http
            .call(Call::new(Method::GET, path, "failed to read the run"))
            .await
    }

    /// Answers the step that waits for a person. `step` is its id, or its path if it is in a map, loop or called workflow, such
    /// as `each/2/approve`.
    ///
    /// # Errors
    /// [`Error`]: [`NoWait`](ErrorKind::NoWait) if the step does not wait; an answer that does not match the step's schema
    /// has its faults in [`Error::faults`].
    pub async fn answer(&self, run: RunId, step: &str, value: &Value) -> Result<RunRecord, Error> {
        let waits = self.run(run).await?.waits;
        let wait = waits.iter().find(|wait| wait.step.path().as_str() == step);
        let wait = wait.ok_or_else(|| no_wait(step, &waits))?;
        self.answer_wait(run, wait.wait_id, value).await
    }

    /// Answers a wait, which the event `node.waiting` names. The same answer may be repeated.
    ///
    /// # Errors
    /// [`Error`]: an answer that does not match the step's schema has its faults in [`Error::faults`].
    pub async fn answer_wait(
        &self,
        run: RunId,
        wait: WaitId,
        value: &Value,
    ) -> Result<RunRecord, Error> {
        let path = format!("runs/{run}/waits/{wait}");
        let call = Call::new(Method::POST, path, "failed to answer the step");
        self.http.call(call.with_json(value)?).await
    }

    /// Cancels a run. Cancelling an ended run changes nothing.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn cancel(&self, run: RunId) -> Result<RunRecord, Error> {
        let path = format!("runs/{run}/cancel");
        self.http
            .call(Call::new(Method::POST, path, "failed to cancel the run"))
            .await
    }
}

fn no_wait(step: &str, waits: &[Wait]) -> Error {
    let paths: Vec<&str> = waits.iter().map(|wait| wait.step.path().as_str()).collect();
    let mut problem = Problem::new("no_wait", format!("`{step}` does not wait for an answer"));
    problem.hint = (!paths.is_empty()).then(|| format!("these steps wait: {}", paths.join(", ")));
    Error::new(ErrorKind::NoWait, "failed to answer the step", problem)
}
