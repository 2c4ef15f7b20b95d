//! The list of the calls that a turn of an agent asks for.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Number, Value};

use super::{
    Body, NodeKind, OnError, PlannedAgent, PlannedNode, PlannedTool, PlannedToolCall, UNKNOWN,
};
use crate::{
    error::Problem,
    node::{ToolOnError, agent::ToolCall},
    value::{NodeId, StepKey, beginning_of},
};

/// The most bytes of the detail of a refused call: 2 KiB, as much of an error as is sent to a model.
const MAX_DETAIL_BYTES: usize = 2 * 1024;

/// In how many turns in a row each call was asked for, up to the latest turn.
pub(crate) type Streaks = HashMap<StepKey, usize>;

/// The calls of a turn.
pub(crate) struct TurnCalls {
    /// One step for each, in their order.
    pub(crate) body: Arc<Body>,
    pub(crate) streaks: Streaks,
}

impl PlannedAgent {
    /// The calls of a turn, as a list of steps. It depends on the specification and the turns only, so it is the same in replay. `before`
    /// are the streaks of the turn before.
    ///
    /// The first `concurrency` calls need nothing. Each of the others begins when one ends.
    ///
    /// `None` if the name of a tool is not an id, which the checks exclude.
    pub(crate) fn calls(&self, calls: &[ToolCall], before: &Streaks) -> Option<TurnCalls> {
        let mut streaks = Streaks::new();
        let mut steps = Vec::with_capacity(calls.len());
        for (index, call) in calls.iter().enumerate() {
            let tool = self.tools.iter().find(|tool| *tool.name == *call.tool);
            let args = with_integers(&call.args);
            let key = key_of(&call.tool, &args);
            let streak = before.get(&key).map_or(1, |turns| turns + 1);
            streaks.insert(key, streak);
            let refusal = self.refusal(call, tool, &args, (index, calls.len()), streak);
            // A name that a model made up never becomes part of a path.
            let id = tool.map_or(UNKNOWN, |tool| &tool.name);
            let on_error = match tool.map(|tool| tool.on_error) {
                Some(ToolOnError::Fail) => OnError::Fail,
                Some(ToolOnError::Answer) | None => OnError::Continue,
            };
            let call = PlannedToolCall {
                tool: tool.cloned(),
                args: Arc::new(args),
                refusal: refusal.map(Arc::new),
            };
            let id = NodeId::parse(&format!("{id}-{index}"))?;
            steps.push(PlannedNode {
                needs: usize::from(index >= self.fields.concurrency),
                on_error,
                ..PlannedNode::made(id, NodeKind::ToolCall(call))
            });
        }
        let body = Arc::new(Body::unnamed(steps));
        Some(TurnCalls { body, streaks })
    }

    /// Why a call is not made. `place` is its index, and the number of calls of the turn.
    fn refusal(
        &self,
        call: &ToolCall,
        tool: Option<&Arc<PlannedTool>>,
        args: &Value,
        (index, calls): (usize, usize),
        streak: usize,
    ) -> Option<Problem> {
        let most = self.fields.max_calls;
        if index >= most {
            let detail = format!("the turn asks for {calls} calls, and at most {most} are made");
            return Some(Problem::new("too_many_calls", detail));
        }
        let Some(tool) = tool else {
            let known: Vec<&str> = self.tools.iter().map(|tool| &*tool.name).collect();
            let detail = format!("there is no such tool; the tools are: {}", known.join(", "));
            return Some(Problem::new("unknown_tool", shortened(&detail)));
        };
        if let Some(problem) = &call.problem {
            let detail = format!("the arguments cannot be read: {problem}");
            return Some(Problem::new("invalid_arguments", shortened(&detail)));
        }
        if streak > tool.max_repeats {
            let detail = format!(
                "the same call with the same arguments was made in {} turns in a row, as many as allowed",
                tool.max_repeats
            );
            return Some(Problem::new("repeated_call", detail));
        }
        let faults = tool.input.check(args, "#/args").err()?;
        let detail = "the arguments do not fit the `input` of the tool";
        Some(Problem::new("invalid_arguments", detail).with_errors(faults))
    }
}

/// Identifies a call, in whatever order its arguments are.
fn key_of(tool: &str, args: &Value) -> StepKey {
    let mut sorted = args.clone();
    sorted.sort_all_objects();
    let key = StepKey::builder("ToolCall", 1).text("tool", tool);
    key.json("args", &sorted).build()
}

/// A copy in which whole numbers are integers: providers send `5.0` for `5`, which would stay `5.0` in a text, and be `10.0` when
/// doubled.
pub(crate) fn with_integers(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(as_integer(number)),
        Value::Array(items) => items.iter().map(with_integers).collect(),
        Value::Object(members) => {
            let members = members.iter();
            let members = members.map(|(name, value)| (name.clone(), with_integers(value)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

fn as_integer(number: &Number) -> Number {
    /// Above 2^53 a float does not name one integer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() <= EXACT => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it is a whole number within 2^53"
            )]
            let integer = float as i64;
            integer.into()
        }
        _ => number.clone(),
    }
}

fn shortened(detail: &str) -> &str {
    beginning_of(detail, MAX_DETAIL_BYTES)
}
