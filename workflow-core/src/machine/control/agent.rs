//! Agents: turns, and the calls that each asks for.
//!
//! A turn has two frames. The first has one leaf, `turn`. The second is made from the output of that leaf, and has one step for each
//! call. The calls end in any order; their results are given back in the order of the calls.
//!
//! The log of an agent: `node.started`, a `node.progress` when each turn begins, and `node.completed`. That calls begin is not logged:
//! it follows from the output of the turn. So does the history of a turn, which is taken out of the frames of the turns before.

use std::sync::Arc;

use serde_json::Value;

use super::{Changes, Control, DoesNotFit, Frame, Next, Segments, SettledStep, State, View};
use crate::{
    error::Problem,
    event::{Progress, Report},
    machine::{
        ids::Place,
        turns::{MAX_HISTORY_BYTES, Said, Turns, cut, result_memory},
    },
    node::{
        OnMaxTurns,
        agent::{CallResult, ToolChoice, TurnOutput, TurnRequest},
    },
    template::Scope,
    value::{Budget, heap, size},
    workflow::{NodeKind, PlannedAgent, PlannedToolCall, TURN},
};

/// The place of the frame of a turn, and of the frame of its calls.
fn places(turn: usize) -> (Place, Place) {
    (2 * turn, 2 * turn + 1)
}

/// Whether the frame at this place has calls, and the turn that it belongs to.
fn turn_at(place: Place) -> (bool, usize) {
    (place % 2 == 1, place / 2)
}

impl Control for PlannedAgent {
    /// A turn begins. The one before is closed and becomes history.
    fn progress(&self, step: &mut Changes<'_>, progress: Progress) -> Result<(), DoesNotFit> {
        let Progress::Turn { turn, max_turns } = progress else {
            return Err(DoesNotFit);
        };
        if max_turns != self.fields.max_turns || turn >= max_turns {
            return Err(DoesNotFit);
        }
        match step.container() {
            None if turn == 0 => step.hold(State::Agent(Box::default())),
            Some(_) => self.end_turn(step, turn)?,
            None => return Err(DoesNotFit),
        }
        let (outer, node) = (step.outer(), step.step.node());
        let input = outer.body.steps[node].input;
        let scope = Scope::of_turn(&outer.scope, self.turn.steps.len(), input);
        let path = outer.names.path(node).within(turn);
        let names = self.turn.steps_within(&path);
        step.open(places(turn).0, &self.turn, names, scope);
        Ok(())
    }

    /// The calls begin here although this host would have refused them.
    fn reopen(&self, step: &mut Changes<'_>, place: Place) -> Result<(), DoesNotFit> {
        let turns = turns(step)?;
        if turn_at(place) != (true, turns.turn) || !self.calls_next(turns) {
            return Err(DoesNotFit);
        }
        self.open_calls(step).ok_or(DoesNotFit)
    }

    fn descend(&self, path: &mut Segments<'_>) -> Option<Place> {
        let turn: usize = path.next()?.parse().ok()?;
        let (of_turn, of_calls) = places(turn.min(self.fields.max_turns));
        // The ids of calls end with a number.
        Some(if path.peek() == Some(TURN) {
            of_turn
        } else {
            of_calls
        })
    }

    fn budget(&self) -> Option<&Budget> {
        self.fields.budget.as_ref()
    }

    fn follows_steps(&self) -> bool {
        true
    }

    /// The turn is settled: its calls begin, as far as `concurrency` allows. Or a call is settled: the next one begins.
    fn step_settled(&self, step: &mut Changes<'_>, settled: &SettledStep<'_>) {
        let (is_call, _) = turn_at(settled.place);
        if is_call {
            return step.begin_next(settled.place);
        }
        let Some(output) = turn_output(step, settled.place) else {
            return;
        };
        let state = settled.report.and_then(|report| report.state.clone());
        let read = heap::of_shared(&output.1) + state.as_ref().map_or(0, heap::of_shared);
        step.charge(read);
        let Ok(turns) = turns(step) else {
            return;
        };
        turns.memory += read;
        turns.said = Some(Said::new(output.0, state));
        // A decision fails the agent if the limit of open frames is reached.
        if self.calls_next(turns) && step.frames.may_open() {
            self.open_calls(step);
        }
    }

    fn next(&self, step: &View<'_>) -> Next {
        if step.container().is_some() {
            return Next::Rest;
        }
        match step.limits.check_frames(step.frames.open()) {
            Ok(()) => self.begin_turn(step, 0),
            Err(error) => Next::fail(error.into_problem()),
        }
    }

    fn frame_settled(&self, step: &View<'_>, place: Place, _result: &Arc<Value>) -> Next {
        let Some(State::Agent(turns)) = step.container().map(|it| &it.state) else {
            return Next::Rest;
        };
        let Some(said) = &turns.said else {
            return Next::fail(malformed("the turn has no output"));
        };
        let (is_calls, turn) = turn_at(place);
        if is_calls {
            return self.begin_next_turn(step, turns, said);
        }
        if let Some(output) = &said.output.output {
            return complete(output.clone(), turn + 1, false);
        }
        if turn + 1 >= self.fields.max_turns {
            return self.exhausted(turns);
        }
        if said.needs_finish() {
            return self.begin_next_turn(step, turns, said);
        }
        if step.frame(places(turn).1).is_some() {
            return Next::Rest;
        }
        match step.limits.check_frames(step.frames.open()) {
            Err(error) => Next::fail(error.into_problem()),
            Ok(()) => Next::fail(malformed("the turn neither answers nor calls a tool")),
        }
    }
}

impl PlannedAgent {
    /// What the open turn is given.
    pub(in crate::machine) fn request(&self, turns: &Turns) -> TurnRequest {
        let turn = turns.turn;
        let is_last = turn + 1 >= self.fields.max_turns;
        let is_finishing = turns.is_finishing();
        let tools = if is_finishing {
            Arc::default()
        } else {
            Arc::clone(&self.specs)
        };
        let tool_choice = if is_last || is_finishing || tools.is_empty() {
            ToolChoice::None
        } else if turn == 0 {
            self.fields.tool_choice.clone()
        } else {
            ToolChoice::Auto
        };
        TurnRequest {
            turn,
            is_last,
            is_finishing,
            tools,
            tool_choice,
            history: turns.history.clone(),
        }
    }

    fn begin_turn(&self, step: &View<'_>, turn: usize) -> Next {
        let max_turns = self.fields.max_turns;
        step.progress(Progress::Turn { turn, max_turns })
    }

    /// Begins the turn after the open one, unless the history is too large for it. The results are measured and not built: they are
    /// built once, by the transition.
    fn begin_next_turn(&self, step: &View<'_>, turns: &Turns, said: &Said) -> Next {
        let calls = step.frame(places(turns.turn).1);
        let results: usize = calls.map_or(0, |calls| {
            let results = (0..calls.steps.len()).map(|call| sent_bytes(calls, call));
            results.sum()
        });
        let changed = said.changed.values().map(|args| size::bytes(&**args));
        let bytes = turns.history_bytes + said.bytes() + results + changed.sum::<usize>();
        if bytes > MAX_HISTORY_BYTES {
            let detail = format!(
                "the turns and the results of their calls have {bytes} bytes, at most {MAX_HISTORY_BYTES} are sent to the model"
            );
            let hint = "lower `max_result_bytes` or `max_turns`";
            return Next::fail(Problem::new("history_too_large", detail).with_hint(hint));
        }
        self.begin_turn(step, turns.turn + 1)
    }

    /// The last turn gave no answer.
    fn exhausted(&self, turns: &Turns) -> Next {
        let most = self.fields.max_turns;
        if self.fields.on_max_turns == OnMaxTurns::Continue {
            return complete(turns.latest_text().into(), most, true);
        }
        let noun = if most == 1 { "turn" } else { "turns" };
        let detail =
            format!("there is no answer after {most} {noun}, the `max_turns` of the agent");
        let hint = "raise `max_turns`, or set `on_max_turns` to `continue`";
        Next::fail(Problem::new("max_turns", detail).with_hint(hint))
    }

    /// Whether the open turn has given calls that are made.
    fn calls_next(&self, turns: &Turns) -> bool {
        let Some(said) = &turns.said else {
            return false;
        };
        let TurnOutput { calls, output, .. } = &said.output;
        let may_call = turns.turn + 1 < self.fields.max_turns;
        may_call && output.is_none() && !said.needs_finish() && !calls.is_empty()
    }

    /// Opens the frame of the calls of the open turn.
    fn open_calls(&self, step: &mut Changes<'_>) -> Option<()> {
        let turns = turns(step).ok()?;
        let turn = turns.turn;
        let said = turns.said.as_mut()?;
        let calls = self.calls(&said.output.calls, &turns.streaks)?;
        said.streaks = calls.streaks;
        let body = calls.body;
        let (outer, node) = (step.outer(), step.step.node());
        let input = outer.body.steps[node].input;
        let scope = Scope::of_turn(&outer.scope, body.steps.len(), input);
        let names = body.steps_within(&outer.names.path(node).within(turn));
        let calls = body.steps.iter().filter_map(|step| call_of(&step.kind));
        let args = calls.map(|call| heap::of_shared(&call.args)).sum();
        let frame = step.open(places(turn).1, &body, names, scope);
        step.frames.charge(frame, args);
        Some(())
    }

    /// Closes the frames of the open turn, whose results become history. `next` is the number of the turn that follows.
    fn end_turn(&self, step: &mut Changes<'_>, next: usize) -> Result<(), DoesNotFit> {
        let turns = turns(step)?;
        let (turn, calls_next) = (turns.turn, self.calls_next(turns));
        let said = turns.said.as_ref().ok_or(DoesNotFit)?;
        if turn + 1 != next || !(calls_next || said.needs_finish()) {
            return Err(DoesNotFit);
        }
        let changed = said.changed.clone();
        let (of_turn, of_calls) = places(turn);
        let results = match step.frame(of_calls) {
            Some(calls) if calls.unsettled == 0 => {
                let results = (0..calls.steps.len())
                    .map(|call| result(calls, call, changed.get(&call).cloned()));
                results.collect()
            }
            None if !calls_next => Vec::new(),
            _ => return Err(DoesNotFit),
        };
        let memory = results.iter().map(result_memory).sum::<usize>();
        step.charge(memory);
        let turns = self::turns(step)?;
        turns.memory += memory;
        turns.end(results);
        step.close(of_turn);
        step.close(of_calls);
        Ok(())
    }
}

fn turns<'a>(step: &'a mut Changes<'_>) -> Result<&'a mut Turns, DoesNotFit> {
    match step.container_mut().map(|it| &mut it.state) {
        Some(State::Agent(turns)) => Ok(turns),
        _ => Err(DoesNotFit),
    }
}

/// The output of a turn, read and as it was logged. It can be read: the transition has checked it.
fn turn_output(step: &Changes<'_>, place: Place) -> Option<(TurnOutput, Arc<Value>)> {
    let output = step.frame(place)?.scope.output(0)?;
    Some((TurnOutput::read(output)?, Arc::clone(output)))
}

fn call_of(kind: &NodeKind) -> Option<&PlannedToolCall> {
    match kind {
        NodeKind::ToolCall(call) => Some(call),
        _ => None,
    }
}

/// The most bytes of the result of a call that reach the model.
fn max_result_bytes(calls: &Frame, call: usize) -> usize {
    let call = call_of(&calls.body.steps[call].kind);
    let tool = call.and_then(|call| call.tool.as_ref());
    tool.map_or(usize::MAX, |tool| tool.max_result_bytes)
}

/// How many bytes of a settled call reach the model.
fn sent_bytes(calls: &Frame, call: usize) -> usize {
    match calls.scope.outcome(call) {
        Some(Ok(output)) => {
            let most = max_result_bytes(calls, call);
            size::bytes_within(&**output, most).unwrap_or(most)
        }
        Some(Err(problem)) => problem.detail.len(),
        None => 0,
    }
}

/// What came of a settled call. A call that was skipped has no output.
fn result(calls: &Frame, call: usize, changed: Option<Arc<Value>>) -> CallResult {
    let (result, truncated_from) = match calls.scope.outcome(call) {
        Some(Ok(output)) => {
            let (output, truncated_from) = cut(output, max_result_bytes(calls, call));
            (Ok(output), truncated_from)
        }
        Some(Err(problem)) => (Err(Arc::clone(problem)), None),
        None => (Ok(Arc::default()), None),
    };
    CallResult {
        result,
        truncated_from,
        changed,
    }
}

fn complete(output: Value, turns: usize, exhausted: bool) -> Next {
    let report = Report {
        turns: Some(turns),
        exhausted,
        ..Report::default()
    };
    Next::Complete(Arc::new(output), Some(Box::new(report)))
}

fn malformed(detail: &'static str) -> Problem {
    Problem::new("malformed_turn", detail)
}
