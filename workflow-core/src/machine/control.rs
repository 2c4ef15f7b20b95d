//! Control nodes: how they begin.

use super::{Command, Machine, StepId, Turn};
use crate::{
    event::{EventKind, NodeStarted},
    workflow::Work,
};

impl Machine {
    /// A control node begins. It holds no slot: what is in it does.
    pub(super) fn start_control(&mut self, step: StepId, turn: &mut Turn) {
        let planned = self.frames.planned(step);
        let of_called = match &planned.work {
            Work::Call(_, workflow) => workflow.timeout(),
            _ => None,
        };
        let timeout = [planned.timeout, of_called].into_iter().flatten().min();
        if let Some(wait) = timeout {
            turn.commands.push(Command::Wait { step, wait });
        }
        let started = NodeStarted {
            step: self.step_ref(step),
            attempt: 1,
            max_attempts: 1,
            reason: None,
            deadline: timeout.map(|timeout| turn.now.after(timeout)),
        };
        self.emit(Some(step), EventKind::NodeStarted(started), turn);
        self.open(step, turn);
    }

    /// Opens a control node that has begun.
    pub(super) fn open(&mut self, step: StepId, turn: &mut Turn) {
        match &self.frames.planned(step).work {
            Work::Leaf(_) => {}
            Work::Map(..) => self.open_map(step, turn),
            Work::Loop(..) => self.open_loop(step, turn),
            Work::Call(..) => self.open_call(step, turn),
            Work::Human(_) => self.ask(step, turn),
            Work::Delay(_) => self.delay(step, turn),
        }
    }
}
