//! Derives every consequence of what has happened: starts, and the end.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Command, Doom, Machine, Phase, Turn, step::StepState};
use crate::{
    event::{EventKind, NodeCancelled, NodeStarted, RunCancelled, RunCompleted, RunFailed},
    time::{Timestamp, millis},
};

impl Machine {
    /// Derives every consequence: starts, and the end.
    pub(super) fn settle(&mut self, now: Timestamp, turn: &mut Turn) {
        if self.phase == Phase::Created {
            self.emit(None, EventKind::RunStarted, now, turn);
        }
        if let Some(doom) = self.doom.clone() {
            self.end_early(&doom, now, turn);
        } else if self.unsettled == 0 {
            let (output, usage, duration_ms) = (self.result(), self.usage, self.duration_ms(now));
            self.emit(
                None,
                EventKind::RunCompleted(Box::new(RunCompleted {
                    output,
                    usage,
                    duration_ms,
                })),
                now,
                turn,
            );
        } else {
            self.start_ready(now, turn);
        }
    }

    pub(super) fn start_ready(&mut self, now: Timestamp, turn: &mut Turn) {
        while self.slots > 0
            && let Some(index) = self.ready.pop_front()
        {
            let StepState::Ready(reason) = self.steps[index].state else {
                continue;
            };
            let attempt = self.steps[index].attempt + 1;
            let started = NodeStarted {
                step: self.step_ref(index),
                attempt,
                max_attempts: self.max_attempts(index),
                reason,
            };
            self.emit(Some(index), EventKind::NodeStarted(started), now, turn);
            turn.commands.push(Command::Run {
                step: index,
                attempt,
            });
        }
    }

    pub(super) fn end_early(&mut self, doom: &Doom, now: Timestamp, turn: &mut Turn) {
        turn.commands.push(Command::Stop);
        let why: &'static str = match doom {
            Doom::Failed { .. } => "sibling_failed",
            Doom::Cancelled { .. } => "run_cancelled",
        };
        for index in 0..self.steps.len() {
            if self.steps[index].is_open() {
                let cancelled = NodeCancelled {
                    step: self.step_ref(index),
                    reason: why.into(),
                };
                self.emit(Some(index), EventKind::NodeCancelled(cancelled), now, turn);
            }
        }
        let (usage, duration_ms) = (self.usage, self.duration_ms(now));
        let last = match doom.clone() {
            Doom::Failed { step, error } => EventKind::RunFailed(Box::new(RunFailed {
                error,
                step: Some(step),
                usage,
                duration_ms,
            })),
            Doom::Cancelled { reason } => EventKind::RunCancelled(Box::new(RunCancelled {
                reason: reason.to_string().into(),
                usage,
                duration_ms,
            })),
        };
        self.emit(None, last, now, turn);
    }

    /// The workflow's result: the output of its only sink, or of each by its id.
    pub(super) fn result(&self) -> Arc<Value> {
        let output = |sink: usize| self.scope.output(sink).cloned().unwrap_or_default();
        if let [only] = self.workflow.sinks() {
            return output(*only);
        }
        let named = self.workflow.sinks().iter().map(|sink| {
            let id = self.workflow.nodes()[*sink].id.to_string();
            (id, output(*sink).as_ref().clone())
        });
        Arc::new(Value::Object(named.collect::<Map<_, _>>()))
    }

    pub(super) fn duration_ms(&self, now: Timestamp) -> u64 {
        match self.phase {
            Phase::Started(since) => millis(now.since(since)),
            Phase::New | Phase::Created | Phase::Ended => 0,
        }
    }
}
