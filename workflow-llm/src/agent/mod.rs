//! `AgentNode`: a model that calls tools, turn by turn, until it answers.
//!
//! The engine makes the calls; here is only what a turn asks of the model, and what its answer means.

mod answer;
mod conversation;
mod data;

pub use self::data::AgentData;

use async_trait::async_trait;
use workflow_core::{
    NodeContext, NodeError, Plan, PlanContext, Registry,
    node::{
        OutputShape,
        agent::{Agent, AgentTurn, TurnRequest},
    },
    value::InvalidData,
};

use crate::{
    attempt::{Attempt, KeyType, Prepared, candidates},
    models::{Models, NamedModel},
};

/// The name of the node type in workflows.
const TYPE: &str = "AgentNode";
const KEY_TYPE: KeyType = KeyType {
    name: TYPE,
    revision: 1,
};

/// Registers the node type `AgentNode`: see [`register`](crate::register).
pub(crate) fn register(registry: &mut Registry, models: &Models) {
    let calling = models.clone();
    let node_type = registry.register_agent_with(TYPE, move |data: AgentData| {
        AgentNode::new(calling.clone(), data)
    });
    models.describe(node_type, "Agent", "agent");
}

/// An agent over the models of a host: in each turn the model answers, or calls tools.
///
/// - Turn 0 uses `model` of its data, or the default of the host, and the `fallback` models if it is unavailable. All later turns use
///   the model of turn 0, whatever the default is then: what a provider needs back is of no use to another one.
/// - What the model wrote goes back unchanged, with the results of its calls.
/// - With a `schema`, a text that fits it is the answer. Models refuse a schema beside tools, so it is sent only when no tool may be called: in the last
///   turn, in an agent without tools, and in one further turn after a text that does not fit.
#[derive(Debug)]
pub struct AgentNode {
    models: Models,
    data: AgentData,
}

impl AgentNode {
    /// Creates an agent with these models and data.
    pub fn new(models: impl Into<Models>, data: AgentData) -> Self {
        Self {
            models: models.into(),
            data,
        }
    }

    /// Renders the request, and finds its models: in a later turn that of the first one.
    ///
    /// # Errors
    /// `template_error`, and `unknown_provider`.
    fn prepare(&self, cx: &PlanContext<'_>, turn: &TurnRequest) -> Result<Prepared, NodeError> {
        let data = &self.data.0;
        let mut request = data.request(cx)?;
        conversation::allow(&mut request, turn);
        let pinned = conversation::pinned(&self.models, &turn.history)?;
        let models = if let Some(model) = pinned {
            vec![model]
        } else {
            // Later turns use one model, also if it is not known which one the first turn used.
            let fallback = data.fallback().filter(|_| turn.history.is_empty());
            candidates(&self.models, request.model.as_deref(), fallback)?
        };
        let provider = models.first().map(NamedModel::provider);
        let past = conversation::past(&turn.history, provider.unwrap_or_default());
        Ok(Prepared::new(KEY_TYPE, data, request, past, models))
    }
}

#[async_trait]
impl Agent for AgentNode {
    /// # Errors
    /// A [`NodeError`] with the code of the [`ModelError`](crate::ModelError), `unknown_provider` if the host does not have the provider of turn 0 any more,
    /// `malformed_turn` for calls that are not allowed, or `template_error` if a template cannot be rendered.
    ///
    /// # Cancellation
    /// Dropping the future ends the request: see [`Model`](crate::Model).
    async fn turn(&self, cx: &NodeContext, request: &TurnRequest) -> Result<AgentTurn, NodeError> {
        let prepared = match cx.prepared() {
            Some(prepared) => prepared,
            None => self.prepare(&cx.planning(), request)?,
        };
        let offers_tools = prepared.offers_tools();
        let answer = Attempt::new(cx).run(prepared).await;
        let answer = answer.map_err(|error| answer::with_hint(error, offers_tools))?;
        answer::turn(answer, self.data.0.schema(), request, cx)
    }

    /// The request, its key, and the most that the turn may use.
    ///
    /// # Errors
    /// As [`turn`](Self::turn), before anything is sent.
    fn plan(&self, cx: &PlanContext<'_>, request: &TurnRequest) -> Result<Plan, NodeError> {
        self.prepare(cx, request)?.into_plan(cx)
    }

    fn check(&self) -> Result<(), InvalidData> {
        self.data.0.check(&self.models)
    }

    /// Without a prompt, the input is the task.
    fn reads_input(&self) -> bool {
        !self.data.0.has_prompt()
    }

    /// With a schema, references to fields of the output are checked when a workflow is created.
    fn output_shape(&self) -> OutputShape<'_> {
        let schema = self.data.0.schema();
        schema.map_or(OutputShape::Text, |it| OutputShape::Schema(it.json()))
    }
}
