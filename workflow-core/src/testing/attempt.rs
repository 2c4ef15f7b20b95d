//! One attempt at a node or at a turn of an agent, without a workflow.

use std::sync::{Arc, atomic::AtomicUsize};

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    error::NodeError,
    event::{Delta, Report},
    node::{
        AttemptRef, DeltaSink, Node, NodeContext, Notices, Plan, PlanContext, RunContext,
        agent::{Agent, AgentTurn, TurnRequest},
    },
    template::{ImplicitInput, RunValues, Scope},
    value::{Amount, NodeId, RunId, StepRef},
};

/// One attempt at a node, or at a turn of an agent, without a workflow: what it plans, and what it does and reports. Templates of the
/// node read `input`, which is also its implicit input.
///
/// ```
/// use serde_json::json;
/// use workflow_core::{Node, NodeContext, NodeError, Plan, PlanContext, testing::TestAttempt, value::{Amount, StepKey}};
///
/// /// Doubles a number, for money.
/// struct Double;
///
/// #[async_trait::async_trait]
/// impl Node for Double {
///     fn plan(&self, cx: &PlanContext<'_>) -> Result<Plan, NodeError> {
///         let key = StepKey::builder("Double", 1).json("number", cx.input()?).build();
///         Ok(Plan::opaque().with_key(key).with_bound(Amount::calls(1)))
///     }
///
///     async fn run(&self, cx: &NodeContext) -> Result<serde_json::Value, NodeError> {
///         let number = cx.input()?.as_i64().unwrap_or_default();
///         Ok(json!(number * 2))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let attempt = TestAttempt::new(json!(4));
/// let plan = attempt.plan(&Double)?;
/// assert_eq!(plan.bound(), Some(Amount::calls(1)));
/// assert_eq!(plan.key(), TestAttempt::new(json!(4)).plan(&Double)?.key());
/// let (output, _report) = attempt.run(&Double).await;
/// assert_eq!(output?, json!(8));
/// # Ok::<(), NodeError>(())
/// # })?;
/// # Ok::<(), NodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TestAttempt {
    input: Arc<Value>,
    reserved: Option<Amount>,
    wants_request: bool,
    failures: u32,
}

impl TestAttempt {
    /// An attempt with this input.
    pub fn new(input: Value) -> Self {
        Self {
            input: Arc::new(input),
            reserved: None,
            wants_request: false,
            failures: 0,
        }
    }

    /// Sets what is reserved for the attempt. Default: nothing, as in a run without a budget.
    #[must_use]
    pub fn with_reserved(mut self, reserved: Amount) -> Self {
        self.reserved = Some(reserved);
        self
    }

    /// The plan includes the request, as for a prediction.
    #[must_use]
    pub fn with_request(mut self) -> Self {
        self.wants_request = true;
        self
    }

    /// Sets how many attempts failed before. Default: 0.
    #[must_use]
    pub fn with_failures(mut self, failures: u32) -> Self {
        self.failures = failures;
        self
    }

    fn scope(&self) -> Arc<Scope> {
        let input = Arc::clone(&self.input);
        let run = Arc::new(RunValues::new(RunId::new()));
        Arc::new(Scope::of_workflow(&Arc::default(), 0, input, &run))
    }

    /// Calls [`Node::plan`].
    ///
    /// # Errors
    /// Those of the plan.
    pub fn plan(&self, node: &dyn Node) -> Result<Plan, NodeError> {
        self.planned(|cx| node.plan(cx))
    }

    /// Calls [`Agent::plan`] for a turn.
    ///
    /// # Errors
    /// Those of the plan.
    pub fn plan_turn(&self, agent: &dyn Agent, request: &TurnRequest) -> Result<Plan, NodeError> {
        self.planned(|cx| agent.plan(cx, request))
    }

    fn planned(
        &self,
        plan: impl FnOnce(&PlanContext<'_>) -> Result<Plan, NodeError>,
    ) -> Result<Plan, NodeError> {
        let (step, rendered) = (step()?, AtomicUsize::new(0));
        let scope = self.scope();
        let cx = PlanContext::new(&scope, &step, ImplicitInput::Begin, &rendered);
        plan(&cx.wanting_request(self.wants_request))
    }

    /// Calls [`Node::plan`], and [`Node::run`] with what the plan has prepared. Returns the output and what the attempt has reported.
    /// Deltas are dropped. If the plan fails, its error is the output.
    pub async fn run(&self, node: &dyn Node) -> (Result<Value, NodeError>, Report) {
        match self.plan(node).and_then(|plan| self.context(plan)) {
            Err(error) => (Err(error), Report::default()),
            Ok(cx) => (node.run(&cx).await, report(cx)),
        }
    }

    /// Calls [`Agent::plan`] for a turn, and [`Agent::turn`] with what the plan has prepared. Returns the turn and what the attempt has
    /// reported. Deltas are dropped. If the plan fails, its error is the turn.
    pub async fn turn(
        &self,
        agent: &dyn Agent,
        request: &TurnRequest,
    ) -> (Result<AgentTurn, NodeError>, Report) {
        let plan = self.plan_turn(agent, request);
        match plan.and_then(|plan| self.context(plan)) {
            Err(error) => (Err(error), Report::default()),
            Ok(cx) => (agent.turn(&cx, request).await, report(cx)),
        }
    }

    fn context(&self, mut plan: Plan) -> Result<NodeContext, NodeError> {
        let run = RunContext {
            id: RunId::new(),
            cancellation: CancellationToken::new(),
            deltas: Arc::new(NoReader),
            notices: Notices::default(),
        };
        let attempt = AttemptRef {
            step: step()?,
            key: 0,
            attempt: self.failures.saturating_add(1),
            failures: self.failures,
        };
        let cx = NodeContext::new(Arc::new(run), self.scope(), attempt, ImplicitInput::Begin);
        Ok(cx.with_plan(plan.take_prepared(), self.reserved))
    }
}

fn report(cx: NodeContext) -> Report {
    cx.into_report().map(|it| *it).unwrap_or_default()
}

fn step() -> Result<StepRef, NodeError> {
    let node = NodeId::parse("step");
    let node = node.ok_or_else(|| NodeError::new("invalid_id", "`step` is no id"))?;
    Ok(StepRef::top_level(node))
}

struct NoReader;

impl DeltaSink for NoReader {
    fn push(&self, _: Delta) {}
}
