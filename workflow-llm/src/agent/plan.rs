//! What a turn is about to send: the request, its key, and the most that it may use.

use std::sync::Arc;

use serde_json::{Value, json};
use workflow_core::{
    NodeError, Plan, PlanContext,
    node::{
        Effects,
        agent::{PastTurn, TurnRequest},
    },
    value::{Amount, StepKey},
};

use super::{attempt, conversation, data::AgentData};
use crate::{
    error::ModelError,
    models::{Models, NamedModel},
    request::ModelRequest,
    turn::ModelTurn,
};

/// The type in keys.
const TYPE: &str = "AgentNode";
/// Raise it when the same fields would give another answer.
const REVISION: u32 = 1;

/// A request with the models that it goes to.
pub(super) struct Prepared {
    /// Without the turns before this one.
    pub(super) request: ModelRequest,
    pub(super) history: Vec<Arc<PastTurn>>,
    /// The model, and in turn 0 those to use if it is unavailable; without duplicates.
    pub(super) models: Vec<NamedModel>,
}

/// What a model answered.
pub(super) struct Answer {
    pub(super) model: NamedModel,
    pub(super) turn: ModelTurn,
}

impl Prepared {
    pub(super) fn new(
        models: &Models,
        data: &AgentData,
        cx: &PlanContext<'_>,
        turn: &TurnRequest,
    ) -> Result<Self, NodeError> {
        let (mut request, model) = data.request(cx)?;
        conversation::allow(&mut request, turn);
        let models = match conversation::pinned(models, &turn.history)? {
            Some(model) => vec![model],
            None => named(models, data, model.as_deref(), turn).map_err(attempt::not_sent)?,
        };
        Ok(Self {
            request,
            history: turn.history.clone(),
            models,
        })
    }

    /// Whether tools are declared.
    pub(super) fn offers_tools(&self) -> bool {
        !self.request.tools.is_empty()
    }

    pub(super) fn into_plan(self, cx: &PlanContext<'_>) -> Result<Plan, NodeError> {
        let plan = Plan::opaque()
            .with_key(self.key().map_err(attempt::not_sent)?)
            .with_effects(Effects::None)
            .with_bound(Amount::calls(self.models.len() as u64));
        let plan = if cx.wants_request() {
            plan.with_request(self.record())
        } else {
            plan
        };
        Ok(plan.with_prepared(self))
    }

    /// The request as the log has it, without the turns before, which are in the log already.
    pub(super) fn record(&self) -> Value {
        let mut models = self.models.iter();
        let Some(first) = models.next() else {
            return Value::Null;
        };
        let body = first.client().body(&self.request).unwrap_or_default();
        let mut record = json!({ "model": first.model(), "body": body });
        let fallback: Vec<&str> = models.map(NamedModel::model).collect();
        if !fallback.is_empty() {
            record["fallback"] = json!(fallback);
        }
        if !self.history.is_empty() {
            record["past_turns"] = self.history.len().into();
        }
        record
    }

    /// Everything that can change the answer: what is sent, to which models of which API, and the turns before.
    fn key(&self) -> Result<StepKey, ModelError> {
        let mut key = StepKey::builder(TYPE, REVISION);
        for model in &self.models {
            let info = model.client().provider();
            key = key
                .text("provider", info.name())
                .text("endpoint", info.endpoint())
                .text("model", model.model());
            key = model.client().add_to_key(&self.request, key)?;
        }
        let turns = self.history.iter();
        let key = turns.fold(key, |key, past| key.text("turn", &past.key().to_string()));
        Ok(key.build())
    }
}

/// The model and the fallback models, without duplicates.
fn named(
    models: &Models,
    data: &AgentData,
    model: Option<&str>,
    turn: &TurnRequest,
) -> Result<Vec<NamedModel>, ModelError> {
    let mut named = vec![models.named(model)?];
    // Later turns use one model, also if it is not known which one the first turn used.
    let fallback = data.fallback().filter(|_| turn.history.is_empty());
    for model in fallback {
        let model = models.named(Some(model))?;
        let is_same =
            |it: &NamedModel| it.provider() == model.provider() && it.model() == model.model();
        if !named.iter().any(is_same) {
            named.push(model);
        }
    }
    Ok(named)
}
