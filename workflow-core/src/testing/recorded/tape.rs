//! What the steps of a recorded run did, each to be used once.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use super::{difference, missing::NotRecorded};
use crate::{
    error::Problem,
    event::{EventKind, Report, StepEvent},
    value::{StepKey, StepPath, StepRef, Timestamp},
};

/// The recorded steps. A step of the test takes one of them with its first attempt, and keeps it.
#[derive(Debug, Default)]
pub(super) struct Tape {
    steps: Vec<Recorded>,
    by_path: HashMap<StepPath, usize>,
    by_key: HashMap<StepKey, Vec<usize>>,
    /// From the path of a step of the test to the recorded step that answers it.
    taken: HashMap<StepPath, usize>,
    missing: Vec<NotRecorded>,
}

/// A step of the recorded run.
#[derive(Debug)]
struct Recorded {
    step: StepRef,
    key: Option<StepKey>,
    request: Option<Arc<Value>>,
    attempts: VecDeque<Attempt>,
    /// What persons answered to it, in order.
    answers: VecDeque<Arc<Value>>,
    begin: Timestamp,
    used: bool,
}

/// The end of a recorded attempt.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) end: AttemptEnd,
    pub(super) report: Option<Box<Report>>,
    /// How long it took.
    pub(super) took: Duration,
}

#[derive(Clone, Debug)]
pub(super) enum AttemptEnd {
    Completed(Arc<Value>),
    /// It failed and was retried.
    Retried(Arc<Problem>),
    /// It failed for good.
    Failed(Arc<Problem>),
}

impl Tape {
    pub(super) fn of(events: &[StepEvent]) -> Self {
        let mut tape = Self::default();
        for event in events {
            tape.apply(event);
        }
        for (number, step) in tape.steps.iter().enumerate() {
            if let Some(key) = step.key {
                tape.by_key.entry(key).or_default().push(number);
            }
        }
        tape
    }

    fn apply(&mut self, event: &StepEvent) {
        let Some(step) = event.step() else { return };
        let number = *(self.by_path.entry(step.path().clone())).or_insert(self.steps.len());
        if number == self.steps.len() {
            self.steps.push(Recorded::new(step.clone(), event.time));
        }
        if let Some(recorded) = self.steps.get_mut(number) {
            recorded.apply(event);
        }
    }

    /// The next attempt of a step. Without a key, the recorded step has to have the same path, and no key either.
    ///
    /// `request` is what the step would send, for the error.
    pub(super) fn attempt(
        &mut self,
        step: &StepRef,
        key: Option<StepKey>,
        request: Option<&Value>,
    ) -> Result<Attempt, NotRecorded> {
        let next = (self.take(step.path(), key))
            .and_then(|number| self.steps.get_mut(number))
            .and_then(|recorded| recorded.attempts.pop_front());
        next.ok_or_else(|| self.miss(step, request))
    }

    /// What a person answered to a step, and whether that is known. A recorded wait without an answer expired or was cancelled.
    pub(super) fn answer(
        &mut self,
        step: &StepRef,
        key: Option<StepKey>,
        message: Option<&Value>,
    ) -> Result<Option<Arc<Value>>, NotRecorded> {
        let number = self.take(step.path(), key);
        match number.and_then(|number| self.steps.get_mut(number)) {
            // The recording ends while the step waits: nobody knows what comes.
            Some(recorded) if recorded.answers.is_empty() && recorded.attempts.is_empty() => {
                Err(self.miss(step, message))
            }
            Some(recorded) => Ok(recorded.answers.pop_front()),
            None => Err(self.miss(step, message)),
        }
    }

    /// The recorded step that answers this one: preferably that of the same path, else the next one with this key.
    fn take(&mut self, path: &StepPath, key: Option<StepKey>) -> Option<usize> {
        if let Some(number) = self.taken.get(path) {
            return Some(*number);
        }
        let is_free = |number: &usize| {
            (self.steps.get(*number)).is_some_and(|step| !step.used && step.key == key)
        };
        let same_path = self.by_path.get(path).copied().filter(is_free);
        let of_key = || self.by_key.get(&key?)?.iter().copied().find(is_free);
        let number = same_path.or_else(of_key)?;
        self.steps.get_mut(number)?.used = true;
        self.taken.insert(path.clone(), number);
        Some(number)
    }

    fn miss(&mut self, step: &StepRef, request: Option<&Value>) -> NotRecorded {
        let path = step.path();
        let same_path = self
            .by_path
            .get(path)
            .and_then(|number| self.steps.get(*number));
        // An item that was inserted shifts the paths of the others, so that another step of the node may be the one.
        let same_node = || {
            self.steps
                .iter()
                .find(|it| !it.used && it.step.node() == step.node())
        };
        let recorded = same_path.or_else(same_node);
        let miss = match recorded {
            None => NotRecorded::new(path, "the recording has no such step"),
            Some(recorded) if self.taken.contains_key(path) => NotRecorded::new(
                path,
                format!(
                    "the recording has no further attempt of `{}`",
                    recorded.step.path()
                ),
            ),
            Some(recorded) => {
                let of = recorded.step.path();
                let miss =
                    NotRecorded::new(path, format!("the recorded step `{of}` did something else"));
                miss.with_differences(difference::of_requests(
                    recorded.request.as_deref(),
                    request,
                ))
            }
        };
        self.missing.push(miss.clone());
        miss
    }

    /// What was not recorded, each step once.
    pub(super) fn take_missing(&mut self) -> Vec<NotRecorded> {
        let mut seen = HashSet::new();
        let mut missing = std::mem::take(&mut self.missing);
        missing.retain(|miss| seen.insert(miss.path.clone()));
        missing
    }
}

impl Recorded {
    fn new(step: StepRef, begin: Timestamp) -> Self {
        Self {
            step,
            key: None,
            request: None,
            attempts: VecDeque::new(),
            answers: VecDeque::new(),
            begin,
            used: false,
        }
    }

    fn apply(&mut self, event: &StepEvent) {
        match &event.kind {
            EventKind::NodeStarted(started) => {
                self.begin = event.time;
                self.key = (started.plan.as_ref())
                    .and_then(|plan| plan.key)
                    .or(self.key);
            }
            EventKind::NodeWaiting(waiting) => {
                self.begin = event.time;
                self.key = waiting.key.or(self.key);
                let message = waiting
                    .message
                    .as_deref()
                    .map(|it| Arc::new(Value::from(it)));
                self.request = waiting.request.clone().or(message).or(self.request.take());
            }
            EventKind::NodeResumed(resumed) => self.answers.extend(resumed.payload.clone()),
            EventKind::NodeRetrying(it) => {
                self.end(event, AttemptEnd::Retried(Arc::clone(&it.error)));
            }
            EventKind::NodeCompleted(it) => {
                self.end(event, AttemptEnd::Completed(Arc::clone(&it.output)));
            }
            // An attempt of number 0 did not reach the node, unless a person refused it: the test decides that again.
            EventKind::NodeFailed(it) if it.attempt > 0 || self.key.is_some() => {
                self.end(event, AttemptEnd::Failed(Arc::clone(&it.error)));
            }
            _ => {}
        }
    }

    fn end(&mut self, event: &StepEvent, end: AttemptEnd) {
        let report = event.report();
        if let Some(from) = report.and_then(|report| report.reused_from.as_deref()) {
            self.key = Some(from.key);
        }
        if let Some(request) = report.and_then(|report| report.request.as_ref()) {
            self.request = Some(Arc::clone(request));
        }
        self.attempts.push_back(Attempt {
            end,
            report: report.cloned().map(Box::new),
            took: event.time.since(self.begin),
        });
    }
}
