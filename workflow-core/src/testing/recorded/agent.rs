//! An agent whose turns are those that were recorded.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::{
    node::{Planned, end},
    tape::Tape,
};
use crate::{
    error::NodeError,
    node::{
        NodeContext, OutputShape, Plan, PlanContext,
        agent::{Agent, AgentTurn, TurnOutput, TurnRequest},
    },
};

/// An agent of a test. It plans its turns as the agent that it stands for, and answers from the recording.
pub(super) struct RecordedAgent {
    pub(super) agent: Arc<dyn Agent>,
    pub(super) tape: Arc<Mutex<Tape>>,
}

#[async_trait]
impl Agent for RecordedAgent {
    fn plan(&self, cx: &PlanContext<'_>, request: &TurnRequest) -> Result<Plan, NodeError> {
        let plan = self.agent.plan(&cx.wanting_request(true), request)?;
        Ok(Planned::of(cx, plan))
    }

    async fn turn(&self, cx: &NodeContext, _request: &TurnRequest) -> Result<AgentTurn, NodeError> {
        let Some(planned) = cx.prepared::<Planned>() else {
            return Err(NodeError::new("internal", "the turn was not planned"));
        };
        let attempt = planned.attempt(&self.tape).await?;
        let report = attempt.report.as_deref();
        let state = report.and_then(|report| report.state.as_deref().cloned());
        let output = end(cx, attempt)?;
        let output = TurnOutput::read(&output)
            .ok_or_else(|| NodeError::new("malformed_turn", "the recorded turn cannot be read"))?;
        let turn = AgentTurn::of(output);
        Ok(match state {
            Some(state) => turn.with_state(state),
            None => turn,
        })
    }

    fn reads_input(&self) -> bool {
        self.agent.reads_input()
    }

    fn output_shape(&self) -> OutputShape<'_> {
        self.agent.output_shape()
    }
}
