//! Asks a node what it is about to do.
//!
//! The plan of a node is called when an attempt gets a slot, for each attempt, and never in replay: the log says what was planned.
//! It is foreign code, so a panic in it fails its step and not the run.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::AtomicUsize,
};

use super::{Machine, StepId, container::State};
use crate::{
    error::{NodeError, panic_message},
    node::{Effects, Plan, PlanContext, agent::TurnRequest},
    value::StepRef,
    workflow::NodeKind,
};

impl Machine {
    /// What the next attempt of a leaf is about to do. `wants_request` also builds what would be sent.
    pub(super) fn plan(
        &self,
        step: StepId,
        name: &StepRef,
        wants_request: bool,
    ) -> Result<Plan, NodeError> {
        let frame = self.frames().at(step.frame);
        let planned = &frame.body.steps[step.node()];
        let rendered = AtomicUsize::new(0);
        let cx = PlanContext::new(&frame.scope, name, planned.input, &rendered)
            .wanting_request(wants_request);
        let planned = catch_unwind(AssertUnwindSafe(|| match &planned.kind {
            NodeKind::Leaf(node) => node.plan(&cx),
            NodeKind::Turn(agent) => match self.turn_request(step) {
                Some(request) => agent.plan(&cx, &request),
                None => Ok(Plan::opaque()),
            },
            _ => Ok(Plan::opaque()),
        }));
        match planned {
            Ok(plan) => plan,
            Err(panic) => {
                let detail = format!("planning the step panicked: {}", panic_message(&*panic));
                Err(NodeError::new("panicked", detail))
            }
        }
    }

    /// What a turn of an agent is given. `None` if the step is no turn.
    pub(super) fn turn_request(&self, step: StepId) -> Option<TurnRequest> {
        let (agent, _) = self.frames().get(step.frame)?.parent?;
        let NodeKind::Agent(planned) = &self.frames().planned(agent).kind else {
            return None;
        };
        match &self.frames().step(agent).container.as_deref()?.state {
            State::Agent(turns) => Some(planned.request(turns)),
            _ => None,
        }
    }

    /// What an attempt does outside of the run: as planned, or by the type of its node.
    pub(crate) fn effects(&self, step: StepId, plan: &Plan) -> Effects {
        let by_type = || self.frames().planned(step).effects;
        plan.effects().unwrap_or_else(by_type)
    }
}
