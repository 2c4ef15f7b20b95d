//! The reference: a workflow walked as the language is written, by plain recursion.
//!
//! **Time.** Which siblings a failure finds at work depends on time, so the reference keeps time as
//! well: a step begins when the last of its needs is settled, and a scripted step works for a known
//! number of virtual milliseconds. As long as no more steps are at work than the run has slots,
//! that is all there is to know, and no simulation of a scheduler is needed: each list is worked
//! out as if nothing could stop it, then cut off at its first failure. What the cut leaves open
//! (two failures of one moment, a step that begins or ends at the moment of the cut, more steps
//! than slots) is marked in the forecast, and compared only as far as the language determines it.

mod containers;
mod list;

use serde_json::Value;

use crate::{
    flow::{FIRST_WAIT_MS, Fate, Flow, OnError, Script, Step, Work},
    forecast::{Failure, Forecast, Moment, Outcome, StepForecast, Steps, most_at_once},
    forms::Shape,
    scope::Scope,
    scripted::millis,
};

pub fn forecast(flow: &Flow) -> Forecast {
    let mut reference = Reference {
        default_attempts: flow.default_attempts.unwrap_or(1),
        ordered: true,
        tied: false,
        open: false,
    };
    let (end, scope) = reference.list(&flow.nodes, Scope::root(flow.input.clone()), "", 0);
    let result = end.result.map(|result| {
        let output = flow.output.as_ref();
        output.map_or(result, |output| output.value(&scope))
    });
    Forecast {
        result,
        most_at_once: most_at_once(end.steps.values()),
        steps: end.steps,
        ordered: reference.ordered,
        tied: reference.tied,
        open: reference.open,
    }
}

struct Reference {
    default_attempts: u32,
    ordered: bool,
    tied: bool,
    open: bool,
}

/// How a step ends by itself, before its `on_error` applies.
struct StepEnd {
    at: Moment,
    attempts: u32,
    result: Result<Value, Failure>,
    rounds: Option<(usize, bool)>,
    /// What is inside it.
    inner: Steps,
}

impl StepEnd {
    fn of(at: Moment, attempts: u32, result: Result<Value, Failure>) -> Self {
        let (rounds, inner) = (None, Steps::new());
        Self {
            at,
            attempts,
            result,
            rounds,
            inner,
        }
    }
}

impl Reference {
    /// One node whose needs are settled, and what is inside it.
    fn node(
        &mut self,
        node: &Step,
        needs: &[usize],
        siblings: &[Step],
        scope: &Scope,
        path: &str,
        ready: Moment,
    ) -> (StepForecast, Steps) {
        let need = |position: &usize| scope.settled(&siblings[*position].id);
        let needless = !needs.is_empty() && needs.iter().all(|position| need(position).skipped);
        let when = node.when.as_ref().filter(|_| !needless);
        let holds = when.map_or(Some(true), |when| when.holds(scope));
        let skipped = match holds {
            _ if needless => Some("needs_skipped"),
            Some(false) => Some("when_false"),
            _ => None,
        };
        let leaf = node.body().is_none();
        let mut forecast = StepForecast {
            outcome: Outcome::Skipped(skipped.unwrap_or_default()),
            begin: ready,
            end: ready,
            horizon: None,
            may_stop: false,
            attempts: 0,
            leaf,
        };
        if skipped.is_some() || holds.is_none() {
            forecast.leaf = false;
            if holds.is_none() {
                let failure = Failure::of("template_error", path);
                forecast.outcome = self.on_error(&node.on_error, failure);
            }
            return (forecast, Steps::new());
        }
        let implicit = match needs {
            [] => scope.implicit.clone(),
            [only] => need(only).output.clone(),
            _ => None,
        };
        let end = self.work(node, scope, implicit, path, ready);
        forecast.end = end.at;
        forecast.attempts = end.attempts;
        forecast.outcome = match end.result {
            Ok(output) => Outcome::Completed {
                output,
                rounds: end.rounds,
            },
            Err(failure) => self.on_error(&node.on_error, failure),
        };
        (forecast, end.inner)
    }

    fn on_error(&mut self, on_error: &OnError, failure: Failure) -> Outcome {
        let output = match on_error {
            OnError::Absent | OnError::Fail => return Outcome::Fatal(failure),
            OnError::Continue => None,
            OnError::Output(output) => Some(output.clone()),
        };
        // Those after it can see the code, and it might have been another.
        self.open |= failure.possible.len() > 1;
        Outcome::Handled {
            code: failure.code,
            output,
        }
    }

    fn work(
        &mut self,
        node: &Step,
        scope: &Scope,
        implicit: Option<Value>,
        path: &str,
        begin: Moment,
    ) -> StepEnd {
        match &node.work {
            Work::Transform(value) => StepEnd::of(begin, 1, Ok(value.value(scope))),
            Work::Prompt(terms) => {
                StepEnd::of(begin, 1, Ok(Shape::Text(terms.clone()).value(scope)))
            }
            Work::Script(script) => self.script(script, scope, implicit, path, begin),
            Work::Map(map) => self.map(map, scope, path, begin),
            Work::Loop(repeated) => self.repeat(repeated, scope, implicit.as_ref(), path, begin),
        }
    }

    fn script(
        &self,
        script: &Script,
        scope: &Scope,
        implicit: Option<Value>,
        path: &str,
        begin: Moment,
    ) -> StepEnd {
        let fails = |code: &str| Err(Failure::of(code, path));
        if script.pipes && implicit.is_none() {
            return StepEnd::of(begin, 1, fails("no_implicit_input"));
        }
        let allowed = script.attempts.unwrap_or(self.default_attempts);
        let (attempts, code) = match script.fate {
            Fate::Succeeds => (1, None),
            Fate::FailsFirst(failures) if failures < allowed => (failures + 1, None),
            Fate::FailsFirst(_) => (allowed, Some("flaky")),
            Fate::Breaks(code) => (1, Some(code)),
            Fate::Panics => (1, Some("panicked")),
        };
        // Waits double from the first; few enough attempts are made that none reaches the cap.
        let waits: Moment = (1..attempts)
            .map(|failures| FIRST_WAIT_MS << (failures - 1))
            .sum();
        let at = begin + Moment::from(attempts) * millis(script.pace, path) + waits;
        let value = script.value.value(scope);
        let result = match (code, implicit) {
            (Some(code), _) => fails(code),
            (None, Some(input)) if script.pipes => {
                Ok(serde_json::json!({"in": input, "value": value}))
            }
            (None, _) => Ok(value),
        };
        StepEnd::of(at, attempts, result)
    }
}

impl Failure {
    pub fn of(code: &str, path: &str) -> Self {
        Self {
            code: code.to_owned(),
            possible: [code.to_owned()].into(),
            path: path.to_owned(),
        }
    }
}
