//! The values a step can see: its workflow's input, what the steps before it left, and what the map
//! or loop around it gives.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    sync::{Arc, OnceLock},
};

use minijinja::value::{Enumerator, Object, Serde};
use serde_json::Value;

use crate::{error::Problem, event::Report};

/// JSON shared by everyone who reads it, converted for templates once, when first asked for.
pub(crate) struct Shared {
    json: Arc<Value>,
    view: OnceLock<minijinja::Value>,
}

impl Shared {
    pub(crate) fn new(json: Arc<Value>) -> Self {
        Self {
            json,
            view: OnceLock::new(),
        }
    }

    fn view(&self) -> minijinja::Value {
        self.view
            .get_or_init(|| minijinja::Value::from(Serde(&*self.json)))
            .clone()
    }
}

/// Where a node's implicit input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImplicitInput {
    /// A first node reads what its list of nodes was begun with.
    Begin,
    /// A node with one need reads its output.
    Step(usize),
    /// A node with several needs must name what it reads.
    None,
}

/// Which name in a template means which step.
pub(crate) type Variables = HashMap<String, usize>;

/// The values of one list of nodes while it runs. Written once per step, when it settles; read by
/// the steps after it.
pub(crate) struct Scope {
    /// The list this one is a body in, whose values are visible here, too.
    outer: Option<Arc<Scope>>,
    variables: Arc<Variables>,
    /// What `input` names.
    input: Arc<Shared>,
    /// What the first nodes read.
    begin: Option<Arc<Shared>>,
    locals: Locals,
    steps: Box<[OnceLock<Settled>]>,
}

/// The names a map or loop gives its body.
enum Locals {
    None,
    Item { name: Arc<str>, index: usize },
    Round { index: usize, previous: Shared },
}

/// What a settled step left.
enum Settled {
    Completed {
        output: Shared,
        said: Said,
    },
    Skipped,
    /// It failed, and the workflow goes on.
    Failed {
        error: Arc<Problem>,
        output: Option<Shared>,
        said: Said,
    },
}

/// What a node said beside its output, as far as templates read it. Most nodes say nothing, and there is a
/// place for it in every step: so it is a box.
#[derive(Default)]
struct Said(Option<Box<Spoken>>);

struct Spoken {
    finish_reason: Option<Cow<'static, str>>,
    truncated: bool,
    metadata: Option<Shared>,
}

impl Said {
    #[inline]
    fn of(report: Option<&Report>) -> Self {
        Self(report.map(|report| {
            Box::new(Spoken {
                finish_reason: report.finish_reason.clone(),
                truncated: report.truncated,
                metadata: report.metadata.clone().map(Shared::new),
            })
        }))
    }

    /// One of the fields that every settled step has, whatever its status.
    fn field(&self, name: &str) -> Option<minijinja::Value> {
        let said = self.0.as_deref();
        Some(match name {
            "finish_reason" => said.and_then(|said| said.finish_reason.as_deref()).into(),
            "truncated" => said.is_some_and(|said| said.truncated).into(),
            "metadata" => {
                let metadata = said.and_then(|said| said.metadata.as_ref());
                metadata.map(Shared::view).into()
            }
            _ => return None,
        })
    }
}

/// What a settled step gives to templates.
pub(crate) const STEP_FIELDS: [&str; 6] = [
    "status",
    "output",
    "error",
    "finish_reason",
    "truncated",
    "metadata",
];

impl Scope {
    /// The values of a workflow's own nodes.
    pub(crate) fn of_workflow(variables: &Arc<Variables>, steps: usize, input: Arc<Value>) -> Self {
        let input = Arc::new(Shared::new(input));
        Self {
            outer: None,
            variables: Arc::clone(variables),
            begin: Some(Arc::clone(&input)),
            input,
            locals: Locals::None,
            steps: slots(steps),
        }
    }

    /// The values of a map's body for one item.
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
            locals: Locals::Item {
                name: Arc::clone(name),
                index,
            },
            steps: slots(steps),
        }
    }

    /// The values of a loop's body for one round. `from` is where the loop's own input comes from.
    pub(crate) fn of_round(
        outer: &Arc<Scope>,
        variables: &Arc<Variables>,
        steps: usize,
        from: ImplicitInput,
        index: usize,
        previous: Arc<Value>,
    ) -> Self {
        Self {
            outer: Some(Arc::clone(outer)),
            variables: Arc::clone(variables),
            input: Arc::clone(&outer.input),
            begin: outer.implicit(from),
            locals: Locals::Round {
                index,
                previous: Shared::new(previous),
            },
            steps: slots(steps),
        }
    }

    /// Keeps the output of a step. A step settles once; a second call changes nothing.
    pub(crate) fn complete(&self, step: usize, output: Arc<Value>, report: Option<&Report>) {
        let (output, said) = (Shared::new(output), Said::of(report));
        self.settle(step, Settled::Completed { output, said });
    }

    /// Notes that a step is not taken.
    pub(crate) fn skip(&self, step: usize) {
        self.settle(step, Settled::Skipped);
    }

    /// Keeps why a step failed, and what its dependents read instead of its output.
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
            said: Said::of(report),
        };
        self.settle(step, failed);
    }

    fn settle(&self, step: usize, settled: Settled) {
        let _ = self.steps[step].set(settled);
    }

    /// What the workflow was begun with.
    pub(crate) fn input(&self) -> &Value {
        &self.input.json
    }

    pub(crate) fn output(&self, step: usize) -> Option<&Arc<Value>> {
        Some(&self.steps[step].get()?.output()?.json)
    }

    pub(crate) fn implicit_input(&self, from: ImplicitInput) -> Option<&Arc<Value>> {
        match from {
            ImplicitInput::Begin => Some(&self.begin.as_ref()?.json),
            ImplicitInput::Step(step) => self.output(step),
            ImplicitInput::None => None,
        }
    }

    fn implicit(&self, from: ImplicitInput) -> Option<Arc<Shared>> {
        match from {
            ImplicitInput::Begin => self.begin.clone(),
            _ => self
                .implicit_input(from)
                .map(|json| Arc::new(Shared::new(Arc::clone(json)))),
        }
    }

    /// A name the map or loop gives its body.
    fn local(&self, name: &str) -> Option<minijinja::Value> {
        match &self.locals {
            Locals::Item { index, .. } | Locals::Round { index, .. } if name == "index" => {
                Some((*index).into())
            }
            Locals::Item { name: item, .. } if name == &**item => {
                self.begin.as_ref().map(|item| item.view())
            }
            Locals::Round { previous, .. } if name == "previous" => Some(previous.view()),
            _ => None,
        }
    }

    fn step_view(self: &Arc<Self>, step: usize) -> minijinja::Value {
        if self.steps[step].get().is_none() {
            return minijinja::Value::UNDEFINED;
        }
        let scope = Arc::clone(self);
        minijinja::Value::from_object(StepView { scope, step })
    }
}

/// A settled step as templates see it. A field is converted when it is read, not with every other.
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
        let fields = STEP_FIELDS.iter();
        let present = fields.filter(|name| self.get_value_by_str(name).is_some());
        Enumerator::Values(present.map(|name| (*name).into()).collect())
    }
}

fn slots(steps: usize) -> Box<[OnceLock<Settled>]> {
    std::iter::repeat_with(OnceLock::new).take(steps).collect()
}

impl Settled {
    fn output(&self) -> Option<&Shared> {
        match self {
            Self::Completed { output, .. } => Some(output),
            Self::Skipped => None,
            Self::Failed { output, .. } => output.as_ref(),
        }
    }

    /// One of [`STEP_FIELDS`]; `output` and `error` only where it has them.
    fn field(&self, name: &str) -> Option<minijinja::Value> {
        match (name, self) {
            ("status", Self::Completed { .. }) => Some("completed".into()),
            ("status", Self::Skipped) => Some("skipped".into()),
            ("status", Self::Failed { .. }) => Some("failed".into()),
            ("output", _) => self.output().map(Shared::view),
            ("error", Self::Failed { error, .. }) => Some(Serde(&**error).into()),
            (_, Self::Completed { said, .. } | Self::Failed { said, .. }) => said.field(name),
            (_, Self::Skipped) => Said::default().field(name),
        }
    }
}

/// Templates look names up here.
impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &minijinja::Value) -> Option<minijinja::Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<minijinja::Value> {
        if name == "input" {
            return Some(self.input.view());
        }
        let step = self.variables.get(name);
        step.map(|step| self.step_view(*step))
            .or_else(|| self.local(name))
            .or_else(|| self.outer.as_ref()?.get_value_by_str(name))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}
