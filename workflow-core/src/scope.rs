//! The values a step can see: the run's input, and what the steps before it left.

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
    /// A first node reads the run's input.
    Run,
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
    variables: Arc<Variables>,
    input: Shared,
    steps: Box<[OnceLock<Settled>]>,
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
    pub(crate) fn new(variables: Arc<Variables>, steps: usize, input: Arc<Value>) -> Self {
        let steps = std::iter::repeat_with(OnceLock::new).take(steps).collect();
        Self {
            variables,
            input: Shared::new(input),
            steps,
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

    /// What the run was started with.
    pub(crate) fn input(&self) -> &Value {
        &self.input.json
    }

    pub(crate) fn output(&self, step: usize) -> Option<&Arc<Value>> {
        Some(&self.steps[step].get()?.output()?.json)
    }

    pub(crate) fn implicit_input(&self, from: ImplicitInput) -> Option<&Value> {
        match from {
            ImplicitInput::Run => Some(&self.input.json),
            ImplicitInput::Step(step) => self.output(step).map(Arc::as_ref),
            ImplicitInput::None => None,
        }
    }

    fn step_view(&self, step: usize) -> minijinja::Value {
        self.steps[step]
            .get()
            .map_or(minijinja::Value::UNDEFINED, Settled::view)
    }
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
        self.variables.get(name).map(|step| self.step_view(*step))
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
