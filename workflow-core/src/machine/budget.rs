//! Decides whether the budgets around a step admit its next attempt, and what an attempt counts with at its end.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Machine, StepId, Turn, ids::LedgerId, lines::Ready, step::StepState};
use crate::{
    error::Problem,
    event::{EventKind, NodeWaiting, Report, WaitKind},
    node::Plan,
    value::{Amount, BudgetUnit, Fit, Usd, WaitId},
    workflow::NodeKind,
};

/// What the budgets around a step say about its next attempt.
enum Admission {
    /// It starts, with this reservation.
    Start(Option<Amount>),
    /// It waits for other attempts, or for the answer of a person.
    Wait(LedgerId),
    /// A person has to be asked.
    Ask(LedgerId, String),
    Refuse(Problem),
}

/// What is reserved for an attempt that starts; nothing if it has no bound, or no budget is around its step.
pub(super) struct Reserved(pub(super) Option<Amount>);

impl Machine {
    /// Reserves the bound of an attempt. `None` if it does not start now: then its step waits, in a line or for a person, or has
    /// failed. `line` is the line that it has come from.
    pub(super) fn reserve(
        &mut self,
        ready: Ready,
        line: Option<LedgerId>,
        plan: &Plan,
        turn: &mut Turn,
    ) -> Option<Reserved> {
        let (step, _) = ready;
        match self.admission(step, line, plan) {
            Admission::Start(reserved) => return Some(Reserved(reserved)),
            Admission::Wait(ledger) => {
                let version = self.logged.ledgers().version();
                if line == Some(ledger) {
                    self.agenda.lines.put_back(ledger, ready, version);
                } else {
                    self.agenda.lines.join(ledger, ready, version);
                }
            }
            Admission::Ask(ledger, detail) => self.ask_to_raise(step, ledger, &detail, plan, turn),
            Admission::Refuse(problem) => self.fail(step, problem, turn),
        }
        None
    }

    /// An attempt without a bound is not held back. Refusals of any ledger come before the wait for another. A prediction reserves
    /// nothing, since its attempts never end: it shows what does not fit whatever the others use.
    fn admission(&self, step: StepId, line: Option<LedgerId>, plan: &Plan) -> Admission {
        let Some(bound) = plan.bound() else {
            return Admission::Start(None);
        };
        let ledgers = self.logged.ledgers();
        let around = ledgers.around(self.frames(), step);
        if around.is_empty() {
            return Admission::Start(None);
        }
        let mut next = Admission::Start((!self.predicts).then_some(bound));
        for ledger in around {
            let lost = self.agenda.lost.iter().copied();
            let fit = ledgers.fit(ledger, bound, self.frames(), lost);
            let is_behind = line != Some(ledger) && self.agenda.lines.has(ledger);
            match fit {
                // Without a bound of tokens there is nothing to price.
                Fit::Unbounded(BudgetUnit::Usd) if bound.tokens.is_none() => {
                    return Admission::Refuse(self.unbounded(ledger, BudgetUnit::Tokens));
                }
                Fit::Unbounded(unit) => return Admission::Refuse(self.unbounded(ledger, unit)),
                Fit::Broken => return Admission::Refuse(self.broken(ledger)),
                Fit::No { unit, needed, left } => {
                    let detail = self.shortfall(ledger, unit, needed, left);
                    if !ledgers.may_ask(ledger) {
                        return Admission::Refuse(self.exceeded(step, unit, detail));
                    }
                    if ledgers.is_asked(ledger) {
                        next = Admission::Wait(ledger);
                    } else if !matches!(next, Admission::Wait(_)) {
                        next = Admission::Ask(ledger, detail);
                    }
                }
                Fit::Later => next = Admission::Wait(ledger),
                Fit::Yes if is_behind => next = Admission::Wait(ledger),
                Fit::Yes => {}
            }
        }
        next
    }

    /// Asks a person to raise a budget, on behalf of the first step that does not fit.
    fn ask_to_raise(
        &mut self,
        step: StepId,
        ledger: LedgerId,
        detail: &str,
        plan: &Plan,
        turn: &mut Turn,
    ) {
        let budget_of = match ledger {
            LedgerId::Run => None,
            LedgerId::Call(call) => Some(self.frames().path(call).clone()),
        };
        let limit = self.logged.ledgers().limit(ledger);
        let name = self.step_ref(step);
        let message = format!(
            "`{}` cannot start: {detail}. Raise the budget, or stop?",
            name.path()
        );
        let waiting = NodeWaiting {
            step: name,
            wait_id: WaitId::of_event(self.logged.seq() + 1),
            kind: Some(WaitKind::Budget),
            request: None,
            budget_of,
            call: None,
            key: plan.key(),
            message: Some(message.into()),
            schema: Some(Arc::new(answer_schema(limit.units()))),
            expires_at: None,
            resumes_at: None,
        };
        self.emit(Some(step), EventKind::NodeWaiting(Box::new(waiting)), turn);
    }

    fn whose(&self, ledger: LedgerId) -> String {
        match ledger {
            LedgerId::Run => "of this run".to_owned(),
            LedgerId::Call(call) => {
                let path = self.frames().path(call);
                match self.frames().planned(call).kind {
                    NodeKind::Agent(_) => format!("of the agent `{path}`"),
                    _ => format!("of the workflow that `{path}` calls"),
                }
            }
        }
    }

    fn shortfall(&self, ledger: LedgerId, unit: BudgetUnit, needed: u64, left: u128) -> String {
        let limit = self.logged.ledgers().limit(ledger).limit(unit);
        let [needed, left, limit] =
            [needed.into(), left, limit.unwrap_or_default().into()].map(|it| unit.amount(it));
        let whose = self.whose(ledger);
        format!("it may use up to {needed}, and the budget {whose} has {left} left, of {limit}")
    }

    /// The error of a retry has that of the attempt before it, which the log otherwise has in another event.
    fn exceeded(&self, step: StepId, unit: BudgetUnit, mut detail: String) -> Problem {
        let is_retry = matches!(self.frames().state(step), Some(StepState::Backoff { .. }));
        let failure = self.logged.ledgers().failure(step).filter(|_| is_retry);
        if let Some(failure) = failure {
            let Problem {
                code,
                detail: cause,
                ..
            } = &**failure;
            detail = format!("{detail}; the attempt before it failed with {code}: {cause}");
        }
        let hint = format!(
            "raise `budget.{}`, or lower what the step may use",
            unit.name()
        );
        Problem::new("budget_exceeded", detail).with_hint(hint)
    }

    fn unbounded(&self, ledger: LedgerId, unit: BudgetUnit) -> Problem {
        let whose = self.whose(ledger);
        if unit == BudgetUnit::Usd {
            let detail = format!(
                "the budget {whose} limits money, and the price of what the step would use is not known"
            );
            let hint = "give the host a price for this model, or limit `tokens` instead of `usd`";
            return Problem::new("unpriced_model", detail).with_hint(hint);
        }
        let name = unit.name();
        let detail =
            format!("the budget {whose} needs an upper bound of {name}, and the step has none");
        let hint = "limit what the step may use, for example by `max_output_tokens`, or remove the limit from the budget";
        Problem::new("unbounded_request", detail).with_hint(hint)
    }

    fn broken(&self, ledger: LedgerId) -> Problem {
        let whose = self.whose(ledger);
        let detail = format!(
            "an earlier attempt used more than its upper bound, so the budget {whose} can no longer be promised"
        );
        Problem::new("bound_exceeded", detail)
            .with_hint("see the attempt with `bound_exceeded` in the log")
    }

    /// Adds to the report of an attempt what it counts with in the budgets around its step.
    pub(super) fn with_booking(
        &self,
        step: StepId,
        report: Option<Box<Report>>,
        completed: bool,
    ) -> Option<Box<Report>> {
        let ledgers = self.logged.ledgers();
        if ledgers.around(self.frames(), step).is_empty() {
            return report;
        }
        let reserved = ledgers.reserved(step);
        let empty = Report::default();
        let reported = report.as_deref().unwrap_or(&empty);
        let booked = booked(reported, reserved, completed);
        if reserved.is_none() && booked == Amount::NOTHING {
            return report;
        }
        let is_above = |reserved: Amount| {
            BudgetUnit::ALL
                .iter()
                .any(|it| booked.is_above(&reserved, *it))
        };
        let mut report = report.unwrap_or_default();
        report.bound_exceeded = reserved.is_some_and(is_above);
        report.booked = Some(booked);
        Some(report)
    }
}

/// What an attempt counts with. In each unit, what it has reported; where it has reported nothing, all that was reserved for it. A
/// failed attempt may have used more than it has reported, unless it says that this is all.
fn booked(report: &Report, reserved: Option<Amount>, completed: bool) -> Amount {
    let Report { usage, cost, .. } = report;
    let is_used = !usage.is_empty();
    let tokens = is_used.then(|| usage.input_tokens.saturating_add(usage.output_tokens));
    let Some(reserved) = reserved else {
        // Usage is that of at least one request.
        return Amount {
            calls: report.calls.unwrap_or_else(|| is_used.into()),
            tokens: Some(tokens.unwrap_or_default()),
            usd: match cost {
                Some(cost) => Some(cost.usd),
                None => (!is_used).then_some(Usd::ZERO),
            },
        };
    };
    let exact = cost.filter(|cost| !cost.at_least).map(|cost| cost.usd);
    if report.usage_final && !is_used && report.calls.unwrap_or_default() == 0 {
        return Amount::NOTHING.with_usd(exact.unwrap_or_default());
    }
    if completed || report.usage_final {
        let at_least = cost.map(|cost| cost.usd);
        return Amount {
            calls: report.calls.unwrap_or(reserved.calls),
            tokens: tokens.or(reserved.tokens),
            usd: exact.or(reserved.usd.max(at_least)),
        };
    }
    Amount {
        calls: reserved.calls.max(report.calls.unwrap_or_default()),
        tokens: reserved.tokens.max(tokens),
        usd: reserved.usd.max(cost.map(|cost| cost.usd)),
    }
}

/// The JSON Schema of an answer to the question whether a budget is raised.
fn answer_schema(units: impl Iterator<Item = BudgetUnit>) -> Value {
    let by = units.map(|unit| {
        let schema = match unit {
            BudgetUnit::Usd => json!({
                "type": "number",
                "exclusiveMinimum": 0,
                "maximum": 1_000_000,
                "title": "US dollars",
            }),
            BudgetUnit::Tokens => json!({"type": "integer", "minimum": 1, "title": "Tokens"}),
            BudgetUnit::Calls => json!({"type": "integer", "minimum": 1, "title": "Requests"}),
        };
        (unit.name().to_owned(), schema)
    });
    let by: Value = Value::Object(by.collect());
    json!({
        "type": "object",
        "required": ["action"],
        "oneOf": [
            {
                "title": "Raise the budget",
                "properties": {
                    "action": {"const": "raise", "title": "Raise"},
                    "by": {
                        "type": "object",
                        "title": "By",
                        "properties": by,
                        "additionalProperties": false,
                        "minProperties": 1,
                    },
                },
                "required": ["by"],
                "additionalProperties": false,
            },
            {
                "title": "Stop",
                "properties": {"action": {"const": "stop", "title": "Stop"}},
                "additionalProperties": false,
            },
        ],
    })
}
