//! Steps in agents that a request names: in predictions, in outputs that are set, and alone.

use async_trait::async_trait;
use futures::StreamExt;
use serde_json::{Value, json};
use workflow_core::{
    EngineError, EventKind, LocalEngine, NewRun, NodeContext, NodeError, RunId, Runs, StepEvent,
    Update, WorkflowId, Workflows,
    engine::Retry,
    node::agent::{Agent, AgentTurn, ToolCall, TurnRequest},
    view::{PredictedStatus, Prediction},
};

use crate::{Empty, lookup, registry};

/// Calls its first tool, then answers with what came of it.
struct Caller;

#[async_trait]
impl Agent for Caller {
    async fn turn(&self, _: &NodeContext, request: &TurnRequest) -> Result<AgentTurn, NodeError> {
        let Some(past) = request.history.first() else {
            let call = ToolCall::new(&*request.tools[0].name, json!({}));
            return Ok(AgentTurn::calls(vec![call]));
        };
        Ok(AgentTurn::answer(past.results[0].for_model()))
    }
}

struct Host {
    engine: LocalEngine,
    workflow: WorkflowId,
}

impl Host {
    async fn new() -> Self {
        let mut registry = registry();
        registry.register_agent_with("Caller", |_: Empty| Caller);
        let engine = LocalEngine::builder(registry).build();
        let spec = json!({"nodes": [{"id": "support", "type": "Caller", "data": {"max_turns": 3, "tools": [
            {"name": "order", "nodes": [lookup("get", "of {{ input }}"), lookup("say", "{{ get.output }}!")]}]}}]});
        let workflow = engine.create_workflow(spec).await.unwrap().record.id;
        Self { engine, workflow }
    }

    async fn run(&self) -> RunId {
        let new = NewRun::new(self.workflow, json!("run"));
        let run = self.engine.start(new).await.unwrap().id;
        assert_eq!(self.output(run).await, json!({"output": "of run!"}));
        run
    }

    async fn output(&self, run: RunId) -> Value {
        let mut updates = self.engine.events(run, 0).await.unwrap();
        let mut output = Value::Null;
        while let Some(update) = updates.next().await {
            if let Update::Event(StepEvent {
                kind: EventKind::RunCompleted(completed),
                ..
            }) = update
            {
                output = Value::clone(&completed.output);
            }
        }
        output
    }

    async fn refused(&self, retry: Retry) -> String {
        let refused = self.engine.retry(retry).await.unwrap_err();
        let EngineError::InvalidRetry(faults) = refused else {
            panic!("{refused}")
        };
        format!(
            "{}: {}",
            faults[0].code,
            faults[0].hint.as_deref().unwrap_or_default()
        )
    }
}

fn setting(run: RunId, path: &str) -> Retry {
    let mut retry = Retry::unchanged(run);
    retry.overrides = [(path.into(), json!("set"))].into();
    retry
}

#[tokio::test(start_paused = true)]
async fn the_output_of_a_node_in_a_tool_can_be_set() {
    let host = Host::new().await;
    let run = host.run().await;
    let retry = host
        .engine
        .retry(setting(run, "support/0/order-0/get"))
        .await
        .unwrap();
    assert_eq!(host.output(retry.id).await, json!({"output": "set!"}));
    let retry = host.engine.retry(setting(run, "support")).await.unwrap();
    assert_eq!(host.output(retry.id).await, json!("set"));
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_set_to_what_a_turn_gives_and_nothing_in_an_agent_runs_alone() {
    let host = Host::new().await;
    let run = host.run().await;
    let text = host.refused(setting(run, "support/0/turn")).await;
    assert!(
        text.starts_with(r#"invalid_value: write `{"output": …}`"#),
        "{text}"
    );
    for path in ["support/0/turn", "support/2/order-7", "support/0/unknown-0"] {
        let only = Retry::only(run, path.into());
        assert_eq!(
            host.refused(only).await,
            "not_applicable: run the whole agent"
        );
    }
    let only = Retry::only(run, "support/0/order-0/say".into());
    assert_eq!(
        host.refused(only).await,
        "not_applicable: run the whole agent"
    );
    for path in [
        "support/0",
        "support/3/turn",
        "support/00/turn",
        "support/0/order",
        "support/0/order-x",
        "support/0/order-00",
        "support/0/turn/get",
        "support/0/other-0",
        "support/0/unknown-0/get",
        "support/0/order-0/nothing",
    ] {
        assert!(
            host.refused(setting(run, path))
                .await
                .starts_with("unknown_reference"),
            "{path}"
        );
    }
}

fn status(prediction: &Prediction, path: &str) -> Option<PredictedStatus> {
    let mut steps = prediction.steps.iter();
    steps
        .find(|it| it.step.path().as_str() == path)
        .map(|it| it.status)
}

/// A prediction makes no turn, so what follows from one is not known.
#[tokio::test(start_paused = true)]
async fn a_prediction_says_that_an_agent_does_more_than_is_known() {
    let host = Host::new().await;
    let new = NewRun::new(host.workflow, json!("run"));
    let prediction = host.engine.predict(new).await.unwrap();
    assert_eq!(status(&prediction, "support"), Some(PredictedStatus::Runs));
    assert_eq!(
        status(&prediction, "support/0/turn"),
        Some(PredictedStatus::Runs)
    );
    assert_eq!(
        prediction.cost.unbounded,
        ["how much `support` does is known only when it runs"]
    );
}
