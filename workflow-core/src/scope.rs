//! The values a step can see: the run's input, and what the steps before it left.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, OnceLock},
};

use minijinja::value::{Enumerator, Object, Serde};
use serde_json::Value;

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
    outputs: Box<[OnceLock<Shared>]>,
}

impl Scope {
    pub(crate) fn new(variables: Arc<Variables>, steps: usize, input: Arc<Value>) -> Self {
        let outputs = std::iter::repeat_with(OnceLock::new).take(steps).collect();
        Self {
            variables,
            input: Shared::new(input),
            outputs,
        }
    }

    /// Keeps the output of a step. A step settles once; a second call changes nothing.
    pub(crate) fn complete(&self, step: usize, output: Arc<Value>) {
        let _ = self.outputs[step].set(Shared::new(output));
    }

    pub(crate) fn output(&self, step: usize) -> Option<&Arc<Value>> {
        self.outputs[step].get().map(|output| &output.json)
    }

    pub(crate) fn implicit_input(&self, from: ImplicitInput) -> Option<&Value> {
        match from {
            ImplicitInput::Run => Some(&self.input.json),
            ImplicitInput::Step(step) => self.output(step).map(Arc::as_ref),
            ImplicitInput::None => None,
        }
    }

    fn step_view(&self, step: usize) -> minijinja::Value {
        let Some(output) = self.outputs[step].get() else {
            return minijinja::Value::UNDEFINED;
        };
        let fields = [
            ("status", minijinja::Value::from("completed")),
            ("output", output.view()),
        ];
        minijinja::Value::from_pairs(fields)
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
