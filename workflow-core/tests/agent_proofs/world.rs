//! The world of a run: a model that does what its path says, leaves that note each effect, and persons who answer.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use workflow_core::{
    Executor, Node, NodeContext, NodeError, Registry, StepEvent, Workflow,
    event::NodeWaiting,
    node::agent::{AgentTurn, ToolCall, ToolChoice, TurnOutput, TurnRequest},
    workflow::Library,
};

use crate::{
    support::{
        agents::{Script, Sent, register, stored, to_end},
        collect,
    },
    tree::Case,
};

/// Draws a number below `below` that depends on the step only.
fn draw(path: &str, what: &str, below: u64) -> u64 {
    hash(&(path, what)) % below
}

fn hash(value: &impl Hash) -> u64 {
    let mut hash = DefaultHasher::new();
    value.hash(&mut hash);
    hash.finish()
}

/// The paths of the leaves that had an effect, in their order: one for each attempt that ran.
#[derive(Clone, Debug, Default)]
pub struct Effects(Arc<Mutex<Vec<String>>>);

impl Effects {
    pub fn taken(&self) -> BTreeMap<String, u32> {
        let mut times = BTreeMap::new();
        for path in std::mem::take(&mut *self.0.lock().unwrap()) {
            *times.entry(path).or_default() += 1;
        }
        times
    }
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ActSpec {
    millis: u64,
    failures: u32,
}

/// A leaf with an effect. Its output depends on its path and its input only.
struct Act {
    spec: ActSpec,
    effects: Effects,
}

#[async_trait]
impl Node for Act {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let path = cx.step().path().to_string();
        self.effects.0.lock().unwrap().push(path.clone());
        tokio::time::sleep(Duration::from_millis(self.spec.millis)).await;
        if cx.failures() < self.spec.failures {
            return Err(NodeError::new("busy", "the service is busy").with_retry());
        }
        Ok(done(cx.input()?))
    }

    fn reads_input(&self) -> bool {
        true
    }
}

/// The output of an `Act`.
pub fn done(input: &Value) -> Value {
    match &input["n"] {
        Value::Null => json!({"did": hash(&input.to_string())}),
        n => json!({ "did": n }),
    }
}

fn turn(cx: &NodeContext, request: &TurnRequest) -> Result<AgentTurn, NodeError> {
    let path = cx.step().path().as_str();
    if cx.failures() < 1 && draw(path, "busy", 4) == 0 {
        return Err(NodeError::new("busy", "the model is busy").with_retry());
    }
    Ok(says(path, request))
}

/// What a model says in a turn at this path.
pub fn says(path: &str, request: &TurnRequest) -> AgentTurn {
    let draw = |what: &str, below| draw(path, what, below);
    let answer = || AgentTurn::answer(json!({"saw": seen(request)}));
    let turn = match (&request.tool_choice, draw("says", 8)) {
        (ToolChoice::None, _) if request.is_finishing => answer(),
        // It ignores that this is its last turn.
        (ToolChoice::None, 0) => calls(path, request),
        (ToolChoice::None, _) | (_, 0) => answer(),
        (_, 1) => AgentTurn::of(TurnOutput::to_finish("about done")),
        _ => calls(path, request),
    };
    match draw("state", 2) {
        0 => turn.with_state(json!({"signature": path, "of": request.turn})),
        _ => turn,
    }
}

/// Stands for all that a model was told, but for the wording of errors.
fn seen(request: &TurnRequest) -> u64 {
    let past = request.history.iter().map(|past| {
        let results = past.results.iter().map(|it| match &it.result {
            Ok(output) => json!([output, it.changed]),
            Err(problem) => json!([&*problem.code]),
        });
        json!([past.output, past.state, results.collect::<Vec<_>>()]).to_string()
    });
    hash(&past.collect::<Vec<_>>())
}

fn calls(path: &str, request: &TurnRequest) -> AgentTurn {
    let draw = |call: u64, what: &str, below| draw(path, &format!("{what} {call}"), below);
    let calls = (0..=draw(0, "calls", 4)).map(|call| {
        let chosen = draw(call, "tool", u64::MAX);
        let tool = request
            .tools
            .iter()
            .max_by_key(|tool| hash(&(chosen, &tool.name)));
        let name = tool.map_or("none", |tool| &*tool.name);
        let n = json!(draw(call, "n", 3));
        match draw(call, "kind", 12) {
            0 => ToolCall::new("made/up", json!({ "n": n })),
            1 => ToolCall::new(name, json!({"n": "x"})),
            2 => ToolCall::new(name, json!("{n")).with_problem("no JSON"),
            3 => ToolCall::new(name, json!({"n": 5.0})).with_id("c"),
            _ => ToolCall::new(name, json!({ "n": n })),
        }
    });
    let turn = AgentTurn::calls(calls.collect());
    match draw(0, "text", 2) {
        0 => turn.with_text("I look"),
        _ => turn,
    }
}

/// What a person says to a question.
pub fn answer(waiting: &NodeWaiting) -> Value {
    said(waiting.step.path().as_str(), waiting.call.is_some())
}

/// What a person says at this step; to the question whether a call is made, if it is one.
pub fn said(path: &str, is_approval: bool) -> Value {
    if !is_approval {
        return json!("yes");
    }
    match draw(path, "person", 5) {
        0 => json!({"action": "refuse", "reason": "not this one"}),
        1 => json!({"action": "approve", "args": {"n": 70}}),
        _ => json!({"action": "approve"}),
    }
}

/// Built once for a case, and run again and again.
pub struct Host {
    pub workflow: Arc<Workflow>,
    pub effects: Effects,
    pub sent: Sent,
}

/// What a host did, besides writing a log.
#[derive(Debug)]
pub struct Did {
    /// How often each leaf had its effect.
    pub effects: BTreeMap<String, u32>,
    /// The requests of each turn, one for each attempt.
    pub sent: BTreeMap<String, Vec<String>>,
}

/// The types, with this world behind them.
pub fn registry(effects: &Effects, sent: &Sent) -> Registry {
    let mut registry = Registry::default();
    let effects = effects.clone();
    registry.register_with("Act", move |spec: ActSpec| Act {
        spec,
        effects: effects.clone(),
    });
    let script: Script = Arc::new(turn);
    register(&mut registry, script, sent);
    registry
}

impl Host {
    pub fn new(case: &Case) -> Self {
        let (effects, sent) = (Effects::default(), Sent::default());
        let registry = registry(&effects, &sent);
        let (spec, called) = case.specs();
        let mut library = Library::new();
        let built = |spec: &Value, library: &Library| {
            let workflow = Workflow::with_library(spec, &registry, library);
            Arc::new(workflow.unwrap_or_else(|invalid| panic!("{invalid}\n{spec}")))
        };
        for (name, spec) in called {
            let workflow = built(&spec, &library);
            library.insert(&name, workflow);
        }
        let workflow = built(&spec, &library);
        Self {
            workflow,
            effects,
            sent,
        }
    }

    pub fn taken(&self) -> Did {
        Did {
            effects: self.effects.taken(),
            sent: self.sent.taken(),
        }
    }

    /// A whole run, without a crash.
    pub async fn run(&self) -> (Vec<StepEvent>, Did) {
        let run = Executor::new().run(Arc::clone(&self.workflow), json!({"n": 1}));
        let log = to_end(&self.workflow, collect(run).await, answer).await;
        (log, self.taken())
    }

    /// The whole log of a run whose host was lost after `prefix`, and what the next host did.
    pub async fn resume(&self, prefix: &[StepEvent]) -> (Vec<StepEvent>, Did) {
        let log = to_end(&self.workflow, stored(prefix), answer).await;
        (log, self.taken())
    }
}
