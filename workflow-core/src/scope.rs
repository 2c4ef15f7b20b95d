//! The values a step can see: its workflow's input, what the steps before it left, and what the map
//! or loop around it gives.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, OnceLock},
};

use minijinja::value::{Enumerator, Object, Serde};
use serde_json::Value;

use crate::error::Problem;

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
    Completed(Shared),
    Skipped,
    /// It failed, and the workflow goes on.
    Failed {
        error: Arc<Problem>,
        output: Option<Shared>,
    },
}

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
    pub(crate) fn complete(&self, step: usize, output: Arc<Value>) {
        self.settle(step, Settled::Completed(Shared::new(output)));
    }

    /// Notes that a step is not taken.
    pub(crate) fn skip(&self, step: usize) {
        self.settle(step, Settled::Skipped);
    }

    /// Keeps why a step failed, and what its dependents read instead of its output.
    pub(crate) fn fail(&self, step: usize, error: Arc<Problem>, output: Option<Arc<Value>>) {
        let output = output.map(Shared::new);
        self.settle(step, Settled::Failed { error, output });
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

    fn step_view(&self, step: usize) -> minijinja::Value {
        self.steps[step]
            .get()
            .map_or(minijinja::Value::UNDEFINED, Settled::view)
    }
}

fn slots(steps: usize) -> Box<[OnceLock<Settled>]> {
    std::iter::repeat_with(OnceLock::new).take(steps).collect()
}

impl Settled {
    fn output(&self) -> Option<&Shared> {
        match self {
            Self::Completed(output) => Some(output),
            Self::Skipped => None,
            Self::Failed { output, .. } => output.as_ref(),
        }
    }

    /// `status`, and `output` and `error` where it has them.
    fn view(&self) -> minijinja::Value {
        let (status, error) = match self {
            Self::Completed(_) => ("completed", None),
            Self::Skipped => ("skipped", None),
            Self::Failed { error, .. } => ("failed", Some(error)),
        };
        let output = self.output().map(|output| ("output", output.view()));
        let error = error.map(|error| ("error", minijinja::Value::from(Serde(&**error))));
        let status = [("status", minijinja::Value::from(status))];
        minijinja::Value::from_pairs(status.into_iter().chain(output).chain(error))
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
