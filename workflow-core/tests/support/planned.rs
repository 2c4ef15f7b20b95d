//! Nodes that plan, and a record of the requests that they make.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use workflow_core::{
    Node, NodeContext, NodeError, Plan, PlanContext, Registry, Template,
    node::Effects,
    value::{Amount, Cost, StepKey, Usage, Usd},
};

use super::Probe;

/// What the service behind the nodes is like.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// What distinguishes its answers from those of another one.
    pub model: &'static str,
    pub requests: Probe,
}

impl Service {
    pub fn new(model: &'static str) -> Self {
        let requests = Probe::default();
        Self { model, requests }
    }

    /// The requests since the last call, each with how often it was made.
    pub fn taken(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for request in self.requests.taken() {
            *counts.entry(request).or_insert(0) += 1;
        }
        counts
    }
}

/// Asks for an answer; or posts, if it acts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paid {
    prompt: Template,
    /// Its first attempts fail.
    #[serde(default)]
    failures: u32,
    #[serde(default)]
    acts: bool,
    /// Its plan panics.
    #[serde(default)]
    panics: bool,
    #[serde(default)]
    schema: Option<Value>,
}

struct PaidNode {
    data: Paid,
    service: Service,
}

/// What was rendered for the plan.
struct Prepared(String);

impl PaidNode {
    fn prepare(&self, cx: &PlanContext<'_>) -> Result<Prepared, NodeError> {
        let prompt = cx.render(&self.data.prompt)?;
        self.service.requests.note(format!("render {prompt}"));
        Ok(Prepared(prompt))
    }
}

#[async_trait]
impl Node for PaidNode {
    fn plan(&self, cx: &PlanContext<'_>) -> Result<Plan, NodeError> {
        assert!(!self.data.panics, "as the data says");
        let prompt = cx.render(&self.data.prompt)?;
        let key = StepKey::builder("Paid", 1)
            .text("model", self.service.model)
            .text("prompt", &prompt)
            .build();
        let effects = if self.data.acts {
            Effects::Acts
        } else {
            Effects::None
        };
        let mut plan = Plan::opaque()
            .with_key(key)
            .with_effects(effects)
            .with_bound(
                Amount::calls(1)
                    .with_tokens(20)
                    .with_usd(Usd::from_nano(2_000)),
            );
        if cx.wants_request() {
            plan = plan.with_request(json!({"prompt": prompt}));
        }
        Ok(plan.with_prepared(Prepared(prompt)))
    }

    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let Prepared(prompt) = match cx.prepared() {
            Some(prepared) => prepared,
            None => self.prepare(&cx.planning())?,
        };
        self.service.requests.note(&prompt);
        cx.record_usage(Usage::new(10, 1));
        cx.record_cost(Cost::exact(Usd::from_nano(1_500)));
        cx.record_model(self.service.model);
        if cx.failures() < self.data.failures {
            return Err(NodeError::new("busy", "the service is busy").with_retry());
        }
        Ok(format!("{}({prompt})", self.service.model).into())
    }

    fn output_schema(&self) -> Option<&Value> {
        self.data.schema.as_ref()
    }
}

/// The types of [`super::registry`], and `Paid`.
pub fn planned_registry(service: &Service) -> Registry {
    let mut registry = super::registry(&service.requests);
    let service = service.clone();
    registry.register_with("Paid", move |data: Paid| PaidNode {
        data,
        service: service.clone(),
    });
    registry
}
