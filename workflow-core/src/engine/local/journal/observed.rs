//! Passes the events of a run to the observer of the engine.

use std::sync::Arc;

use crate::{engine::observer::Observer, event::StepEvent, view::RunOutline, workflow::Workflow};

/// The observer, with the nodes of the run, to find the node type of an event.
pub(in crate::engine::local) struct Observed {
    observer: Arc<dyn Observer>,
    outline: RunOutline,
}

impl Observed {
    pub(in crate::engine::local) fn new(observer: &Arc<dyn Observer>, workflow: &Workflow) -> Self {
        Self {
            observer: Arc::clone(observer),
            outline: RunOutline::of_workflow(workflow),
        }
    }

    pub(in crate::engine::local) fn notify(&self, event: &StepEvent) {
        let step = event.step();
        let node_type = step.and_then(|step| self.outline.kind_of(step.path()));
        self.observer.stored(event, node_type.map(|it| &**it));
    }
}
