//! Scopes: the values that a step can read, which are the input, the results of earlier steps, and the names that a map
//! or loop defines.
//!
//! The machine writes a scope once per step, and attempts read it from other tasks. `OnceLock` makes that safe without a
//! lock on reads.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    sync::{Arc, OnceLock},
};

use minijinja::value::{Enumerator, Object, Serde};
use serde_json::Value;

use super::{
    run::{RUN, RunValues},
    shared::Shared,
};
use crate::{error::Problem, event::Report};

/// The source of a node's implicit input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImplicitInput {
    /// A first node reads what its list began with.
    Begin,
    /// A node with one need reads the output of that need.
    Step(usize),
    /// A node with several needs must name what it reads.
    None,
}

/// The steps by their names in templates.
pub(crate) type Variables = HashMap<String, usize>;

/// The values of one list of nodes while it runs. Each step is written once, when it settles.
///
/// A body has a scope of its own with a link to the outer one, so that opening a frame copies nothing. The steps
/// are slots that are written once (`OnceLock`), by the machine; attempts on other threads read them without a
/// lock.
///
/// A reader can only see steps that are settled before it starts, which the checks guarantee: so it does not matter
/// that other slots are being written.
pub(crate) struct Scope {
    /// The scope of the list that contains this body. Its values are visible here, too.
    outer: Option<Arc<Scope>>,
    variables: Arc<Variables>,
    /// What `input` names.
    input: Arc<Shared>,
    /// The implicit input of the first nodes.
    begin: Option<Arc<Shared>>,
    /// What `run` names, unless something else has the name.
    run: Arc<RunValues>,
    locals: Locals,
    steps: Box<[OnceLock<Settled>]>,
}

/// The names that a map, loop or `on_failure` defines for its nodes.
enum Locals {
    None,
    Item {
        name: Arc<str>,
        index: usize,
    },
    Round {
        index: usize,
        previous: Shared,
        /// The results of the rounds before, if the loop defines the name and its body reads it.
        history: Option<Shared>,
    },
    /// The arguments of a call, in the body of a tool.
    Args(Shared),
    /// That of `on_failure`, which reads the run by this name whatever else is called so.
    Failure,
}

/// The result of a settled step.
enum Settled {
    Completed {
        output: Shared,
        reported: Reported,
    },
    Skipped,
    /// It had not settled when the run failed.
    Unsettled,
    /// It failed, and `on_error` lets the workflow continue.
    Failed {
        error: Arc<Problem>,
        output: Option<Shared>,
        reported: Reported,
    },
}

/// What a node reported besides its output, as far as templates can read it. Boxed, since most nodes report nothing and every
/// step has a slot for it.
#[derive(Default)]
struct Reported(Option<Box<ReportedFields>>);

struct ReportedFields {
    finish_reason: Option<Cow<'static, str>>,
    truncated: bool,
    exhausted: bool,
    metadata: Option<Shared>,
}

impl Reported {
    #[inline]
    fn of(report: Option<&Report>) -> Self {
        Self(report.map(|report| {
            Box::new(ReportedFields {
                finish_reason: report.finish_reason.clone(),
                truncated: report.truncated,
                exhausted: report.exhausted,
                metadata: report.metadata.clone().map(Shared::new),
            })
        }))
    }

    /// One of the fields that every settled step has, whatever its status.
    fn field(&self, name: &str) -> Option<minijinja::Value> {
        let reported = self.0.as_deref();
        Some(match name {
            "finish_reason" => reported
                .and_then(|reported| reported.finish_reason.as_deref())
                .into(),
            "truncated" => reported.is_some_and(|reported| reported.truncated).into(),
            "exhausted" => reported.is_some_and(|reported| reported.exhausted).into(),
            "metadata" => {
                let metadata = reported.and_then(|reported| reported.metadata.as_ref());
                metadata.map(Shared::view).into()
            }
            _ => return None,
        })
    }
}

/// The name of the arguments of a call, in a tool of an agent.
pub(crate) const ARGS: &str = "args";

/// The name of the results of earlier rounds, in the body of a loop.
///
/// It gives way to a node or an item of this name, since a workflow that is older than the name may have one.
pub(crate) const HISTORY: &str = "history";

/// The field of loops.
pub(crate) const EXHAUSTED: &str = "exhausted";

/// The fields of a settled step in templates, each with the help that editors show.
pub(crate) const STEP_FIELDS: [(&str, &str); 7] = [
    (
        "status",
        "`completed`, `failed` or `skipped`; in `on_failure` also `unsettled`.",
    ),
    (
        "output",
        "The output of the node. There is none if it was skipped, or failed without one.",
    ),
    (
        "error",
        "The error, with `code` and `detail`, if the node failed and `on_error` handled it.",
    ),
    (
        "finish_reason",
        "Why the reply of the model ended: a text, or `null`.",
    ),
    (
        "truncated",
        "`true` if the reply of the model ended at a token limit, so that it is incomplete.",
    ),
    (
        "metadata",
        "JSON beside the reply of the model, such as its sources, or `null`.",
    ),
    (
        EXHAUSTED,
        "`true` if the loop completed at its `max`, although its `until` was still false, or the agent at its `max_turns`. Of loops and agents only.",
    ),
];

/// The names of the fields of a settled step.
pub(crate) fn step_fields() -> impl Iterator<Item = &'static str> {
    STEP_FIELDS.iter().map(|(name, _)| *name)
}

impl Scope {
    /// The scope of a workflow's own nodes.
    pub(crate) fn of_workflow(
        variables: &Arc<Variables>,
        steps: usize,
        input: Arc<Value>,
        run: &Arc<RunValues>,
    ) -> Self {
        let input = Arc::new(Shared::new(input));
        Self {
            outer: None,
            variables: Arc::clone(variables),
            begin: Some(Arc::clone(&input)),
            input,
            run: Arc::clone(run),
            locals: Locals::None,
            steps: slots(steps),
        }
    }

    /// The scope of a map's body for one item.
    pub(crate) fn of_item(
        outer: &Arc<Scope>,
        variables: &Arc<Variables>,
        steps: usize,
        name: &Arc<str>,
        index: usize,
        item: Arc<Value>,
    ) -> Self {
        Self {
            outer: Some(Arc::clone(outer)),
            variables: Arc::clone(variables),
            input: Arc::clone(&outer.input),
            begin: Some(Arc::new(Shared::new(item))),
            run: Arc::clone(&outer.run),
            locals: Locals::Item {
                name: Arc::clone(name),
                index,
            },
            steps: slots(steps),
        }
    }

    /// The scope of a loop's body for one round. `from` is the source of the loop's own implicit input.
    pub(crate) fn of_round(
        outer: &Arc<Scope>,
        variables: &Arc<Variables>,
        steps: usize,
        from: ImplicitInput,
        index: usize,
        previous: Arc<Value>,
        history: Option<Arc<Value>>,
    ) -> Self {
        Self {
            outer: Some(Arc::clone(outer)),
            variables: Arc::clone(variables),
            input: Arc::clone(&outer.input),
            begin: outer.implicit(from),
            run: Arc::clone(&outer.run),
            locals: Locals::Round {
                index,
                previous: Shared::new(previous),
                history: history.map(Shared::new),
            },
            steps: slots(steps),
        }
    }

    /// The scope of a turn of an agent, and of the calls that it asks for: it gives no names. `from` is the source of the
    /// agent's own implicit input.
    pub(crate) fn of_turn(outer: &Arc<Scope>, steps: usize, from: ImplicitInput) -> Self {
        Self {
            outer: Some(Arc::clone(outer)),
            variables: Arc::default(),
            input: Arc::clone(&outer.input),
            begin: outer.implicit(from),
            run: Arc::clone(&outer.run),
            locals: Locals::None,
            steps: slots(steps),
        }
    }

    /// The scope of the body of a tool for one call. `outer` is what the agent itself reads.
    pub(crate) fn of_args(
        outer: &Arc<Scope>,
        variables: &Arc<Variables>,
        steps: usize,
        args: Arc<Value>,
    ) -> Self {
        Self {
            outer: Some(Arc::clone(outer)),
            variables: Arc::clone(variables),
            input: Arc::clone(&outer.input),
            begin: Some(Arc::new(Shared::new(Arc::clone(&args)))),
            run: Arc::clone(&outer.run),
            locals: Locals::Args(Shared::new(args)),
            steps: slots(steps),
        }
    }

    /// The scope of the nodes of `on_failure`. They begin with the input of the run, as the workflow's own nodes do. Whatever they
    /// or the workflow call `run` elsewhere, it is the run here, with its error.
    ///
    /// The nodes of the workflow are read as they are now: one that has not settled never will.
    pub(crate) fn of_failure(
        workflow: &Arc<Scope>,
        variables: &Arc<Variables>,
        steps: usize,
    ) -> Self {
        for step in 0..workflow.steps.len() {
            workflow.settle(step, Settled::Unsettled);
        }
        Self {
            outer: Some(Arc::clone(workflow)),
            variables: Arc::clone(variables),
            begin: workflow.begin.clone(),
            input: Arc::clone(&workflow.input),
            locals: Locals::Failure,
            run: Arc::clone(&workflow.run),
            steps: slots(steps),
        }
    }

    /// Sets the output of a step. A step settles once: a second call has no effect.
    pub(crate) fn complete(&self, step: usize, output: Arc<Value>, report: Option<&Report>) {
        let (output, reported) = (Shared::new(output), Reported::of(report));
        self.settle(step, Settled::Completed { output, reported });
    }

    /// Marks a step as skipped.
    pub(crate) fn skip(&self, step: usize) {
        self.settle(step, Settled::Skipped);
    }

    /// Sets why a step failed, and the output that replaces its own.
    pub(crate) fn fail(
        &self,
        step: usize,
        error: Arc<Problem>,
        output: Option<Arc<Value>>,
        report: Option<&Report>,
    ) {
        let failed = Settled::Failed {
            error,
            output: output.map(Shared::new),
            reported: Reported::of(report),
        };
        self.settle(step, failed);
    }

    /// A second call has no effect, so a value that a template has read never changes.
    fn settle(&self, step: usize, settled: Settled) {
        let _ = self.steps[step].set(settled);
    }

    /// What `run` names.
    pub(crate) fn run(&self) -> &Arc<RunValues> {
        &self.run
    }

    /// The input of the workflow.
    pub(crate) fn input(&self) -> &Value {
        &self.input.json
    }

    pub(crate) fn output(&self, step: usize) -> Option<&Arc<Value>> {
        Some(&self.steps[step].get()?.output()?.json)
    }

    /// How a step settled: its output, or why it failed. `None` if it has not settled or was skipped.
    pub(crate) fn outcome(&self, step: usize) -> Option<Result<&Arc<Value>, &Arc<Problem>>> {
        match self.steps[step].get()? {
            Settled::Completed { output, .. } => Some(Ok(&output.json)),
            Settled::Failed { error, .. } => Some(Err(error)),
            Settled::Skipped | Settled::Unsettled => None,
        }
    }

    pub(crate) fn implicit_input(&self, from: ImplicitInput) -> Option<&Arc<Value>> {
        match from {
            ImplicitInput::Begin => Some(&self.begin.as_ref()?.json),
            ImplicitInput::Step(step) => self.output(step),
            ImplicitInput::None => None,
        }
    }

    /// The value of a step is wrapped anew: its converted form belongs to the slot of the step, which cannot be
    /// shared.
    fn implicit(&self, from: ImplicitInput) -> Option<Arc<Shared>> {
        match from {
            ImplicitInput::Begin => self.begin.clone(),
            _ => self
                .implicit_input(from)
                .map(|json| Arc::new(Shared::new(Arc::clone(json)))),
        }
    }

    /// The value of a name that the map or loop defines.
    fn local(&self, name: &str) -> Option<minijinja::Value> {
        match &self.locals {
            Locals::Item { index, .. } | Locals::Round { index, .. } if name == "index" => {
                Some((*index).into())
            }
            Locals::Item { name: item, .. } if name == &**item => {
                self.begin.as_ref().map(|item| item.view())
            }
            Locals::Round { previous, .. } if name == "previous" => Some(previous.view()),
            Locals::Failure if name == RUN => Some(self.run_view()),
            Locals::Args(args) if name == ARGS => Some(args.view()),
            Locals::Round { history, .. } if name == HISTORY => history.as_ref().map(Shared::view),
            _ => None,
        }
    }

    fn run_view(&self) -> minijinja::Value {
        minijinja::Value::from_dyn_object(Arc::clone(&self.run))
    }

    /// The results of the rounds before this one, in the scope of a round whose loop collects them.
    pub(crate) fn history(&self) -> Option<&Arc<Value>> {
        match &self.locals {
            Locals::Round { history, .. } => history.as_ref().map(|history| &history.json),
            Locals::None | Locals::Item { .. } | Locals::Args(_) | Locals::Failure => None,
        }
    }

    /// The value of a name that the workflow defines.
    fn defined(self: &Arc<Self>, name: &str) -> Option<minijinja::Value> {
        let step = self.variables.get(name);
        step.map(|step| self.step_view(*step))
            .or_else(|| self.local(name))
            .or_else(|| self.outer.as_ref()?.defined(name))
    }

    /// A step that has not settled is undefined and not empty: reading it is an error that names it.
    fn step_view(self: &Arc<Self>, step: usize) -> minijinja::Value {
        if self.steps[step].get().is_none() {
            return minijinja::Value::UNDEFINED;
        }
        let scope = Arc::clone(self);
        minijinja::Value::from_object(StepView { scope, step })
    }
}

/// A settled step as templates see it. Fields are converted when they are read.
///
/// It holds the scope and an index, not the values, since a template usually reads one field.
#[derive(Debug)]
struct StepView {
    scope: Arc<Scope>,
    step: usize,
}

impl Object for StepView {
    fn get_value(self: &Arc<Self>, key: &minijinja::Value) -> Option<minijinja::Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<minijinja::Value> {
        self.scope.steps[self.step].get()?.field(name)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        // Whether the node is a loop is not known here.
        let fields = step_fields().filter(|name| *name != EXHAUSTED);
        let present = fields.filter(|name| self.get_value_by_str(name).is_some());
        Enumerator::Values(present.map(Into::into).collect())
    }
}

fn slots(steps: usize) -> Box<[OnceLock<Settled>]> {
    std::iter::repeat_with(OnceLock::new).take(steps).collect()
}

impl Settled {
    fn output(&self) -> Option<&Shared> {
        match self {
            Self::Completed { output, .. } => Some(output),
            Self::Skipped | Self::Unsettled => None,
            Self::Failed { output, .. } => output.as_ref(),
        }
    }

    /// One of [`STEP_FIELDS`]. `output` and `error` exist only if the step has them.
    fn field(&self, name: &str) -> Option<minijinja::Value> {
        match (name, self) {
            ("status", Self::Completed { .. }) => Some("completed".into()),
            ("status", Self::Skipped) => Some("skipped".into()),
            ("status", Self::Failed { .. }) => Some("failed".into()),
            ("status", Self::Unsettled) => Some("unsettled".into()),
            ("output", _) => self.output().map(Shared::view),
            ("error", Self::Failed { error, .. }) => Some(Serde(&**error).into()),
            (_, Self::Completed { reported, .. } | Self::Failed { reported, .. }) => {
                reported.field(name)
            }
            (_, Self::Skipped | Self::Unsettled) => Reported::default().field(name),
        }
    }
}

/// The root of every template's context. Look-up order: own nodes, then the names of the map or loop, then the
/// enclosing scope, and `run` last.
impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &minijinja::Value) -> Option<minijinja::Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<minijinja::Value> {
        if name == "input" {
            return Some(self.input.view());
        }
        self.defined(name)
            .or_else(|| (name == RUN).then(|| self.run_view()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        // Templates cannot list all names: the names of later steps would depend on timing.
        Enumerator::NonEnumerable
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}
