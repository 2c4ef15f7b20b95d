//! Predicts a run: the state machine itself, on a run that is not stored.
//!
//! Steps that only compute are executed, waits for a time pass at once, and whatever else would run stays open for ever. Plans are asked
//! for their requests. After [`MAX_EVENTS`], or when the run would hold too much memory, the rest is unknown.

mod hidden;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures::FutureExt;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::attempt;
use crate::{
    event::{
        Continued, Delta, EventKind, Progress, Report, RunCreated, SkipReason, StepEvent, WaitKind,
    },
    machine::{Command, Input, Limits, Machine, StepId, Turn},
    node::{ControlKind, DeltaSink, Notices, Plan, RunContext},
    value::{Cost, CostSum, RunId, StepPath, StepRef, Timestamp, Usage, Usd, shortened, size},
    view::{PredictedCost, PredictedStatus, PredictedStep, Prediction, RunOutline},
    workflow::Workflow,
};

/// The most events of a predicted run.
const MAX_EVENTS: u64 = 10_000;

/// What each step of an earlier run used and cost, by path.
pub(crate) type EarlierCosts = HashMap<StepPath, (Usage, Option<Cost>)>;

/// Predicts the run that begins like this. It yields between turns of about a thousand events.
pub(crate) async fn predict(
    workflow: Arc<Workflow>,
    created: RunCreated,
    limits: Limits,
    earlier: &EarlierCosts,
) -> Prediction {
    let continues = created.continues;
    let mut forecast = Forecast::new(workflow, created, limits);
    let mut inputs = vec![Input::Resume];
    let mut turn = Turn::new(Timestamp::now());
    loop {
        turn.begin(Timestamp::now());
        forecast.machine.on(inputs.drain(..), &mut turn);
        for event in turn.events.drain(..) {
            forecast.read(&event, &mut inputs);
        }
        for command in turn.commands.drain(..) {
            if let Command::Run {
                step,
                attempt,
                plan,
                ..
            } = command
            {
                inputs.extend(forecast.attempt(step, attempt, plan));
            }
        }
        let is_over = forecast.events >= MAX_EVENTS || forecast.machine.has_ended();
        if is_over || forecast.machine.memory() > limits.memory || (inputs.is_empty() && !turn.more)
        {
            break;
        }
        tokio::task::yield_now().await;
    }
    forecast.prediction(continues, earlier)
}

/// What is known so far.
struct Forecast {
    machine: Machine,
    context: Arc<RunContext>,
    outline: RunOutline,
    events: u64,
    /// The steps in the order in which they were found: the workflow's own first.
    steps: Vec<Found>,
    index: HashMap<StepPath, usize>,
    request_bytes_left: usize,
    /// The undecided steps that cost nothing, whatever they do.
    free: HashSet<StepPath>,
}

struct Found {
    step: PredictedStep,
    /// How many attempts it may have.
    attempts: u32,
    /// How many items it has, if it is a map that has begun.
    items: usize,
    /// `None` for a leaf.
    control: Option<ControlKind>,
}

impl Found {
    /// Whether its cost is that of the steps in it.
    fn is_container(&self) -> bool {
        self.control.is_some_and(ControlKind::is_container)
    }
}

impl Forecast {
    fn new(workflow: Arc<Workflow>, created: RunCreated, limits: Limits) -> Self {
        let run = RunId::new();
        let limits = Limits {
            slots: usize::MAX,
            events: u64::MAX,
            ..limits
        };
        let (input, outline) = (Arc::clone(&created.input), RunOutline::of(&created));
        let names = Arc::new(workflow.step_names().clone());
        let mut machine = Machine::new(workflow, run, input, limits).predicting();
        machine.create(created, Timestamp::now());
        let context = RunContext {
            id: run,
            cancellation: CancellationToken::new(),
            deltas: Arc::new(Nobody),
            notices: Notices::default(),
        };
        let mut forecast = Self {
            machine,
            context: Arc::new(context),
            outline,
            events: 0,
            steps: Vec::new(),
            index: HashMap::new(),
            request_bytes_left: Prediction::MAX_REQUEST_BYTES,
            free: HashSet::new(),
        };
        for name in names.steps() {
            forecast.found(&name);
        }
        forecast
    }

    /// The entry of a step. `None` if it is of no node, which does not happen.
    fn found(&mut self, name: &StepRef) -> Option<&mut Found> {
        let index = if let Some(index) = self.index.get(name.path()) {
            *index
        } else {
            let node = self.outline.node(name.path())?;
            let found = Found {
                step: PredictedStep::unknown(name.clone(), Arc::clone(&node.kind)),
                attempts: 1,
                items: 0,
                control: self.outline.control_of(name.path()),
            };
            self.index.insert(name.path().clone(), self.steps.len());
            self.steps.push(found);
            self.steps.len() - 1
        };
        self.steps.get_mut(index)
    }

    /// Takes note of an event. A wait for a time is over at once.
    fn read(&mut self, event: &StepEvent, inputs: &mut Vec<Input>) {
        self.events += 1;
        let Some(name) = event.step() else {
            return;
        };
        let (status, reason) = outcome(event);
        let mut request = None;
        if let EventKind::NodeWaiting(waiting) = &event.kind {
            if waiting.resumes_at.is_some() {
                let step = self.machine.find(name);
                inputs.extend(step.map(|step| Input::TimerFired { step }));
            }
            let question = waiting.message.as_ref().map(|it| json!({"message": it}));
            request = waiting.request.as_deref().cloned().or(question);
        }
        let request = request.and_then(|request| self.admit(request));
        let Some(found) = self.found(name) else {
            return;
        };
        if let EventKind::NodeStarted(started) = &event.kind {
            found.attempts = started.max_attempts;
        }
        if let EventKind::NodeProgress(it) = &event.kind
            && let Progress::Items { items, .. } = it.progress
        {
            found.items = items;
        }
        let step = &mut found.step;
        step.status = status;
        step.reason = reason;
        step.request = request.or_else(|| step.request.take());
        step.reused_from = event.report().and_then(|report| report.reused_from.clone());
    }

    /// A request, shortened; `None` if there is no room left for it.
    fn admit(&mut self, request: Value) -> Option<Arc<Value>> {
        let request = shortened(request);
        self.request_bytes_left = self.request_bytes_left.checked_sub(size::bytes(&request))?;
        Some(Arc::new(request))
    }

    /// Makes an attempt of a step that only computes. Any other attempt stays open.
    fn attempt(&mut self, step: StepId, attempt: u32, mut plan: Plan) -> Option<Input> {
        let effects = self.machine.effects(step, &plan);
        let request = plan.take_request().and_then(|request| self.admit(request));
        let name = self.machine.name(step)?;
        if let Some(found) = self.found(&name) {
            found.step.bound = plan.bound();
            found.step.effects = Some(effects);
            found.step.request = request;
        }
        if !self.machine.is_instant(step) {
            return None;
        }
        attempt::of(&self.machine, &self.context, step, attempt, plan, None)?.now_or_never()?
    }

    fn prediction(mut self, continues: Option<Continued>, earlier: &EarlierCosts) -> Prediction {
        for name in self.machine.undecided() {
            let is_excluded = self.machine.is_excluded(&name);
            if self.machine.is_free(&name) {
                self.free.insert(name.path().clone());
            }
            if let Some(found) = self.found(&name).filter(|_| is_excluded) {
                found.step.status = PredictedStatus::Skipped;
                found.step.reason = Some(SkipReason::NotSelected.name().to_owned());
            }
        }
        let mut prediction = Prediction::empty(continues);
        let mut costs = Costs::default();
        let hidden = self.hidden();
        for (usage, cost) in self.earlier_within(&hidden, earlier) {
            costs.likely.add(usage, cost);
        }
        for mut found in self.steps {
            let (status, is_container) = (found.step.status, found.is_container());
            if hidden.contains(found.step.step.path()) {
                *prediction
                    .counts
                    .entry(PredictedStatus::Unknown)
                    .or_default() += 1;
                costs.add_hidden(&found.step);
            }
            if !is_container {
                *prediction.counts.entry(status).or_default() += 1;
                let before = earlier.get(found.step.step.path());
                if status.may_cost() && !self.free.contains(found.step.step.path()) {
                    found.step.likely = before.and_then(|(_, cost)| *cost);
                    costs.add(&found.step, found.attempts, before);
                }
            }
            if prediction.steps.len() < Prediction::MAX_STEPS {
                prediction.steps.push(found.step);
            } else {
                prediction.steps_omitted = true;
            }
        }
        prediction.cost = costs.cost();
        prediction
    }
}

/// What an event says of what would happen to its step, and why.
fn outcome(event: &StepEvent) -> (PredictedStatus, Option<String>) {
    let is_reported = |what: fn(&Report) -> bool| event.report().is_some_and(what);
    let status = match &event.kind {
        EventKind::NodeCompleted(_) if is_reported(|report| report.overridden) => {
            PredictedStatus::Overridden
        }
        EventKind::NodeCompleted(_) if is_reported(|report| report.reused) => {
            PredictedStatus::Reused
        }
        EventKind::NodeCompleted(_) => PredictedStatus::Computed,
        EventKind::NodeFailed(it) => {
            return (PredictedStatus::Fails, Some(it.error.detail.clone()));
        }
        EventKind::NodeSkipped(it) => {
            return (PredictedStatus::Skipped, Some(it.reason.name().to_owned()));
        }
        EventKind::NodeWaiting(it) if it.kind == Some(WaitKind::Approval) => PredictedStatus::Asks,
        EventKind::NodeWaiting(it) if it.kind.is_some() => PredictedStatus::Held,
        EventKind::NodeWaiting(it) if it.resumes_at.is_some() => PredictedStatus::Computed,
        EventKind::NodeWaiting(_) => PredictedStatus::Asks,
        _ => PredictedStatus::Runs,
    };
    (status, None)
}

/// The sum of what steps would cost.
#[derive(Default)]
struct Costs {
    max: Usd,
    likely: CostSum,
    pays: bool,
    unbounded: Vec<String>,
}

/// The most reasons why a cost has no bound.
const MAX_REASONS: usize = 20;

impl Costs {
    fn add(&mut self, step: &PredictedStep, attempts: u32, before: Option<&(Usage, Option<Cost>)>) {
        if let Some((usage, cost)) = before {
            self.likely.add(*usage, *cost);
        }
        let path = step.step.path();
        if step.status == PredictedStatus::Unknown {
            self.pays = true;
            return self.reason(format!("what `{path}` does is known only when it runs"));
        }
        match step.bound {
            Some(bound) => {
                self.pays = true;
                match bound.usd {
                    Some(usd) => {
                        let all = usd.nano().saturating_mul(u64::from(attempts.max(1)));
                        self.max += Usd::from_nano(all);
                    }
                    None if bound.tokens.is_none() => {
                        self.reason(format!("`{path}` has no bound of its tokens"));
                    }
                    None => self.reason(format!("the price of `{path}` is not known")),
                }
            }
            None if before.is_some_and(|(usage, _)| !usage.is_empty()) => {
                self.pays = true;
                self.reason(format!("`{path}` does not say what it may use"));
            }
            None => {}
        }
    }

    /// Adds a container that does more than is known.
    fn add_hidden(&mut self, step: &PredictedStep) {
        self.pays = true;
        let path = step.step.path();
        let what = match step.status {
            PredictedStatus::Unknown => "what",
            _ => "how much",
        };
        self.reason(format!("{what} `{path}` does is known only when it runs"));
    }

    fn reason(&mut self, reason: String) {
        if self.unbounded.len() < MAX_REASONS {
            self.unbounded.push(reason);
        }
    }

    fn cost(self) -> PredictedCost {
        let likely = if self.pays {
            self.likely.cost()
        } else {
            Some(Cost::exact(Usd::ZERO))
        };
        PredictedCost {
            min: Usd::ZERO,
            likely,
            max: self.unbounded.is_empty().then_some(self.max),
            unbounded: self.unbounded,
        }
    }
}

/// Takes no text: nobody follows a prediction.
struct Nobody;

impl DeltaSink for Nobody {
    fn push(&self, _: Delta) {}
}
