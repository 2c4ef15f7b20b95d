//! A node with a bound and a usage, as its data says.

use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use workflow_core::{
    Node, NodeContext, NodeError, Plan, PlanContext, Registry,
    node::Effects,
    value::{Amount, Cost, Usage},
};

use super::Probe;

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Paid {
    /// The bound of its plan; none if it is absent.
    bound: Option<Amount>,
    /// What an attempt reports; nothing if it is absent.
    used: Option<Amount>,
    /// Whether it says that it reports all.
    is_final: bool,
    millis: u64,
    /// How many attempts fail, so that they may be retried.
    failures: u32,
    /// Whether it may act outside of the run.
    acts: bool,
}

struct PaidNode {
    data: Paid,
    probe: Probe,
}

#[async_trait]
impl Node for PaidNode {
    fn plan(&self, cx: &PlanContext<'_>) -> Result<Plan, NodeError> {
        self.probe.note(format!("plan {}", cx.step().path()));
        let effects = if self.data.acts {
            Effects::Acts
        } else {
            Effects::None
        };
        let plan = Plan::opaque().with_effects(effects);
        Ok(match self.data.bound {
            Some(bound) => plan.with_bound(bound),
            None => plan,
        })
    }

    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let path = cx.step().path();
        self.probe.note(format!("start {path}"));
        if let Some(reserved) = cx.reserved() {
            self.probe.note(format!("reserved {}", reserved.calls));
        }
        if self.data.millis > 0 {
            tokio::time::sleep(Duration::from_millis(self.data.millis)).await;
        }
        if let Some(used) = self.data.used {
            cx.record_calls(used.calls);
            cx.record_usage(Usage::new(used.tokens.unwrap_or_default(), 0));
            if let Some(usd) = used.usd {
                cx.record_cost(Cost::exact(usd));
            }
        }
        if self.data.is_final {
            cx.record_usage_final();
        }
        if cx.failures() < self.data.failures {
            return Err(NodeError::new("busy", "the service is busy").with_retry());
        }
        self.probe.note(format!("end {path}"));
        Ok(path.as_str().into())
    }
}

/// The types of [`super::registry`], and `Paid`.
pub fn paid_registry(probe: &Probe) -> Registry {
    let mut registry = super::registry(probe);
    let probe = probe.clone();
    registry.register_with("Paid", move |data: Paid| PaidNode {
        data,
        probe: probe.clone(),
    });
    registry
}
