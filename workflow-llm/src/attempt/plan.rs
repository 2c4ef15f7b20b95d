//! What an attempt is about to send: the rendered request, its key, and the most that it may use.

use std::sync::Arc;

use serde_json::Value;
use workflow_core::{
    NodeError, Plan, PlanContext,
    node::Effects,
    price::{Charge, Price},
    value::{Amount, StepKey, StepKeyBuilder},
};

use super::{failure::before_attempt, inline, record, size};
use crate::{
    data::LlmData,
    error::ModelError,
    message::{Message, TurnMessage},
    models::{Models, NamedModel},
    request::{ModelRequest, ServiceTier},
};

/// The node type in keys, so that two types do not share results.
#[derive(Clone, Copy)]
pub(crate) struct KeyType {
    /// Nodes under another name share results: the key differs by the endpoint only.
    pub(crate) name: &'static str,
    /// Raise it when the same fields would give another answer; tests of providers fail if keys change without it.
    pub(crate) revision: u32,
}

/// A rendered request with the models that it goes to.
pub(crate) struct Prepared {
    key_type: KeyType,
    /// Its model is that of the first one. The past turns are not in it.
    request: Arc<ModelRequest>,
    /// The turns of an agent before this one: they follow the first message. The log has them already.
    past: Vec<TurnMessage>,
    /// The model, and then those to use if it is unavailable; without duplicates, and never empty.
    models: Vec<PlannedModel>,
    /// Whether the node has fallback models, also if they are duplicates.
    pub(super) has_fallback: bool,
}

/// A model, and the most that an answer of it may use.
pub(super) struct PlannedModel {
    pub(super) named: NamedModel,
    pub(super) bound: Amount,
}

impl PlannedModel {
    /// The tier that is asked for.
    pub(super) fn service_tier(&self, request: &ModelRequest) -> Option<ServiceTier> {
        let tier = request.service_tier;
        tier.or(self.named.client().provider().service_tier())
    }
}

/// The model that the request names, and the fallback models, without duplicates.
///
/// # Errors
/// `unknown_provider`.
pub(crate) fn candidates<'a>(
    models: &Models,
    named: Option<&str>,
    fallback: impl Iterator<Item = &'a String>,
) -> Result<Vec<NamedModel>, NodeError> {
    let mut all = vec![models.named(named).map_err(before_attempt)?];
    for model in fallback {
        let next = models.named(Some(model)).map_err(before_attempt)?;
        if !all.iter().any(|known| known.is_same(&next)) {
            all.push(next);
        }
    }
    Ok(all)
}

impl Prepared {
    /// The request of a node with this data to the first of these models that is available, with the past turns of an agent between its
    /// first message and the others.
    pub(crate) fn new(
        key_type: KeyType,
        data: &LlmData,
        mut request: ModelRequest,
        past: Vec<TurnMessage>,
        models: Vec<NamedModel>,
    ) -> Self {
        request.model = models.first().map(|first| first.model().to_owned());
        // The prompt counts as a part, also if there is none beside other parts.
        let spare = usize::from(data.has_only_parts());
        let models = models.into_iter().map(|named| PlannedModel {
            bound: bound(&named, &request, &past, spare),
            named,
        });
        Self {
            key_type,
            models: models.collect(),
            request: Arc::new(request),
            // An agent has them in its first turn only.
            has_fallback: past.is_empty() && data.fallback().next().is_some(),
            past,
        }
    }

    /// The whole request, and the models that it goes to.
    pub(super) fn into_request(self) -> (Arc<ModelRequest>, Vec<PlannedModel>) {
        let mut request = self.request;
        if !self.past.is_empty() {
            let messages = &mut Arc::make_mut(&mut request).messages;
            let first = messages.len().min(1);
            messages.splice(first..first, self.past.into_iter().map(Message::Turn));
        }
        (request, self.models)
    }

    /// Whether the model may be asked to call tools.
    pub(crate) fn offers_tools(&self) -> bool {
        !self.request.tools.is_empty()
    }

    /// The plan of an attempt that sends this.
    ///
    /// # Errors
    /// `unsupported_option`.
    pub(crate) fn into_plan(self, cx: &PlanContext<'_>) -> Result<Plan, NodeError> {
        let plan = Plan::opaque()
            .with_key(self.key().map_err(before_attempt)?)
            .with_effects(Effects::None)
            .with_bound(self.bound());
        let plan = if cx.wants_request() {
            plan.with_request(self.record().map_err(before_attempt)?)
        } else {
            plan
        };
        Ok(plan.with_prepared(self))
    }

    /// The request as people and tests see it: as the first model gets it, with the number of the past turns instead of their contents.
    ///
    /// # Errors
    /// `unsupported_option`.
    pub(super) fn record(&self) -> Result<Value, ModelError> {
        let models = self.models.iter().map(|model| model.named.label());
        let short = inline::without_data(&self.request);
        let request = short.as_ref().unwrap_or(&self.request);
        let body = match self.models.first() {
            Some(first) => first.named.client().body(request)?,
            // Not reached: there is a first model.
            None => Value::Null,
        };
        let mut record = record::sent(models, body);
        if !self.past.is_empty() {
            record["past_turns"] = self.past.len().into();
        }
        Ok(record)
    }

    /// Everything that can change the answer: what is sent, to which models of which APIs, and after which turns.
    ///
    /// # Errors
    /// `unsupported_option`, of any of the models.
    fn key(&self) -> Result<StepKey, ModelError> {
        let mut key = StepKey::builder(self.key_type.name, self.key_type.revision);
        let mut providers: Vec<&NamedModel> = Vec::new();
        for PlannedModel { named, .. } in &self.models {
            // A model without its provider is one of the provider before it.
            if providers
                .last()
                .is_none_or(|last| last.provider() != named.provider())
            {
                key = with_endpoint(key, named);
                providers.push(named);
            }
            key = key.text("model", named.model());
        }
        let mut sent: Vec<&str> = Vec::new();
        for named in providers {
            if sent.contains(&named.provider()) {
                continue;
            }
            // The body of a provider can have the name of the model.
            let own;
            let request = if sent.is_empty() {
                &*self.request
            } else {
                own = ModelRequest {
                    model: Some(named.model().to_owned()),
                    ..ModelRequest::clone(&self.request)
                };
                &own
            };
            sent.push(named.provider());
            key = named.client().add_to_key(request, key)?;
        }
        let past = self.past.iter().map(|turn| turn.past().key());
        let key = past.fold(key, |key, past| key.text("turn", &past.to_string()));
        Ok(key.build())
    }

    /// The most that an attempt may use: the requests to all models, and the tokens and the money of one answer, since the models are asked
    /// one after another, and the next one only if the rest of what is reserved covers it.
    pub(super) fn bound(&self) -> Amount {
        let bounds = self.models.iter().map(|model| model.bound);
        let all = bounds.reduce(|one, other| {
            let mut most = Amount::calls(one.calls.saturating_add(other.calls));
            most.tokens = one.tokens.zip(other.tokens).map(|(a, b)| a.max(b));
            most.usd = one.usd.zip(other.usd).map(|(a, b)| a.max(b));
            most
        });
        all.unwrap_or_default()
    }
}

fn with_endpoint(key: StepKeyBuilder, named: &NamedModel) -> StepKeyBuilder {
    let provider = named.client().provider();
    key.text("provider", provider.name())
        .text("endpoint", provider.endpoint())
}

/// The most that an answer of one model uses. What a tool of the API reads is not bounded, and the tokens of media are only by the
/// model's context.
fn bound(named: &NamedModel, request: &ModelRequest, past: &[TurnMessage], spare: usize) -> Amount {
    let provider = named.client().provider();
    let prices = provider.prices().prices(provider.name(), named.model());
    // The largest of all periods; `None` if there is no price, or one without it.
    let largest = |limit: fn(&Price) -> Option<u64>| {
        let limits: Option<Vec<u64>> = prices.iter().map(limit).collect();
        limits.and_then(|limits| limits.into_iter().max())
    };
    let output = request.max_output_tokens.map(u64::from);
    let output = output.or_else(|| largest(Price::max_output));
    let requests = provider.continuation().map_or(1, |it| {
        let per_request = if request.streams {
            it.streamed_tokens
        } else {
            it.whole_tokens
        };
        let requests = output.map_or(1, |output| output.div_ceil(per_request.max(1)));
        requests.clamp(1, it.max_requests.max(1).into())
    });
    let input = match (request.provider_tools.is_empty(), size::has_media(request)) {
        (false, _) => None,
        (true, true) => largest(Price::context),
        (true, false) => Some(size::most_text_tokens(request, past, spare)),
    };
    let mut bound = Amount::calls(requests);
    let Some((input, output)) = input.zip(output) else {
        return bound;
    };
    // Each request that continues an answer sends the whole prompt again; the limit of the output is for all together.
    let input = input.saturating_mul(requests);
    bound.tokens = Some(input.saturating_add(output));
    let tier = request.service_tier.or(provider.service_tier());
    let tier = tier.map(ServiceTier::name);
    let charges = prices.iter().map(|price| price.most(input, output, tier));
    let charges: Option<Vec<Charge>> = charges.collect();
    bound.usd = charges.and_then(|it| it.into_iter().max()).map(Charge::usd);
    bound
}
