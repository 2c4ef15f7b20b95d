//! Node types: what a node is, what an attempt is given, and how a program offers types by name.
//!
//! - [`Node`] does one step once. Its `data` is a type that deserializes and has a schema; see [`Node`] for an
//!   example. [`NodeContext`] has the input, renders templates, streams text and records usage.
//! - A [`Registry`] has the types by name, each a [`NodeType`] with its default [`RetryPolicy`] and its
//!   [`DisplayHints`].
//! - [`Node::plan`] describes an attempt before it is made: a [`Plan`].
//! - A node that waits at a shared limit reports its place in line: [`NodeContext::queued`] returns [`Queued`].
//! - [`PromptNode`] and [`TransformNode`] are the built-in types that do work. The types that contain other nodes or
//!   wait are part of the engine, and every [`Registry::default`] has them.

pub mod agent;
mod built_in;
mod control;
mod display;
mod plan;
mod queued;
mod registry;
mod retry;

pub(crate) use self::{
    built_in::SWITCH,
    control::{
        AgentData, AgentFields, Approve, Control, ControlKind, DelayNode, HumanNode, ITEM,
        LoopNode, MAX_TOOLS, MapNode, Nodes, OnItemError, OnMax, OnMaxTurns, TOOL_NAME, ToolData,
        ToolOnAmbiguous, ToolOnError, WorkflowNode,
    },
    plan::Prepared,
    queued::{AdmissionChange, Notice, Notices},
    registry::NodeInstance,
};
pub use self::{
    built_in::{PromptNode, SwitchNode, TransformNode},
    display::DisplayHints,
    plan::{Effects, Plan, PlanContext},
    queued::Queued,
    registry::{NodeType, Registry},
    retry::{LONGEST_REQUESTED_WAIT, RetryPolicy},
};

use std::{
    any::Any,
    borrow::Cow,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use self::queued::{WaitingAttempt, WorkClock};
use crate::{
    error::NodeError,
    event::{Delta, Report, TextKind},
    template::{ImplicitInput, Json, Scope, Template, Templated},
    value::{Amount, Cost, InvalidData, RunId, StepRef, Usage, lock, millis, size},
};

/// One kind of work, configured by one node's `data`.
///
/// An implementation does its step once and classifies its errors. Retries, timeouts, the log and panics are
/// handled by the engine. The same node may be run several times at once: in a map, or by several runs of the
/// workflow.
///
/// # Cancellation
/// Dropping the future of [`run`](Self::run) cancels the attempt. So everything that a node starts must end
/// with that future: no detached tasks, no threads that keep working.
///
/// # Examples
/// ```
/// use async_trait::async_trait;
/// use workflow_core::{Node, NodeContext, NodeError, Template};
///
/// /// Counts the words of a text.
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct WordCount {
///     /// The text to count.
///     text: Template,
/// }
///
/// #[async_trait]
/// impl Node for WordCount {
///     async fn run(&self, cx: &NodeContext) -> Result<serde_json::Value, NodeError> {
///         let text = cx.render(&self.text)?;
///         Ok(text.split_whitespace().count().into())
///     }
/// }
/// # let mut registry = workflow_core::Registry::new();
/// registry.register::<WordCount>("WordCount");
/// ```
#[async_trait]
pub trait Node: Send + Sync + 'static {
    /// Does the step once. The returned value is the output of the step, at most
    /// [`MAX_OUTPUT_BYTES`](crate::value::MAX_OUTPUT_BYTES) as JSON.
    ///
    /// # Errors
    /// A classified error: see [`NodeError`]. Only retryable errors are retried. A panic fails the step with the code
    /// `panicked`.
    ///
    /// # Cancellation
    /// The future is dropped when the run is cancelled, when the timeout of the attempt expires, or when the host
    /// shuts down. After a shutdown or crash the step is attempted again, unless its `on_ambiguous` is
    /// `fail`. So a step with side effects should use [`NodeContext::idempotency_key`].
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError>;

    /// Describes the attempt that `run` is about to make: what it would send, the most it may use, and whether it acts.
    /// Default: nothing is known.
    ///
    /// It is called when an attempt gets a slot, retries included, and for predictions of a run; never when a log is replayed. It must be
    /// pure: no IO, no clock, no randomness; equal values give equal plans. What it renders it can pass on to `run`. The README of this
    /// crate has the same example with tokens, money, a request for people, and a test.
    ///
    /// ```
    /// use workflow_core::{
    ///     Node, NodeContext, NodeError, Plan, PlanContext, Template,
    ///     node::Effects,
    ///     value::{Amount, StepKey},
    /// };
    ///
    /// /// Translates a text with a paid service.
    /// struct Translate {
    ///     text: Template,
    /// }
    ///
    /// struct Request {
    ///     text: String,
    /// }
    ///
    /// impl Translate {
    ///     fn prepare(&self, cx: &PlanContext<'_>) -> Result<Request, NodeError> {
    ///         let text = cx.render(&self.text)?;
    ///         Ok(Request { text })
    ///     }
    /// }
    ///
    /// #[async_trait::async_trait]
    /// impl Node for Translate {
    ///     fn plan(&self, cx: &PlanContext<'_>) -> Result<Plan, NodeError> {
    ///         let request = self.prepare(cx)?;
    ///         let key = StepKey::builder("Translate", 1).text("text", &request.text).build();
    ///         let plan = Plan::opaque()
    ///             // The same text is not translated again in a run that continues this one.
    ///             .with_key(key)
    ///             .with_effects(Effects::None)
    ///             .with_bound(Amount::calls(1));
    ///         Ok(plan.with_prepared(request))
    ///     }
    ///
    ///     async fn run(&self, cx: &NodeContext) -> Result<serde_json::Value, NodeError> {
    ///         let request: Request = match cx.prepared() {
    ///             Some(request) => request,
    ///             None => self.prepare(&cx.planning())?,
    ///         };
    ///         Ok(request.text.into())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// The step fails with the error, without an attempt; it is not retried. A panic fails it with `panicked`.
    fn plan(&self, cx: &PlanContext<'_>) -> Result<Plan, NodeError> {
        let _ = cx;
        Ok(Plan::opaque())
    }

    /// Checks the node when it is built, for faults that the type of its `data` cannot express: a word that only a client of the node knows, or
    /// fields that exclude each other with the settings of the host. Default: none.
    ///
    /// It is called wherever a specification is read, so a stored workflow becomes invalid if the check becomes stricter. It must be pure.
    ///
    /// # Errors
    /// The first fault. The workflow is refused with it.
    fn check(&self) -> Result<(), InvalidData> {
        Ok(())
    }

    /// What an attempt does outside of its run, as far as this node says it before it has values; a [plan](Self::plan) may say more. A
    /// tool of an agent whose nodes may act has to say what happens after a crash. Default: as its type says it
    /// ([`with_no_side_effects`](NodeType::with_no_side_effects)).
    fn effects(&self) -> Option<Effects> {
        None
    }

    /// The JSON Schema (draft 2020-12) that an output of this node fits. A person who sets the output of a step instead of
    /// running it is held to it. Default: the schema of [`output_shape`](Self::output_shape), or any value.
    fn output_schema(&self) -> Option<&Value> {
        match self.output_shape() {
            OutputShape::Schema(schema) => Some(schema),
            _ => None,
        }
    }

    /// Whether this node, as configured, reads the implicit input ([`NodeContext::input`]).
    ///
    /// If it does, a workflow in which it would have none is refused when it is created. Default: `false`.
    fn reads_input(&self) -> bool {
        false
    }

    /// What is known of this node's output before it runs. Default: nothing.
    ///
    /// A template that reads a field which the output cannot have is then a fault when the workflow is created,
    /// instead of an error while it runs.
    ///
    /// Editors know the JSON Schema of `data` only. They complete the fields of the output if the type declares it there, too:
    /// `#[schemars(extend("x-workflow-output" = …))]` with the schema of the output on the type, or with `true` on the field
    /// that holds the schema of the output or its value.
    ///
    /// ```
    /// use serde_json::{Value, json};
    /// use workflow_core::{Node, NodeContext, NodeError, node::OutputShape};
    ///
    /// struct Weather {
    ///     schema: Value,
    /// }
    ///
    /// #[async_trait::async_trait]
    /// impl Node for Weather {
    ///     async fn run(&self, _: &NodeContext) -> Result<Value, NodeError> {
    ///         Ok(json!({"celsius": 21}))
    ///     }
    ///
    ///     fn output_shape(&self) -> OutputShape<'_> {
    ///         OutputShape::Schema(&self.schema)
    ///     }
    /// }
    /// ```
    fn output_shape(&self) -> OutputShape<'_> {
        OutputShape::Unknown
    }
}

/// What is known of a node's output before it runs.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum OutputShape<'a> {
    /// Nothing: every field may exist.
    Unknown,
    /// The output is a string.
    Text,
    /// The output fits this JSON Schema (draft 2020-12). The engine does not check it.
    Schema(&'a Value),
    /// The output is what this renders to.
    Json(&'a Json),
}

const _: fn(&dyn Node) = |_| {};

/// Receives the text of running steps. Implemented by the live tail of a run and by a polled `Run`.
pub(crate) trait DeltaSink: Send + Sync {
    /// Takes a piece of text. It must not block and must not wait for readers: nodes call it while they are polled.
    fn push(&self, delta: Delta);
}

/// What all attempts of a run share.
///
/// It lives as long as an attempt of the run does, so `cancellation` can fire after the driver is dropped.
pub(crate) struct RunContext {
    pub(crate) id: RunId,
    pub(crate) cancellation: CancellationToken,
    pub(crate) deltas: Arc<dyn DeltaSink>,
    pub(crate) notices: Notices,
}

/// Identifies one attempt at one step.
pub(crate) struct AttemptRef {
    pub(crate) step: StepRef,
    /// The key of the step in the machine. Notices carry it, so that the driver needs no look-up by path.
    pub(crate) key: u64,
    /// The number of the attempt, counted from 1.
    pub(crate) attempt: u32,
    /// How many earlier attempts failed. Attempts that a crash interrupted do not count.
    pub(crate) failures: u32,
}

/// The most bytes that all templates of one attempt may render to in total: 20 MiB.
pub const MAX_RENDERED_BYTES: usize = 20 * 1024 * 1024;

/// The most bytes of an attempt's debug record as JSON. It is logged beside the output.
const MAX_DEBUG_BYTES: usize = 256 * 1024;

/// The context of one attempt: its input, the outputs of earlier steps, and ways to report progress.
///
/// Methods named `record_…` set a field of the attempt's report. The report is logged when the attempt ends,
/// also when it fails; a later call replaces the value of an earlier one.
///
/// ```
/// use workflow_core::{Node, NodeContext, NodeError, Template, value::Usage};
///
/// /// Answers a prompt, piece by piece.
/// struct Model {
///     prompt: Template,
/// }
///
/// # struct Reply;
/// # impl Reply {
/// #     async fn next(&mut self) -> Option<String> { None }
/// # }
/// # async fn send(_prompt: &str, _key: &str) -> Result<Reply, NodeError> { Ok(Reply) }
/// #[async_trait::async_trait]
/// impl Node for Model {
///     async fn run(&self, cx: &NodeContext) -> Result<serde_json::Value, NodeError> {
///         let prompt = cx.render(&self.prompt)?;
///         // The same key for each attempt at this step: a retried request has no second effect.
///         let mut reply = send(&prompt, &cx.idempotency_key()).await?;
///         let mut answer = String::new();
///         while let Some(piece) = reply.next().await {
///             cx.delta(piece.as_str())?;
///             answer.push_str(&piece);
///         }
///         cx.record_model("example-1");
///         cx.record_usage(Usage::new(12, 340));
///         Ok(answer.into())
///     }
/// }
/// ```
pub struct NodeContext {
    run: Arc<RunContext>,
    scope: Arc<Scope>,
    attempt: AttemptRef,
    input: ImplicitInput,
    text_sent: AtomicU64,
    thought_sent: AtomicU64,
    /// Bytes that templates have rendered to so far.
    rendered: AtomicUsize,
    report: Mutex<Option<Box<Report>>>,
    prepared: Mutex<Option<Prepared>>,
    reserved: Option<Amount>,
    /// Whether its deltas are shown.
    streams: bool,
    clock: WorkClock,
}

impl NodeContext {
    pub(crate) fn new(
        run: Arc<RunContext>,
        scope: Arc<Scope>,
        attempt: AttemptRef,
        input: ImplicitInput,
    ) -> Self {
        Self {
            run,
            scope,
            attempt,
            input,
            text_sent: AtomicU64::new(0),
            thought_sent: AtomicU64::new(0),
            rendered: AtomicUsize::new(0),
            report: Mutex::new(None),
            prepared: Mutex::new(None),
            reserved: None,
            streams: true,
            clock: WorkClock::default(),
        }
    }

    /// Gives the attempt what its plan has prepared, and what is reserved for it.
    pub(crate) fn with_plan(
        mut self,
        prepared: Option<Prepared>,
        reserved: Option<Amount>,
    ) -> Self {
        self.prepared = Mutex::new(prepared);
        self.reserved = reserved;
        self
    }

    /// Sets whether readers are shown its deltas. Those of a step whose start may be stored later are dropped.
    pub(crate) fn with_deltas(mut self, streams: bool) -> Self {
        self.streams = streams;
        self
    }

    /// What [`Node::plan`] has prepared for this attempt ([`Plan::with_prepared`]). It is given once. `None` if there is none of this
    /// type, for example because another node calls this one: then prepare it from [`planning`](Self::planning).
    pub fn prepared<T: Any + Send + Sync>(&self) -> Option<T> {
        let mut prepared = lock(&self.prepared);
        let of_type = prepared.take_if(|it| it.is::<T>())?;
        of_type.downcast().ok().map(|it| *it)
    }

    /// The context of a plan with the values of this attempt. Both count against the same limit of rendered bytes.
    pub fn planning(&self) -> PlanContext<'_> {
        PlanContext::new(&self.scope, &self.attempt.step, self.input, &self.rendered)
    }

    /// What is reserved for this attempt in the budgets of the run: the bound of its plan. `None` if no budget limits the run, or
    /// the plan has no bound.
    pub fn reserved(&self) -> Option<Amount> {
        self.reserved
    }

    /// The implicit input: the output of the node's only need. For a node without needs it is the input of the
    /// run, in a map the item, in a loop the input of the loop.
    ///
    /// # Errors
    /// `no_implicit_input` if the node has several needs, or if its only need has no output.
    pub fn input(&self) -> Result<&Value, NodeError> {
        self.planning().input()
    }

    /// Renders a template over the input of the run and the outputs of earlier steps.
    ///
    /// A node may have many templates, so all that one attempt renders counts against one limit,
    /// [`MAX_RENDERED_BYTES`].
    ///
    /// # Errors
    /// `template_error` if a name in the template is missing or rendering exceeds a limit.
    pub fn render(&self, template: &Template) -> Result<String, NodeError> {
        self.planning().render(template)
    }

    /// Renders JSON with templates. A string that consists of one `{{ expression }}` becomes the value of the
    /// expression, with its type.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub fn render_json(&self, json: &Json) -> Result<Value, NodeError> {
        self.planning().render_json(json)
    }

    /// The value of a field that may be a template.
    ///
    /// # Errors
    /// As [`render`](Self::render), and `template_error` if the template gives a value of another kind.
    pub fn render_value<T>(&self, value: &Templated<T>) -> Result<T, NodeError>
    where
        T: Clone + serde::de::DeserializeOwned,
    {
        self.planning().render_value(value)
    }

    /// Streams a further piece of the answer to the readers of the run.
    ///
    /// It never blocks, and costs little without readers. Deltas are not logged: the output of the step is what `run`
    /// returns, and a reader that comes later sees only that. Those of a node that [only computes](NodeType::with_instant) are dropped.
    ///
    /// # Errors
    /// `cancelled` if the run is cancelled: the node should return the error.
    pub fn delta(&self, text: impl Into<String>) -> Result<(), NodeError> {
        self.push(TextKind::Text, &self.text_sent, text.into())
    }

    /// Streams a further piece of the model's thoughts, which are not part of the answer.
    ///
    /// # Errors
    /// As [`delta`](Self::delta).
    pub fn thought(&self, text: impl Into<String>) -> Result<(), NodeError> {
        self.push(TextKind::Thought, &self.thought_sent, text.into())
    }

    /// Sends a piece of text. Offsets count UTF-16 code units, as JavaScript counts the length of a string, so that a page can place a
    /// piece without decoding.
    fn push(&self, kind: TextKind, sent: &AtomicU64, text: String) -> Result<(), NodeError> {
        if self.run.cancellation.is_cancelled() {
            return Err(NodeError::new("cancelled", "the run was cancelled"));
        }
        if text.is_empty() || !self.streams {
            return Ok(());
        }
        self.note_first_delta();
        let units = text.encode_utf16().count() as u64;
        let offset = sent.fetch_add(units, Ordering::Relaxed);
        let delta = Delta::new(
            self.run.id,
            self.step().clone(),
            self.attempt(),
            kind,
            text,
            offset,
        );
        self.run.deltas.push(delta);
        Ok(())
    }

    /// Records the time to the first delta of either kind, without the time in queues.
    fn note_first_delta(&self) {
        let sent = [&self.text_sent, &self.thought_sent];
        if sent.iter().all(|sent| sent.load(Ordering::Relaxed) == 0) {
            let worked = millis(self.clock.worked());
            self.report(|report| report.first_delta_ms = Some(worked));
        }
    }

    /// Reports that the attempt waits for admission at a limit that it shares with other attempts.
    ///
    /// `queue` names the limit, for example by the model. `position` is the place in line, counted from 1.
    /// While the returned guard exists, the timeout of the attempt does not run. Events show `node.queued`, again each
    /// time the position has halved ([`Queued::moved`]), and `node.admitted` when the guard is dropped. Of several
    /// guards at the same time, only the first reports.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use async_trait::async_trait;
    /// use tokio::sync::Semaphore;
    /// use workflow_core::{Node, NodeContext, NodeError};
    ///
    /// /// A node whose service accepts two requests at a time.
    /// struct Scan {
    ///     limit: Arc<Semaphore>,
    /// }
    ///
    /// #[async_trait]
    /// impl Node for Scan {
    ///     async fn run(&self, cx: &NodeContext) -> Result<serde_json::Value, NodeError> {
    ///         let _permit = match self.limit.try_acquire() {
    ///             Ok(permit) => permit,
    ///             Err(_) => {
    ///                 // A queue that knows positions reports them with `Queued::moved`.
    ///                 let _queued = cx.queued("scanner", 1);
    ///                 self.limit.acquire().await.expect("it is never closed")
    ///             }
    ///         };
    ///         Ok(cx.input()?.clone())
    ///     }
    /// }
    /// ```
    ///
    /// # Cancellation
    /// Dropping the future of the node drops the guard, and with it the place in line.
    pub fn queued(&self, queue: impl Into<Cow<'static, str>>, position: usize) -> Queued<'_> {
        let attempt = WaitingAttempt {
            notices: &self.run.notices,
            step: self.attempt.key,
            attempt: self.attempt.attempt,
            clock: &self.clock,
        };
        Queued::new(attempt, queue.into(), position)
    }

    pub(crate) fn clock(&self) -> &WorkClock {
        &self.clock
    }

    /// Records the tokens that this attempt has used so far, in total. It also counts if the attempt fails.
    pub fn record_usage(&self, usage: Usage) {
        self.report(|report| report.usage = usage);
    }

    /// Records what this attempt has cost so far, in total. It also counts if the attempt fails. Usage without a recorded cost has an
    /// unknown price.
    pub fn record_cost(&self, cost: Cost) {
        self.report(|report| report.cost = Some(cost));
    }

    /// Records how many requests to a model this attempt has sent so far. Default: those of the bound of its plan.
    pub fn record_calls(&self, calls: u64) {
        self.report(|report| report.calls = Some(calls));
    }

    /// Records that what was recorded is all that this attempt used, even if it fails: for example nothing, because the connection
    /// was refused. Without it, a failed attempt counts in budgets as if it had used its whole reservation.
    pub fn record_usage_final(&self) {
        self.report(|report| report.usage_final = true);
    }

    /// Records the request as it was sent, for people who look at the step and for tests from recorded runs. It is in the log only, and
    /// at most 256 KiB as JSON; a larger value is dropped. Secrets must appear by name only.
    pub fn record_request(&self, request: Value) {
        if size::check(&request, MAX_DEBUG_BYTES).is_ok() {
            self.report(|report| report.request = Some(Arc::new(request)));
        }
    }

    /// Records which model answered.
    pub fn record_model(&self, model: impl Into<String>) {
        self.report(|report| report.model = Some(model.into().into()));
    }

    /// Records why the model stopped. Templates of later steps read it as `id.finish_reason`.
    pub fn record_finish_reason(&self, reason: impl Into<String>) {
        self.report(|report| report.finish_reason = Some(reason.into().into()));
    }

    /// Records that a token limit cut the answer off, and that the output is the part before it. Templates of
    /// later steps read it as `id.truncated`.
    pub fn record_truncated(&self) {
        self.report(|report| report.truncated = true);
    }

    /// Records other facts about the answer, such as its sources. Events show them, and templates of later
    /// steps read them as `id.metadata`.
    pub fn record_metadata(&self, metadata: Value) {
        self.report(|report| report.metadata = Some(Arc::new(metadata)));
    }

    /// Records what helps to debug this attempt, such as the prompt as sent or the raw parts of an answer.
    ///
    /// It is in the log and in the history of the step, and never in streams or pages of events. At most 256 KiB as
    /// JSON; a larger value is dropped.
    pub fn record_debug(&self, debug: Value) {
        if size::check(&debug, MAX_DEBUG_BYTES).is_ok() {
            self.report(|report| report.debug = Some(Arc::new(debug)));
        }
    }

    /// Records what the provider of a turn needs back.
    pub(crate) fn record_state(&self, state: Value) {
        self.report(|report| report.state = Some(Arc::new(state)));
    }

    fn report(&self, change: impl FnOnce(&mut Report)) {
        let mut report = lock(&self.report);
        change(report.get_or_insert_default());
    }

    /// The report of the attempt; `None` if it is empty. An empty report and no report have the same JSON, so the
    /// log must not distinguish them: a replayed run would differ from a live one.
    pub(crate) fn into_report(self) -> Option<Box<Report>> {
        let report = self.report.into_inner();
        let mut report = report.unwrap_or_else(PoisonError::into_inner);
        if let Some(queued) = self.clock.into_queued() {
            report.get_or_insert_default().queued_ms = Some(millis(queued));
        }
        report.filter(|report| **report != Report::default())
    }

    /// The number of this attempt, counted from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt.attempt
    }

    /// How many attempts at this step failed before this one. An attempt that a crash interrupted did not fail.
    pub fn failures(&self) -> u32 {
        self.attempt.failures
    }

    /// The run of this step.
    pub fn run_id(&self) -> RunId {
        self.run.id
    }

    /// The step: its node and its path in the run.
    pub fn step(&self) -> &StepRef {
        &self.attempt.step
    }

    /// A key that is the same for every attempt at this step and differs from that of every other step: `run/path`.
    /// Pass it to services that accept an idempotency key, so that a retried request has no second effect.
    pub fn idempotency_key(&self) -> String {
        format!("{}/{}", self.run.id, self.step().path())
    }

    /// Fires when the run ends, in whatever way. Only work that outlives the future of the node needs it: the
    /// future itself is dropped when its run is cancelled or its timeout expires.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.run.cancellation
    }
}

impl std::fmt::Debug for NodeContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeContext")
            .field("run", &self.run.id)
            .field("step", &self.step().path().as_str())
            .field("attempt", &self.attempt())
            .finish_non_exhaustive()
    }
}
