//! Metrics of runs, steps and models.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use workflow_core::{EventKind, RunStatus, StepEvent, event::Report, record::RunCounts};

use super::units::{BoundedLabel, millis_as_seconds, seconds};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStatus {
    status: &'static str,
}

/// The type of a leaf or control node, and `completed` or `failed`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStep {
    node_type: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByType {
    node_type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByModel {
    model: String,
}

/// The model, and `input` or `output`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Tokens {
    model: String,
    kind: &'static str,
}

/// Why a budget did not admit an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByRefusal {
    code: &'static str,
}

/// The codes of steps that a budget did not admit.
const REFUSALS: [&str; 4] = [
    "budget_exceeded",
    "bound_exceeded",
    "unbounded_request",
    "unpriced_model",
];

/// Labels are node types, statuses and models. Node types are those of the registry, so their number is bounded by
/// the program; models come from specifications and are bounded by `known_models`.
pub(super) struct Runs {
    /// The number of runs in the store, by status.
    stored: Family<ByStatus, Gauge>,
    created: Counter,
    ended: Family<ByStatus, Histogram, fn() -> Histogram>,
    steps: Family<ByStep, Histogram, fn() -> Histogram>,
    models: Family<ByModel, Histogram, fn() -> Histogram>,
    retries: Family<ByType, Counter>,
    recoveries: Family<ByType, Counter>,
    tokens: Family<Tokens, Counter>,
    /// US dollars.
    cost: Family<ByModel, Counter<f64, AtomicU64>>,
    refusals: Family<ByRefusal, Counter>,
    bounds_exceeded: Family<ByModel, Counter>,
    known_models: BoundedLabel,
}

impl Runs {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let runs = Self {
            stored: Family::default(),
            created: Counter::default(),
            ended: Family::new_with_constructor(seconds),
            steps: Family::new_with_constructor(seconds),
            models: Family::new_with_constructor(seconds),
            retries: Family::default(),
            recoveries: Family::default(),
            tokens: Family::default(),
            cost: Family::default(),
            refusals: Family::default(),
            bounds_exceeded: Family::default(),
            known_models: BoundedLabel::default(),
        };
        registry.register("runs", "Runs in the store, by status", runs.stored.clone());
        registry.register(
            "runs_created",
            "Runs that were created",
            runs.created.clone(),
        );
        let seconds = Unit::Seconds;
        let text = "Durations of ended runs, by status";
        registry.register_with_unit("run_duration", text, seconds.clone(), runs.ended.clone());
        let text = "Durations of the last attempts of steps, by node type and outcome";
        registry.register_with_unit("step_duration", text, seconds.clone(), runs.steps.clone());
        let text = "Durations of attempts with a reply of a model, by model";
        registry.register_with_unit("model_duration", text, seconds, runs.models.clone());
        let text = "Attempts that failed and are retried, by node type";
        registry.register("step_retries", text, runs.retries.clone());
        let text = "Attempts that were started again because their host had stopped, by node type";
        registry.register("step_recoveries", text, runs.recoveries.clone());
        registry.register(
            "tokens",
            "Tokens used, by model and kind",
            runs.tokens.clone(),
        );
        let text = "Known cost in US dollars, by model; what has no known price is not in it";
        registry.register("cost_usd", text, runs.cost.clone());
        let text = "Steps that budgets did not admit, by code";
        registry.register("budget_refusals", text, runs.refusals.clone());
        let text = "Attempts that used more than the upper bound of their plan, by model";
        registry.register("bounds_exceeded", text, runs.bounds_exceeded.clone());
        runs
    }

    /// Sets the number of runs in the store. Every status is set, also to 0: a gauge keeps its last value until it
    /// is set again.
    pub(super) fn set(&self, counts: &RunCounts) {
        for status in RunStatus::ALL {
            let by = ByStatus {
                status: status.as_str(),
            };
            let runs = i64::try_from(counts.of(status)).unwrap_or(i64::MAX);
            self.stored.get_or_create(&by).set(runs);
        }
    }

    /// Counts an event. Steps whose result is reused from another run cost nothing, and do not count.
    ///
    /// Tokens are counted for every attempt with a report, failed and retried ones included: they are billed, too.
    /// Durations are those of the last attempt of a step.
    pub(super) fn count(&self, event: &StepEvent, node_type: Option<&str>) {
        let step_type = || node_type.unwrap_or("unknown").to_owned();
        match &event.kind {
            EventKind::RunCreated(_) => _ = self.created.inc(),
            EventKind::NodeStarted(it) if it.reason.is_some() => {
                self.recoveries
                    .get_or_create(&ByType {
                        node_type: step_type(),
                    })
                    .inc();
            }
            EventKind::NodeRetrying(_) => {
                self.retries
                    .get_or_create(&ByType {
                        node_type: step_type(),
                    })
                    .inc();
            }
            // Before the next arm, which would observe a duration of 0.
            EventKind::NodeCompleted(_) if event.report().is_some_and(|it| it.reused) => {}
            EventKind::NodeCompleted(it) => {
                self.step_ended(step_type(), "completed", it.duration_ms);
                self.model_answered(event.report(), it.duration_ms);
            }
            EventKind::NodeFailed(it) => {
                self.step_ended(step_type(), "failed", it.duration_ms);
                if let Some(code) = REFUSALS.into_iter().find(|code| *code == it.error.code) {
                    self.refusals.get_or_create(&ByRefusal { code }).inc();
                }
            }
            EventKind::RunCompleted(it) => self.run_ended(RunStatus::Completed, it.duration_ms),
            EventKind::RunFailed(it) => self.run_ended(RunStatus::Failed, it.duration_ms),
            EventKind::RunCancelled(it) => self.run_ended(RunStatus::Cancelled, it.duration_ms),
            _ => {}
        }
        if let Some(report) = event.report() {
            self.count_tokens(report);
            self.count_cost(report);
        }
    }

    fn step_ended(&self, node_type: String, outcome: &'static str, millis: u64) {
        let steps = self.steps.get_or_create(&ByStep { node_type, outcome });
        steps.observe(millis_as_seconds(millis));
    }

    fn run_ended(&self, status: RunStatus, millis: u64) {
        let status = status.as_str();
        let ended = self.ended.get_or_create(&ByStatus { status });
        ended.observe(millis_as_seconds(millis));
    }

    /// Observes the duration of an attempt that a model has answered. Of failed attempts, the time until the
    /// failure would only blur the durations of answers.
    fn model_answered(&self, report: Option<&Report>, millis: u64) {
        if let Some(model) = report.and_then(|report| report.model.as_deref()) {
            let model = self.known_models.label(model);
            let answered = self.models.get_or_create(&ByModel { model });
            answered.observe(millis_as_seconds(millis));
        }
    }

    /// Adds what an attempt is known to have cost.
    #[expect(clippy::cast_precision_loss, reason = "a metric need not be exact")]
    fn count_cost(&self, report: &Report) {
        let model = || ByModel {
            model: self.model_of(report),
        };
        if let Some(cost) = report.cost {
            let dollars = cost.usd.nano() as f64 / 1e9;
            self.cost.get_or_create(&model()).inc_by(dollars);
        }
        if report.bound_exceeded {
            self.bounds_exceeded.get_or_create(&model()).inc();
        }
    }

    fn model_of(&self, report: &Report) -> String {
        let model = report.model.as_deref().unwrap_or("unknown");
        self.known_models.label(model)
    }

    /// Adds the tokens of an attempt. A kind without tokens gets no time series.
    fn count_tokens(&self, report: &Report) {
        let kinds = [
            ("input", report.usage.input_tokens),
            ("output", report.usage.output_tokens),
        ];
        for (kind, tokens) in kinds.into_iter().filter(|(_, tokens)| *tokens > 0) {
            let model = self.model_of(report);
            self.tokens
                .get_or_create(&Tokens { model, kind })
                .inc_by(tokens);
        }
    }
}
