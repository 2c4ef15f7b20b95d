//! Metrics of queues: attempts that wait for admission at shared limits.
//!
//! The gauge is derived from events and not read from the limits themselves: the queues belong to nodes, which this
//! crate does not know. Each host counts the runs that it drives.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use workflow_core::{EventKind, RunId, StepEvent, value::StepPath};

use super::units::{BoundedLabel, millis_as_seconds, seconds};

/// The label set of a queue: the name that the node reports, such as that of a model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByQueue {
    queue: String,
}

/// No two locks are held at the same time: `steps` is unlocked before a gauge is changed, since a `Family` has a
/// lock of its own.
pub(super) struct Queues {
    waiting: Family<ByQueue, Gauge>,
    waited: Family<ByQueue, Histogram, fn() -> Histogram>,
    /// The steps that are counted in `waiting`, with their queue. An attempt may end without being admitted, and the
    /// event of its end does not name the queue.
    steps: Mutex<Steps>,
    /// Limits the label: a workflow may choose the model, and so the name of the queue.
    known: BoundedLabel,
}

/// By run first, so that the end of a run removes all its steps at once.
type Steps = HashMap<RunId, HashMap<StepPath, ByQueue>>;

impl Queues {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let queues = Self {
            waiting: Family::default(),
            waited: Family::new_with_constructor(seconds),
            steps: Mutex::default(),
            known: BoundedLabel::default(),
        };
        let text = "Attempts that wait for admission at a shared limit, by queue";
        registry.register("queue_waiting", text, queues.waiting.clone());
        let text = "Waiting times of admitted attempts, by queue";
        let waited = queues.waited.clone();
        registry.register_with_unit("queue_wait", text, Unit::Seconds, waited);
        queues
    }

    /// Counts an event.
    ///
    /// Every event that ends a wait must be handled here, or the gauge would count the step until the run ends. A
    /// wait ends by admission, by the end of its attempt, and by the end or the suspension of the run. A start ends
    /// it too: a recovered attempt starts without an event for the end of the lost one.
    pub(super) fn count(&self, event: &StepEvent) {
        match (&event.kind, event.step()) {
            (EventKind::NodeQueued(it), Some(step)) => {
                let queue = self.known.label(&it.queue);
                self.enter(event.run_id, step.path().clone(), &ByQueue { queue });
            }
            (EventKind::NodeAdmitted(it), Some(step)) => {
                if let Some(queue) = self.leave(event.run_id, step.path()) {
                    let waited = self.waited.get_or_create(&queue);
                    waited.observe(millis_as_seconds(it.queued_ms));
                }
            }
            (
                EventKind::NodeStarted(_)
                | EventKind::NodeRetrying(_)
                | EventKind::NodeCompleted(_)
                | EventKind::NodeFailed(_)
                | EventKind::NodeCancelled(_),
                Some(step),
            ) => _ = self.leave(event.run_id, step.path()),
            // At a shutdown, running attempts are dropped without events of their own.
            (EventKind::RunSuspended(_), _) => self.leave_all(event.run_id),
            _ if event.is_terminal() => self.leave_all(event.run_id),
            _ => {}
        }
    }

    /// Counts a step in a queue. A step that is queued already, since its position is reported repeatedly, is moved.
    fn enter(&self, run: RunId, step: StepPath, queue: &ByQueue) {
        let mut steps = self.lock();
        let of_run = steps.entry(run).or_default();
        let before = of_run.insert(step, queue.clone());
        drop(steps);
        if let Some(before) = before {
            self.waiting.get_or_create(&before).dec();
        }
        self.waiting.get_or_create(queue).inc();
    }

    /// Removes a step from its queue, and returns the queue; `None` if the step was not queued.
    fn leave(&self, run: RunId, step: &StepPath) -> Option<ByQueue> {
        let mut steps = self.lock();
        let of_run = steps.get_mut(&run)?;
        let queue = of_run.remove(step)?;
        if of_run.is_empty() {
            steps.remove(&run);
        }
        drop(steps);
        self.waiting.get_or_create(&queue).dec();
        Some(queue)
    }

    fn leave_all(&self, run: RunId) {
        let of_run = self.lock().remove(&run);
        for queue in of_run.into_iter().flat_map(HashMap::into_values) {
            self.waiting.get_or_create(&queue).dec();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Steps> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
