//! What an `LLMNode` is about to send: the rendered request, its key, and the most that it may use.

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
    models::{Models, NamedModel},
    request::{ModelRequest, ServiceTier},
};

/// The type in keys. Nodes under another name share results: the key differs by the endpoint only.
const TYPE: &str = "LLMNode";
/// Raise it when the same fields would give another answer; tests of providers fail if keys change without it.
const REVISION: u32 = 1;

/// A rendered request with the models that it goes to.
pub(super) struct Prepared {
    /// Its model is that of the first one.
    pub(super) request: Arc<ModelRequest>,
    /// The model, and then those to use if it is unavailable; without duplicates, and never empty.
    pub(super) models: Vec<PlannedModel>,
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

impl Prepared {
    /// Renders the request and finds its models.
    ///
    /// # Errors
    /// `template_error` if a template cannot be rendered, or the node has no prompt and no input; `invalid_value` if a template of
    /// a number renders to something else; `unknown_provider`.
    pub(super) fn new(
        models: &Models,
        data: &LlmData,
        cx: &PlanContext<'_>,
    ) -> Result<Self, NodeError> {
        let mut request = data.request(cx)?;
        let first = models
            .named(request.model.as_deref())
            .map_err(before_attempt)?;
        request.model = Some(first.model().to_owned());
        let mut all = vec![first];
        for model in data.fallback() {
            let next = models.named(Some(model)).map_err(before_attempt)?;
            if !all.iter().any(|known| known.is_same(&next)) {
                all.push(next);
            }
        }
        // The prompt counts as a part, also if there is none beside other parts.
        let spare = usize::from(data.has_only_parts());
        let models = all.into_iter().map(|named| PlannedModel {
            bound: bound(&named, &request, spare),
            named,
        });
        Ok(Self {
            models: models.collect(),
            request: Arc::new(request),
            has_fallback: data.fallback().next().is_some(),
        })
    }

    /// The plan of an attempt that sends this.
    ///
    /// # Errors
    /// `unsupported_option`.
    pub(super) fn into_plan(self, cx: &PlanContext<'_>) -> Result<Plan, NodeError> {
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

    /// The request as people and tests see it: as the first model gets it.
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
        Ok(record::sent(models, body))
    }

    /// Everything that can change the answer: what is sent, and to which models of which APIs.
    ///
    /// # Errors
    /// `unsupported_option`, of any of the models.
    fn key(&self) -> Result<StepKey, ModelError> {
        let mut key = StepKey::builder(TYPE, REVISION);
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
fn bound(named: &NamedModel, request: &ModelRequest, spare: usize) -> Amount {
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
        (true, false) => Some(size::most_text_tokens(request, spare)),
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
