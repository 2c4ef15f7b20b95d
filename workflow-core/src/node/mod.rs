//! Node types: what a node is, what an attempt is given, and how a program offers types by name.
//!
//! - [`Node`] does one step once. Its `data` is a type that deserializes and has a schema; see [`Node`] for an
//!   example. [`NodeContext`] has the input, renders templates, streams text and records usage.
//! - A [`Registry`] has the types by name, each a [`NodeType`] with its default [`RetryPolicy`] and its
//!   [`DisplayHints`].
//! - A node that waits at a shared limit reports its place in line: [`NodeContext::queued`] returns [`Queued`].
//! - [`PromptNode`] and [`TransformNode`] are the built-in types that do work. The types that contain other nodes or
//!   wait are part of the engine, and every [`Registry::default`] has them.

mod built_in;
mod control;
mod display;
mod queued;
mod registry;
mod retry;

pub use self::{
    built_in::{PromptNode, TransformNode},
    display::DisplayHints,
    queued::Queued,
    registry::{NodeType, Registry},
    retry::{LONGEST_REQUESTED_WAIT, RetryPolicy},
};
pub(crate) use self::{
    control::{
        Control, ControlKind, DelayNode, HumanNode, ITEM, LoopNode, MapNode, Nodes, OnItemError,
        WorkflowNode,
    },
    queued::{News, Notice, Notices},
    registry::Made,
};

use std::{
    borrow::Cow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use self::queued::{Waiter, WorkClock};
use crate::{
    error::NodeError,
    event::{Delta, Report, TextKind},
    template::{ImplicitInput, Json, Scope, Template},
    value::{RunId, StepRef, Usage, lock, millis, size},
};

/// One kind of work, set up with one node's `data`.
///
/// Retry, time-out, journalling and panics are the engine's business; a node does its step once,
/// and classifies its error. Dropping the future cancels the attempt, so what a node starts must
/// end with the future that started it.
///
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
    /// Does one step once.
    ///
    /// # Errors
    /// Whatever kept the step from being done, classified: see [`NodeError`].
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError>;

    /// Whether this node, set up as it is, reads the implicit input ([`NodeContext::input`]).
    /// A workflow in which it would find none is then refused when it is created.
    fn reads_input(&self) -> bool {
        false
    }

    /// What is known of the output of this node, set up as it is. A template that reads a field which
    /// the output cannot have is then a fault when the workflow is created. Unknown by default.
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
    /// Nothing: any field may be there.
    Unknown,
    /// It is a text.
    Text,
    /// It fits this JSON Schema (draft 2020-12).
    Schema(&'a Value),
    /// It is what this renders to.
    Json(&'a Json),
}

const _: fn(&dyn Node) = |_| {};

/// Where the text of running steps goes.
pub(crate) trait DeltaSink: Send + Sync {
    fn push(&self, delta: Delta);
}

/// What all attempts of a run share.
pub(crate) struct RunContext {
    pub(crate) id: RunId,
    pub(crate) cancellation: CancellationToken,
    pub(crate) deltas: Arc<dyn DeltaSink>,
    pub(crate) notices: Notices,
}

/// Which attempt at which step.
pub(crate) struct AttemptRef {
    pub(crate) step: StepRef,
    /// The step, as the driver names it.
    pub(crate) key: u64,
    /// Counted from 1.
    pub(crate) attempt: u32,
    /// How many attempts before it failed.
    pub(crate) failures: u32,
}

/// The most bytes that all templates which one attempt renders may make together.
pub const MAX_RENDERED_BYTES: usize = 20 * 1024 * 1024;

/// The most bytes that an attempt may keep in the log beside its output.
const MAX_DEBUG_BYTES: usize = 256 * 1024;

/// What one attempt at a step is given: its input, the outputs before it, and a way to be heard.
pub struct NodeContext {
    run: Arc<RunContext>,
    scope: Arc<Scope>,
    attempt: AttemptRef,
    input: ImplicitInput,
    text_sent: AtomicU64,
    thought_sent: AtomicU64,
    /// How many bytes templates have made.
    rendered: AtomicUsize,
    report: Mutex<Option<Box<Report>>>,
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
            clock: WorkClock::start(),
        }
    }

    /// The implicit input: the output of the node's one need. For a first node it is the run's input;
    /// in a map the item, in a loop the input of the loop.
    ///
    /// # Errors
    /// `no_implicit_input` when the node has several needs, or its one need has no output.
    pub fn input(&self) -> Result<&Value, NodeError> {
        let input = self.scope.implicit_input(self.input);
        input.map(Arc::as_ref).ok_or_else(|| {
            NodeError::new(
                "no_implicit_input",
                format!("`{}` has no single input", self.step().node()),
            )
            .with_hint("name what it should read in a template, or give it exactly one need")
        })
    }

    /// Renders a template over the run's input and the outputs of the steps before this one.
    ///
    /// All that one attempt renders counts together, since a node may have many templates:
    /// [`MAX_RENDERED_BYTES`] is the most.
    ///
    /// # Errors
    /// `template_error` when a name in it is missing, or the rendering goes over its bounds.
    pub fn render(&self, template: &Template) -> Result<String, NodeError> {
        let text = template.render(&self.scope)?;
        self.count_rendered(text.len())?;
        Ok(text)
    }

    /// Renders JSON with templates: a string that is one `{{ expression }}` keeps the type of its value.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub fn render_json(&self, json: &Json) -> Result<Value, NodeError> {
        let (value, bytes) = json.render(&self.scope)?;
        self.count_rendered(bytes)?;
        Ok(value)
    }

    fn count_rendered(&self, bytes: usize) -> Result<(), NodeError> {
        let before = self.rendered.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) <= MAX_RENDERED_BYTES {
            return Ok(());
        }
        let detail = format!(
            "the templates of this step make more than {MAX_RENDERED_BYTES} bytes together"
        );
        Err(NodeError::new("template_error", detail))
    }

    /// Shows a further piece of the answer to whoever watches. It never waits, and costs little
    /// when nobody does. The output of the step is what `run` returns, whole.
    ///
    /// # Errors
    /// `cancelled` when the run was cancelled: the node should stop.
    pub fn delta(&self, text: impl Into<String>) -> Result<(), NodeError> {
        self.push(TextKind::Text, &self.text_sent, text.into())
    }

    /// Shows a further piece of what the model thinks, which is not part of the answer.
    ///
    /// # Errors
    /// As [`delta`](Self::delta).
    pub fn thought(&self, text: impl Into<String>) -> Result<(), NodeError> {
        self.push(TextKind::Thought, &self.thought_sent, text.into())
    }

    fn push(&self, kind: TextKind, sent: &AtomicU64, text: String) -> Result<(), NodeError> {
        if self.run.cancellation.is_cancelled() {
            return Err(NodeError::new("cancelled", "the run was cancelled"));
        }
        if text.is_empty() {
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

    fn note_first_delta(&self) {
        let sent = [&self.text_sent, &self.thought_sent];
        if sent.iter().all(|sent| sent.load(Ordering::Relaxed) == 0) {
            let worked = millis(self.clock.worked());
            self.report(|report| report.first_delta_ms = Some(worked));
        }
    }

    /// Reports that the attempt waits for admission at a limit that it shares with other attempts,
    /// as number `position` in line; 1 is next. `queue` names the limit, for example by the model.
    ///
    /// While the returned guard exists, the attempt's time-out does not run. Events show
    /// `node.queued`, again each time the position has halved ([`Queued::moved`]), and
    /// `node.admitted` when the guard is dropped. Of several guards at once the first is shown.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use async_trait::async_trait;
    /// use tokio::sync::Semaphore;
    /// use workflow_core::{Node, NodeContext, NodeError};
    ///
    /// /// A node whose service takes two requests at a time.
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
    ///                 // Who waits in a queue of its own knows its position, and reports it.
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
    /// Dropping the node's future drops the guard, and with it whatever else holds the place in line.
    pub fn queued(&self, queue: impl Into<Cow<'static, str>>, position: usize) -> Queued<'_> {
        let attempt = Waiter {
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

    /// Says how many tokens this attempt has used so far. The last word counts, also when the attempt fails.
    pub fn record_usage(&self, usage: Usage) {
        self.report(|report| report.usage = usage);
    }

    /// Says which model answered.
    pub fn record_model(&self, model: impl Into<String>) {
        self.report(|report| report.model = Some(model.into().into()));
    }

    /// Says why the model stopped. Templates of later steps read it as `id.finish_reason`.
    pub fn record_finish_reason(&self, reason: impl Into<String>) {
        self.report(|report| report.finish_reason = Some(reason.into().into()));
    }

    /// Reports that the answer was cut off before its end, at a limit of tokens, and that the output is
    /// what there is of it. Templates of later steps read it as `id.truncated`.
    pub fn record_truncated(&self) {
        self.report(|report| report.truncated = true);
    }

    /// Says what else there is to say of the answer, such as its sources: events show
    /// it, and templates of later steps read it as `id.metadata`.
    pub fn record_metadata(&self, metadata: Value) {
        self.report(|report| report.metadata = Some(Arc::new(metadata)));
    }

    /// Records what helps to debug this attempt, such as the prompt as sent or the raw parts of an answer.
    /// It is in the log and in the step's history, and never in streams or pages of events. At most
    /// 256 KiB as JSON; a larger value is dropped.
    pub fn record_debug(&self, debug: Value) {
        if size::check(&debug, MAX_DEBUG_BYTES).is_ok() {
            self.report(|report| report.debug = Some(Arc::new(debug)));
        }
    }

    fn report(&self, change: impl FnOnce(&mut Report)) {
        let mut report = lock(&self.report);
        change(report.get_or_insert_default());
    }

    /// What the node said, if that is anything: nothing and a report of nothing are the same JSON.
    pub(crate) fn take_report(&self) -> Option<Box<Report>> {
        if let Some(queued) = self.clock.queued() {
            self.report(|report| report.queued_ms = Some(millis(queued)));
        }
        let report = lock(&self.report).take();
        report.filter(|report| **report != Report::default())
    }

    /// Which attempt this is, counted from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt.attempt
    }

    /// How many attempts at this step have failed before this one. An attempt that was lost with its
    /// host did not fail.
    pub fn failures(&self) -> u32 {
        self.attempt.failures
    }

    /// The run this step belongs to.
    pub fn run_id(&self) -> RunId {
        self.run.id
    }

    /// The step: its node and its path in the run.
    pub fn step(&self) -> &StepRef {
        &self.attempt.step
    }

    /// The same for every attempt at this step, and for no other step: `run/path`. For services
    /// that take an idempotency key.
    pub fn idempotency_key(&self) -> String {
        format!("{}/{}", self.run.id, self.step().path())
    }

    /// Fires when the run is over, however it ended. Only work that outlives the node's future
    /// needs it: the future itself is dropped when its run is cancelled or its time is over.
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
