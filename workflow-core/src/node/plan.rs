//! What a step is about to do: the plan of an attempt.

use std::{
    any::Any,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::MAX_RENDERED_BYTES;
use crate::{
    error::NodeError,
    template::{ImplicitInput, Json, Scope, Template, Templated},
    value::{Amount, StepKey, StepRef},
};

/// What an attempt does outside of its run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effects {
    /// Nothing, except that it may cost money.
    None,
    /// It reads, and changes nothing.
    Reads,
    /// It changes something.
    Acts,
    /// Not known.
    #[default]
    Unknown,
}

/// What an attempt is about to do, as [`Node::plan`](super::Node::plan) describes it.
///
/// | part | if it is absent |
/// |---|---|
/// | [key](Self::with_key) | the result is never reused by content |
/// | [effects](Self::with_effects) | those of the node type: none if it was registered with [`with_no_side_effects`](super::NodeType::with_no_side_effects), else unknown |
/// | [bound](Self::with_bound) | budgets do not hold the attempt back; what it reports is booked |
/// | [prepared](Self::with_prepared) | `run` renders what it needs |
/// | [request](Self::with_request) | people see no request |
#[derive(Default)]
pub struct Plan(Option<Box<Parts>>);

#[derive(Default)]
struct Parts {
    key: Option<StepKey>,
    effects: Option<Effects>,
    bound: Option<Amount>,
    prepared: Option<Prepared>,
    request: Option<Value>,
}

/// What was rendered for the plan, for [`NodeContext::prepared`](super::NodeContext::prepared).
pub(crate) type Prepared = Box<dyn Any + Send + Sync>;

impl Plan {
    /// Nothing is known.
    pub const fn opaque() -> Self {
        Self(None)
    }

    fn parts(&mut self) -> &mut Parts {
        self.0.get_or_insert_default()
    }

    /// Sets the key of what the attempt does. It has to cover everything that can change the output: what is sent, and
    /// where.
    #[must_use]
    pub fn with_key(mut self, key: StepKey) -> Self {
        self.parts().key = Some(key);
        self
    }

    /// Sets what the attempt does outside of its run.
    #[must_use]
    pub fn with_effects(mut self, effects: Effects) -> Self {
        self.parts().effects = Some(effects);
        self
    }

    /// Sets the most that the attempt may use. The promise of a budget holds as long as no attempt uses more.
    #[must_use]
    pub fn with_bound(mut self, bound: Amount) -> Self {
        self.parts().bound = Some(bound);
        self
    }

    /// Keeps what was rendered, so that `run` does not render it again. See
    /// [`NodeContext::prepared`](super::NodeContext::prepared).
    #[must_use]
    pub fn with_prepared<T: Any + Send + Sync>(mut self, prepared: T) -> Self {
        self.parts().prepared = Some(Box::new(prepared));
        self
    }

    /// Sets what would be sent, for people to read. Secrets appear by name only. Build it only if
    /// [`PlanContext::wants_request`].
    #[must_use]
    pub fn with_request(mut self, request: Value) -> Self {
        self.parts().request = Some(request);
        self
    }

    /// The key of what the attempt does.
    pub fn key(&self) -> Option<StepKey> {
        self.0.as_ref()?.key
    }

    /// What the attempt does outside of its run, if the plan says so.
    pub fn effects(&self) -> Option<Effects> {
        self.0.as_ref()?.effects
    }

    /// The most that the attempt may use.
    pub fn bound(&self) -> Option<Amount> {
        self.0.as_ref()?.bound
    }

    /// What would be sent.
    pub fn request(&self) -> Option<&Value> {
        self.0.as_ref()?.request.as_ref()
    }

    pub(crate) fn take_prepared(&mut self) -> Option<Prepared> {
        self.0.as_mut()?.prepared.take()
    }

    pub(crate) fn take_request(&mut self) -> Option<Value> {
        self.0.as_mut()?.request.take()
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("key", &self.key())
            .field("effects", &self.effects())
            .field("bound", &self.bound())
            .finish_non_exhaustive()
    }
}

/// What a plan is made from: the values that the step reads. It knows no run id, attempt, time or idempotency key, so that
/// equal values give equal plans.
#[derive(Clone, Copy)]
pub struct PlanContext<'a> {
    scope: &'a Arc<Scope>,
    step: &'a StepRef,
    input: ImplicitInput,
    /// Bytes that templates have rendered to so far.
    rendered: &'a AtomicUsize,
    wants_request: bool,
}

impl<'a> PlanContext<'a> {
    pub(crate) fn new(
        scope: &'a Arc<Scope>,
        step: &'a StepRef,
        input: ImplicitInput,
        rendered: &'a AtomicUsize,
    ) -> Self {
        Self {
            scope,
            step,
            input,
            rendered,
            wants_request: false,
        }
    }

    /// Sets whether the request is wanted, too.
    pub(crate) fn wanting_request(mut self, wanted: bool) -> Self {
        self.wants_request = wanted;
        self
    }

    /// The step.
    pub fn step(&self) -> &StepRef {
        self.step
    }

    /// Whether the request is shown or compared: in a prediction, in a test from a recorded run, or because the attempt is held.
    /// Otherwise building it would be work for nothing.
    pub fn wants_request(&self) -> bool {
        self.wants_request
    }

    /// The implicit input, as [`NodeContext::input`](super::NodeContext::input).
    ///
    /// # Errors
    /// `no_implicit_input` if the node has several needs, or if its only need has no output.
    pub fn input(&self) -> Result<&'a Value, NodeError> {
        let input = self.scope.implicit_input(self.input);
        input.map(Arc::as_ref).ok_or_else(|| {
            NodeError::new(
                "no_implicit_input",
                format!("`{}` has no single input", self.step.node()),
            )
            .with_hint("name what it should read in a template, or give it exactly one need")
        })
    }

    /// Renders a template over the input of the run and the outputs of earlier steps. All that one plan renders counts
    /// against one limit, [`MAX_RENDERED_BYTES`].
    ///
    /// # Errors
    /// `template_error` if a name in the template is missing or rendering exceeds a limit.
    pub fn render(&self, template: &Template) -> Result<String, NodeError> {
        let text = template.render(self.scope)?;
        self.count_rendered(text.len())?;
        Ok(text)
    }

    /// Renders JSON with templates. A string that consists of one `{{ expression }}` becomes the value of the expression,
    /// with its type.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub fn render_json(&self, json: &Json) -> Result<Value, NodeError> {
        let (value, bytes) = json.render(self.scope)?;
        self.count_rendered(bytes)?;
        Ok(value)
    }

    /// The value of a field that may be a template.
    ///
    /// # Errors
    /// As [`render`](Self::render), and `template_error` if the template gives a value of another kind.
    pub fn render_value<T>(&self, value: &Templated<T>) -> Result<T, NodeError>
    where
        T: Clone + DeserializeOwned,
    {
        let (value, bytes) = value.render(self.scope)?;
        self.count_rendered(bytes)?;
        Ok(value)
    }

    /// The bytes exist already when they are counted; each rendering has a limit of its own.
    fn count_rendered(&self, bytes: usize) -> Result<(), NodeError> {
        let before = self.rendered.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) <= MAX_RENDERED_BYTES {
            return Ok(());
        }
        let detail = format!(
            "the templates of this step render to more than {MAX_RENDERED_BYTES} bytes in total"
        );
        Err(NodeError::new("template_error", detail))
    }
}

impl fmt::Debug for PlanContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanContext")
            .field("step", &self.step.path().as_str())
            .finish_non_exhaustive()
    }
}
