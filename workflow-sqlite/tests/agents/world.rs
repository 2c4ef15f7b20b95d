//! Agents whose turns and effects are noted in files, outside of the store, as services that are called would note them.

use std::{
    env,
    fs::OpenOptions,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use workflow_core::{
    LocalEngine, NewRun, Node, NodeContext, NodeError, Registry, RunStatus, Runs, WorkflowId,
    node::agent::{Agent, AgentTurn, CallResult, ToolCall, TurnRequest},
    store::RunLog,
};
use workflow_sqlite::SqliteStore;

/// The number of runs that are not over.
const AT_ONCE: usize = 4;

/// The directory of a world: its store, and what its services note.
#[derive(Clone)]
pub struct Place(PathBuf);

impl Place {
    pub fn new(directory: &Path) -> Self {
        Self(directory.to_owned())
    }

    pub fn store(&self) -> PathBuf {
        self.0.join("runs.db")
    }

    fn note(&self, file: &str, line: &str) {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.0.join(file));
        // One write, so that a kill leaves a whole line or none.
        file.unwrap().write_all(line.as_bytes()).unwrap();
    }

    /// The lines of a file; none if nothing was noted.
    pub fn noted(&self, file: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.0.join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ActData {
    millis: u64,
}

/// A leaf with an effect that is counted.
struct Act(Place, Duration);

#[async_trait]
impl Node for Act {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        self.0
            .note("effects", &format!("{}\n", cx.idempotency_key()));
        tokio::time::sleep(self.1).await;
        Ok(json!({"did": cx.step().path().to_string()}))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ModelData {}

struct Model(Place);

#[async_trait]
impl Agent for Model {
    async fn turn(&self, cx: &NodeContext, request: &TurnRequest) -> Result<AgentTurn, NodeError> {
        let mut hash = DefaultHasher::new();
        for past in &request.history {
            let results = past.results.iter().map(CallResult::for_model);
            let results: Vec<Value> = results.collect();
            json!([past.output, past.state, results])
                .to_string()
                .hash(&mut hash);
        }
        let line = format!("{} {:x}\n", cx.idempotency_key(), hash.finish());
        self.0.note("requests", &line);
        tokio::time::sleep(Duration::from_millis(3)).await;
        let call = |index: usize, tool: &str| {
            ToolCall::new(tool, json!({ "n": index })).with_id(format!("c{index}"))
        };
        let is_inner = cx.step().path().as_str().contains("/worker/");
        let calls = match (is_inner, request.turn) {
            (false, 0) => vec![call(0, "read"), call(1, "pay"), call(2, "delegate")],
            (false, 1) => vec![call(3, "pay"), call(4, "send")],
            (true, 0) => vec![call(5, "pay"), call(6, "read")],
            _ => return Ok(AgentTurn::answer(format!("{:x}", hash.finish()))),
        };
        let signature = json!({"signature": cx.step().path().to_string()});
        Ok(AgentTurn::calls(calls).with_state(signature))
    }
}

fn registry(place: &Place) -> Registry {
    let mut registry = Registry::default();
    let of = place.clone();
    registry.register_with("Act", move |data: ActData| {
        Act(of.clone(), Duration::from_millis(data.millis))
    });
    let of = place.clone();
    registry.register_agent_with("Agent", move |_: ModelData| Model(of.clone()));
    registry
}

/// `pay` and `send` must not happen twice, `read` may, and `delegate` has an agent in it.
pub fn spec() -> Value {
    let tool = |name: &str, on_ambiguous: &str, millis: u64| {
        json!({"name": name, "on_ambiguous": on_ambiguous,
            "input": {"type": "object", "properties": {"n": {"type": "integer"}}},
            "nodes": [{"id": "act", "type": "Act", "data": {"millis": millis}}]})
    };
    let (read, pay) = (tool("read", "retry", 12), tool("pay", "fail", 3));
    let mut send = tool("send", "fail", 5);
    send["approve"] = json!({"message": "Send {{ args.n }}?"});
    let worker = json!({"id": "worker", "type": "Agent", "data": {"tools": [read, pay]}});
    let mut delegate = tool("delegate", "retry", 0);
    delegate["nodes"] = json!([worker]);
    json!({"name": "agents", "nodes": [
        {"id": "agent", "type": "Agent", "data": {"tools": [read, pay, send, delegate]}}]})
}

/// An engine on the store of a place, and the store.
pub async fn engine(place: &Place) -> (LocalEngine, Arc<SqliteStore>) {
    let store = Arc::new(SqliteStore::open(place.store()).await.unwrap());
    let engine = LocalEngine::builder(registry(place)).with_store(Arc::clone(&store) as _);
    (engine.build(), store)
}

/// Answers the questions of the runs that are not over: some calls are approved, some with other arguments, some are refused. Returns how
/// many runs are not over.
pub async fn answer_all(engine: &LocalEngine, store: &SqliteStore) -> usize {
    let unfinished = store.unfinished(None, 100).await.unwrap();
    for record in &unfinished {
        if record.head.status != RunStatus::Waiting {
            continue;
        }
        let Ok(report) = engine.run_report(record.id).await else {
            continue;
        };
        for wait in report.waits {
            let answer = match record.id.to_string().bytes().last().unwrap_or(0) % 3 {
                0 => json!({"action": "refuse", "reason": "not now"}),
                1 => json!({"action": "approve", "args": {"n": 70}}),
                _ => json!({"action": "approve"}),
            };
            // It may have been answered already: the report is older than the answer.
            _ = engine.answer(record.id, wait.wait_id, answer).await;
        }
    }
    unfinished.len()
}

/// Runs agents until it is killed.
pub async fn work_for_ever() {
    let place = Place::new(Path::new(&env::var(super::PLACE).unwrap()));
    let (engine, store) = engine(&place).await;
    let workflow: WorkflowId = env::var(super::WORKFLOW).unwrap().parse().unwrap();
    engine.recover().await.unwrap();
    println!("ready");
    loop {
        for _ in answer_all(&engine, &store).await..AT_ONCE {
            engine
                .start(NewRun::new(workflow, json!(null)))
                .await
                .unwrap();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
