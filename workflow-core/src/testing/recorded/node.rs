//! A node that answers with what was recorded.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::Value;

use super::tape::{Attempt, AttemptEnd, Tape};
use crate::{
    error::{NodeError, Problem},
    event::Report,
    node::{Effects, Node, NodeContext, OutputShape, Plan, PlanContext},
    value::{StepKey, StepRef, lock},
};

/// A leaf of a test. It plans as the node that it stands for, and answers from the recording. A node without a key whose type has no
/// side effects runs itself.
pub(super) struct RecordedNode {
    pub(super) node: Box<dyn Node>,
    pub(super) is_pure: bool,
    pub(super) tape: Arc<Mutex<Tape>>,
}

/// What an attempt is about to do.
pub(super) struct Planned {
    step: StepRef,
    key: Option<StepKey>,
    request: Option<Value>,
}

impl Planned {
    /// The plan of a step that a recorded one answers. Nothing acts in a test, and nothing is reserved: what was used is booked.
    pub(super) fn of(cx: &PlanContext<'_>, mut plan: Plan) -> Plan {
        let planned = Self {
            step: cx.step().clone(),
            key: plan.key(),
            request: plan.take_request(),
        };
        let recorded = Plan::opaque().with_effects(Effects::None);
        let recorded = match planned.key {
            Some(key) => recorded.with_key(key),
            None => recorded,
        };
        recorded.with_prepared(planned)
    }

    /// What was recorded of the attempt. Its time passes at once if time is virtual, and time-outs count as they did.
    pub(super) async fn attempt(&self, tape: &Mutex<Tape>) -> Result<Attempt, NodeError> {
        let attempt = lock(tape).attempt(&self.step, self.key, self.request.as_ref());
        let attempt = attempt.map_err(|miss| {
            NodeError::new("not_recorded", miss.detail)
                .with_hint("record the run again, or set the output of the step")
        })?;
        tokio::time::sleep(attempt.took).await;
        Ok(attempt)
    }
}

#[async_trait]
impl Node for RecordedNode {
    fn plan(&self, cx: &PlanContext<'_>) -> Result<Plan, NodeError> {
        let plan = self.node.plan(&cx.wanting_request(true))?;
        if plan.key().is_none() && self.is_pure {
            return Ok(plan);
        }
        Ok(Planned::of(cx, plan))
    }

    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let Some(planned) = cx.prepared::<Planned>() else {
            return self.node.run(cx).await;
        };
        let attempt = planned.attempt(&self.tape).await?;
        end(cx, attempt)
    }

    fn effects(&self) -> Option<Effects> {
        self.node.effects()
    }

    fn output_schema(&self) -> Option<&Value> {
        self.node.output_schema()
    }

    fn reads_input(&self) -> bool {
        self.node.reads_input()
    }

    fn output_shape(&self) -> OutputShape<'_> {
        self.node.output_shape()
    }
}

/// Reports and ends as the attempt did.
pub(super) fn end(cx: &NodeContext, attempt: Attempt) -> Result<Value, NodeError> {
    if let Some(report) = attempt.report {
        report_again(cx, *report);
    }
    match attempt.end {
        AttemptEnd::Completed(output) => Ok(Value::clone(&output)),
        AttemptEnd::Retried(problem) => {
            let error = error(&problem);
            Err(match problem.retry_after_ms {
                Some(wait) => error.with_retry_after(std::time::Duration::from_millis(wait)),
                None => error.with_retry(),
            })
        }
        AttemptEnd::Failed(problem) => Err(error(&problem)),
    }
}

fn error(problem: &Problem) -> NodeError {
    let error = NodeError::new(problem.code.clone(), problem.detail.clone());
    let error = error.with_errors(problem.errors.clone());
    match &problem.hint {
        Some(hint) => error.with_hint(hint.clone()),
        None => error,
    }
}

/// Reports what was reported then. What is missing belongs to the engine, such as the time in a queue.
fn report_again(cx: &NodeContext, report: Report) {
    if !report.usage.is_empty() {
        cx.record_usage(report.usage);
    }
    if let Some(cost) = report.cost {
        cx.record_cost(cost);
    }
    if let Some(calls) = report.calls {
        cx.record_calls(calls);
    }
    if report.usage_final {
        cx.record_usage_final();
    }
    if let Some(model) = report.model {
        cx.record_model(model);
    }
    if let Some(reason) = report.finish_reason {
        cx.record_finish_reason(reason);
    }
    if report.truncated {
        cx.record_truncated();
    }
    if let Some(metadata) = report.metadata {
        cx.record_metadata(Value::clone(&metadata));
    }
}
