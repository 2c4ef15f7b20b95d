//! The messages of a conversation.

use std::sync::Arc;

use serde_json::{Value, json};
use workflow_core::node::agent::{CallResult, PastTurn, TurnOutput};

use crate::part::Part;

/// A message of a conversation. The last one of a request is never a turn without calls: a model answers a user or results.
#[derive(Clone, Debug)]
#[allow(
    clippy::exhaustive_enums,
    reason = "a provider has to send each kind, or refuse it"
)]
pub enum Message {
    /// What the user says: texts and media, in their order.
    User(Vec<Part>),
    /// What the model said and called, and the results of the calls.
    Turn(TurnMessage),
}

impl Message {
    /// A text of the user.
    pub fn user(text: impl Into<String>) -> Self {
        Self::User(vec![Part::text(text)])
    }

    /// A text of the model, from a conversation that another program held.
    pub fn assistant(text: impl Into<String>) -> Self {
        let mut output = TurnOutput::default();
        output.text = text.into();
        Self::Turn(TurnMessage::new(output))
    }
}

/// A past turn of the model, with the results of its calls.
#[derive(Clone, Debug)]
pub struct TurnMessage {
    past: Arc<PastTurn>,
    state: StateOf,
}

#[derive(Clone, Copy, Debug)]
enum StateOf {
    /// There is none, or it is that of another provider.
    None,
    /// The state is that of the provider.
    Provider,
    /// The state is that of an agent: that of the provider with the names of provider and model.
    Agent,
}

/// Members of the state of an agent's turn.
const PROVIDER: &str = "provider";
const MODEL: &str = "model";
const STATE: &str = "state";

impl TurnMessage {
    /// A turn without results, and without a state.
    pub fn new(output: TurnOutput) -> Self {
        Self {
            past: Arc::new(PastTurn::new(output, None, Vec::new())),
            state: StateOf::None,
        }
    }

    /// A turn with the state that this provider's [`ModelTurn`](crate::ModelTurn) had, and the results of the calls, in their order. For tests
    /// of providers; an agent uses [`of_agent`](Self::of_agent).
    pub fn with(output: TurnOutput, state: Option<Value>, results: Vec<CallResult>) -> Self {
        Self {
            past: Arc::new(PastTurn::new(output, state.map(Arc::new), results)),
            state: StateOf::Provider,
        }
    }

    /// A past turn of an agent whose state was made by [`agent_state`](Self::agent_state). The state is left out if it is of another
    /// provider than `provider`.
    pub fn of_agent(past: Arc<PastTurn>, provider: &str) -> Self {
        let state = past.state.as_ref();
        let is_own = state.is_some_and(|state| state[PROVIDER] == provider);
        let state = if is_own {
            StateOf::Agent
        } else {
            StateOf::None
        };
        Self { past, state }
    }

    /// The state of an agent's turn: the names of the provider (as in [`Models`](crate::Models)) and of the model, which later turns use, too, and the
    /// state of the provider.
    pub fn agent_state(provider: &str, model: &str, state: Option<Value>) -> Value {
        let mut object = json!({ PROVIDER: provider, MODEL: model });
        if let Some(state) = state {
            object[STATE] = state;
        }
        object
    }

    /// The provider and the model of an agent's turn.
    pub fn model_of(past: &PastTurn) -> Option<(&str, &str)> {
        let state = past.state.as_ref()?;
        state[PROVIDER].as_str().zip(state[MODEL].as_str())
    }

    /// What the model said and called.
    pub fn output(&self) -> &TurnOutput {
        &self.past.output
    }

    /// What the [`ModelTurn`](crate::ModelTurn) of this provider had as its `state`, as it was. `None` if there was none, or if another
    /// provider made the turn: then the provider writes the turn from [`output`](Self::output).
    pub fn state(&self) -> Option<&Value> {
        match self.state {
            StateOf::None => None,
            StateOf::Provider => self.past.state.as_deref(),
            StateOf::Agent => self.past.state.as_ref()?.get(STATE),
        }
    }

    /// The results of the calls, in the order of the calls. [`CallResult::for_model`] is what the model reads.
    pub fn results(&self) -> &[CallResult] {
        &self.past.results
    }

    /// The turn, with its key.
    pub fn past(&self) -> &PastTurn {
        &self.past
    }
}
