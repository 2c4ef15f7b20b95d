//! Agents that follow a script, and runs that are continued to their end.
#![allow(
    clippy::needless_pass_by_value,
    reason = "values are written where they are passed"
)]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use workflow_core::{
    EventKind, Executor, NodeContext, NodeError, Plan, PlanContext, Registry, RetryPolicy,
    StepEvent, Template, Workflow,
    event::NodeWaiting,
    node::agent::{Agent, AgentTurn, CallResult, PastTurn, TurnRequest},
    value::{Amount, Cost, StepKey, Usage, Usd, WaitId},
};

use super::{Probe, collect};

/// What an agent says in a turn.
pub type Script =
    Arc<dyn Fn(&NodeContext, &TurnRequest) -> Result<AgentTurn, NodeError> + Send + Sync>;

/// A script that never fails and reads the request only.
pub fn script(turn: impl Fn(&TurnRequest) -> AgentTurn + Send + Sync + 'static) -> Script {
    Arc::new(move |_, request| Ok(turn(request)))
}

/// What was sent with each turn, by the path of its step: one text for each attempt.
#[derive(Clone, Debug, Default)]
pub struct Sent(Arc<Mutex<BTreeMap<String, Vec<String>>>>);

impl Sent {
    pub fn taken(&self) -> BTreeMap<String, Vec<String>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentSpec {
    /// What the agent is asked.
    pub prompt: Option<Template>,
    /// Virtual milliseconds of each turn.
    #[serde(default)]
    pub millis: u64,
}

struct ScriptedAgent {
    spec: AgentSpec,
    script: Script,
    sent: Sent,
}

impl ScriptedAgent {
    fn prompt(&self, cx: &PlanContext<'_>) -> Result<String, NodeError> {
        match &self.spec.prompt {
            Some(prompt) => cx.render(prompt),
            None => Ok(cx.input()?.to_string()),
        }
    }
}

#[async_trait]
impl Agent for ScriptedAgent {
    fn plan(&self, cx: &PlanContext<'_>, request: &TurnRequest) -> Result<Plan, NodeError> {
        let prompt = self.prompt(cx)?;
        let tools: Vec<&str> = request.tools.iter().map(|tool| &*tool.name).collect();
        let key = StepKey::builder("Agent", 1)
            .text("prompt", &prompt)
            .serialized("tools", &tools)
            .text("choice", &format!("{:?}", request.tool_choice));
        let key = request
            .history
            .iter()
            .fold(key, |key, past| key.serialized("past", &past.key()));
        let bound = Amount::calls(1).with_tokens(20);
        let plan = Plan::opaque()
            .with_key(key.build())
            .with_bound(bound.with_usd(Usd::from_nano(2_000)));
        Ok(if cx.wants_request() {
            plan.with_request(json!({"prompt": prompt, "turn": request.turn}))
        } else {
            plan
        })
    }

    async fn turn(&self, cx: &NodeContext, request: &TurnRequest) -> Result<AgentTurn, NodeError> {
        let prompt = self.prompt(&cx.planning())?;
        let path = cx.step().path().to_string();
        let body = format!("{prompt}\n{}", sent(request));
        self.sent
            .0
            .lock()
            .unwrap()
            .entry(path)
            .or_default()
            .push(body);
        cx.delta("thinking")?;
        cx.record_usage(Usage::new(10, 1));
        cx.record_cost(Cost::exact(Usd::from_nano(1_500)));
        if self.spec.millis > 0 {
            tokio::time::sleep(Duration::from_millis(self.spec.millis)).await;
        }
        (self.script)(cx, request)
    }

    fn reads_input(&self) -> bool {
        self.spec.prompt.is_none()
    }
}

/// A request as a provider would send it.
pub fn sent(request: &TurnRequest) -> String {
    let past = |past: &Arc<PastTurn>| {
        let results = past.results.iter().map(CallResult::for_model);
        let results: Vec<Value> = results.collect();
        json!({"output": past.output, "state": past.state, "results": results}).to_string()
    };
    let history: Vec<String> = request.history.iter().map(past).collect();
    let tools: Vec<&str> = request.tools.iter().map(|tool| &*tool.name).collect();
    format!(
        "{tools:?} {:?}\n{}",
        request.tool_choice,
        history.join("\n")
    )
}

/// The types of [`support::registry`](super::registry), and `Agent`.
pub fn registry(probe: &Probe, script: Script, sent: &Sent) -> Registry {
    let mut registry = super::registry(probe);
    register(&mut registry, script, sent);
    registry
}

/// Adds `Agent` to other types.
pub fn register(registry: &mut Registry, script: Script, sent: &Sent) {
    let sent = sent.clone();
    registry
        .register_agent_with("Agent", move |spec: AgentSpec| ScriptedAgent {
            spec,
            script: Arc::clone(&script),
            sent: sent.clone(),
        })
        .with_retry(RetryPolicy::attempts(3));
}

/// The results that the latest turn was given, in short.
pub fn results(request: &TurnRequest) -> Vec<Value> {
    let results = request.history.iter().flat_map(|past| &past.results);
    results
        .map(|it| match &it.result {
            Ok(output) => Value::clone(output),
            Err(problem) => problem.code.to_string().into(),
        })
        .collect()
}

/// A workflow with one agent, `agent`, that has these fields besides a prompt.
pub fn one_agent(fields: Value) -> Value {
    let mut data = json!({"prompt": "{{ input }}"});
    for (name, value) in fields.as_object().unwrap() {
        data[name] = value.clone();
    }
    json!({"nodes": [{"id": "agent", "type": "Agent", "data": data}]})
}

/// A tool that takes an integer `n` and runs one `Script` node, `work`.
pub fn tool(name: &str, work: Value) -> Value {
    json!({
        "name": name,
        "on_ambiguous": "retry",
        "input": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
        "nodes": [{"id": "work", "type": "Script", "data": work}],
    })
}

pub fn checked(spec: &Value, registry: &Registry) -> Arc<Workflow> {
    Arc::new(Workflow::from_spec(spec, registry).unwrap_or_else(|faults| panic!("{faults}")))
}

/// Runs a workflow of an agent with this script to its end. Nobody answers.
pub async fn run_agent(spec: &Value, script: Script) -> (Probe, Sent, Vec<StepEvent>) {
    let (probe, sent) = (Probe::default(), Sent::default());
    let workflow = checked(spec, &registry(&probe, script, &sent));
    let log = collect(Executor::new().run(workflow, "in".into())).await;
    (probe, sent, log)
}

/// The waits for persons that are open at the end of a log.
pub fn open_waits(log: &[StepEvent]) -> Vec<&NodeWaiting> {
    let mut open: BTreeMap<String, &NodeWaiting> = BTreeMap::new();
    for event in log {
        let path = event.step().map(|step| step.path().to_string());
        match (&event.kind, path) {
            (EventKind::NodeWaiting(waiting), Some(path)) if waiting.message.is_some() => {
                open.insert(path, waiting);
            }
            (
                EventKind::NodeResumed(_) | EventKind::NodeFailed(_) | EventKind::NodeCancelled(_),
                Some(path),
            ) => _ = open.remove(&path),
            _ => {}
        }
    }
    open.into_values().collect()
}

/// The wait that is open at the end of a log.
pub fn open_wait(log: &[StepEvent]) -> WaitId {
    open_waits(log).first().expect("a wait is open").wait_id
}

/// Continues a log to the end of its run. Waits for persons are answered in the order of their paths.
pub async fn to_end(
    workflow: &Arc<Workflow>,
    mut log: Vec<StepEvent>,
    answer: impl Fn(&NodeWaiting) -> Value,
) -> Vec<StepEvent> {
    let executor = Executor::new();
    while !log.last().is_some_and(StepEvent::is_terminal) {
        let before = log.len();
        let run = executor.resume(Arc::clone(workflow), &log);
        let run = run.unwrap_or_else(|error| panic!("{error}: {:#?}", super::brief(&log)));
        log.extend(collect(run).await);
        if log.last().is_some_and(StepEvent::is_terminal) {
            break;
        }
        let waits = open_waits(&log);
        let Some(wait) = waits.first() else {
            assert!(log.len() > before, "stuck: {:#?}", super::brief(&log));
            continue;
        };
        let (id, payload) = (wait.wait_id, answer(wait));
        let run = executor.signal(Arc::clone(workflow), &log, id, payload);
        let run = run.unwrap_or_else(|error| panic!("{error}"));
        log.extend(collect(run).await);
    }
    log
}

/// A log as it is read from a store.
pub fn stored(log: &[StepEvent]) -> Vec<StepEvent> {
    serde_json::from_str(&serde_json::to_string(log).unwrap()).unwrap()
}

/// How often each step completed.
pub fn completions(log: &[StepEvent]) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for event in log {
        if let EventKind::NodeCompleted(completed) = &event.kind {
            *count.entry(completed.step.path().to_string()).or_default() += 1;
        }
    }
    count
}

/// The event of a step with this name, such as `node.failed`, as JSON.
pub fn event_of(log: &[StepEvent], name: &str, path: &str) -> Value {
    let found = log.iter().find(|event| {
        let of_step = event
            .step()
            .is_some_and(|step| step.path().as_str() == path);
        of_step && event.kind.name() == name
    });
    let found = found.unwrap_or_else(|| panic!("no {name} {path}: {:#?}", super::brief(log)));
    serde_json::to_value(found).unwrap()
}
