//! Tells an observer of a run's events.

use std::sync::Arc;

use crate::{engine::observer::Observer, event::StepEvent, view::RunOutline, workflow::Workflow};

/// An observer, and what it is told of the run's nodes.
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

    pub(in crate::engine::local) fn tell(&self, event: &StepEvent) {
        let step = event.step();
        let node_type = step.and_then(|step| self.outline.kind_of(step.path()));
        self.observer.stored(event, node_type.map(|it| &**it));
    }
}
