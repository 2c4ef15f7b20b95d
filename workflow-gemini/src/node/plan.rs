//! What an `LLMNode` is about to send: the rendered request, its key, and the most that it may use.

use serde_json::Value;
use workflow_core::{
    NodeError, Plan, PlanContext,
    node::Effects,
    price::{Charge, Price},
    value::{Amount, StepKey},
};

use super::{data::LlmData, record};
use crate::{
    client::GeminiClient,
    request::{GenerateRequest, MAX_REQUESTS, RequestBody, ServiceTier},
};

/// The type in keys. Nodes under another name share results: the key differs by the endpoint only.
const TYPE: &str = "LLMNode";
/// Raise it when the same fields would give another answer; `tests/plan.rs` fails if keys change without it.
const REVISION: u32 = 1;

/// The most tokens of one streamed request; a longer answer is continued.
const STREAMED_TOKENS: u64 = 65_536;
/// The most tokens of one request that is not streamed.
const WHOLE_TOKENS: u64 = 32_768;

/// A rendered request with the models that it goes to.
pub(super) struct Prepared {
    pub(super) request: GenerateRequest,
    /// The model, and then those to use if it is unavailable; without duplicates.
    pub(super) models: Vec<PlannedModel>,
}

/// A model, and the most that an answer of it may use.
pub(super) struct PlannedModel {
    pub(super) name: String,
    pub(super) bound: Amount,
}

impl Prepared {
    /// Renders the request and adds the client's defaults.
    ///
    /// # Errors
    /// `template_error` if a template cannot be rendered, or the node has no prompt and no input; `invalid_value` if a template of
    /// a number renders to something else.
    pub(super) fn new(
        client: &GeminiClient,
        data: &LlmData,
        cx: &PlanContext<'_>,
    ) -> Result<Self, NodeError> {
        let mut request = data.request(cx)?;
        client.fill(&mut request);
        let models = models(client, data, &request);
        let models = models.into_iter().map(|name| PlannedModel {
            bound: bound(client, data.streams(), &name, &request),
            name,
        });
        Ok(Self {
            models: models.collect(),
            request,
        })
    }

    /// The plan of an attempt that sends this.
    pub(super) fn into_plan(self, client: &GeminiClient, cx: &PlanContext<'_>) -> Plan {
        let plan = Plan::opaque()
            .with_key(self.key(client))
            .with_effects(Effects::None)
            .with_bound(self.bound());
        let plan = if cx.wants_request() {
            plan.with_request(self.record())
        } else {
            plan
        };
        plan.with_prepared(self)
    }

    /// The request as people and tests see it.
    pub(super) fn record(&self) -> Value {
        let models = self.models.iter().map(|model| model.name.as_str());
        record::sent(models, &self.request)
    }

    /// Everything that can change the answer: what is sent, and to which models of which API.
    fn key(&self, client: &GeminiClient) -> StepKey {
        let (provider, endpoint) = client.identity();
        let key = StepKey::builder(TYPE, REVISION)
            .text("provider", provider)
            .text("endpoint", endpoint);
        let key = self
            .models
            .iter()
            .fold(key, |key, model| key.text("model", &model.name));
        let body = RequestBody::new(&self.request, None).without_terms();
        key.serialized("request", &body).build()
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

/// The models in their order, without duplicates. `models/x` and `x` are one model: a fallback to the same
/// model would only meet the same limit.
fn models(client: &GeminiClient, data: &LlmData, request: &GenerateRequest) -> Vec<String> {
    let first = request.model.as_deref().unwrap_or(client.model());
    let fallback = data.fallback().map(String::as_str);
    let mut models: Vec<String> = Vec::new();
    for model in std::iter::once(first).chain(fallback) {
        let model = model.trim().trim_start_matches("models/");
        if !models.iter().any(|known| known == model) {
            models.push(model.to_owned());
        }
    }
    models
}

/// The most that an answer of one model uses. What a tool of the API reads is not bounded, and the tokens of media are only by the
/// model's context.
fn bound(client: &GeminiClient, streams: bool, model: &str, request: &GenerateRequest) -> Amount {
    let prices = client.prices(model);
    // The largest of all periods; `None` if there is no price, or one without it.
    let largest = |limit: fn(&Price) -> Option<u64>| {
        let limits: Option<Vec<u64>> = prices.iter().map(limit).collect();
        limits.and_then(|limits| limits.into_iter().max())
    };
    let output = request.max_output_tokens.map(u64::from);
    let output = output.or_else(|| largest(Price::max_output));
    let per_request = if streams {
        STREAMED_TOKENS
    } else {
        WHOLE_TOKENS
    };
    let requests = output.map_or(1, |it| it.div_ceil(per_request));
    let requests = requests.clamp(1, MAX_REQUESTS.into());
    let input = match (request.tools.is_empty(), request.has_media()) {
        (false, _) => None,
        (true, true) => largest(Price::context),
        (true, false) => Some(request.most_text_tokens()),
    };
    let mut bound = Amount::calls(requests);
    let Some((input, output)) = input.zip(output) else {
        return bound;
    };
    // Each request that continues an answer sends the whole prompt again; the limit of the output is for all together.
    let input = input.saturating_mul(requests);
    bound.tokens = Some(input.saturating_add(output));
    let tier = request.service_tier.map(ServiceTier::name);
    let charges = prices.iter().map(|price| price.most(input, output, tier));
    let charges: Option<Vec<Charge>> = charges.collect();
    bound.usd = charges.and_then(|it| it.into_iter().max()).map(Charge::usd);
    bound
}
