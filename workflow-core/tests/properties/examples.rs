//! Workflows small enough to be worked out by hand from the language. They check the reference, and
//! then the engine against it.

mod containers;
mod lists;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    does_what_it_says,
    flow::{Fate, Flow, MapWork, Needs, OnError, Over, Pace, Script, Step, Work},
    forecast::{Forecast, Outcome, StepForecast},
    forms::{Condition, Shape, Term},
    generate::flows,
    log::{Log, Place},
    reference::forecast,
    run::Host,
};

/// The forecast, which the engine fulfils.
pub fn forecast_of(flow: &Flow) -> Forecast {
    let forecast = forecast(flow);
    let log = Log::of(&Host::new(flow, 16).run());
    if let Err(why) = does_what_it_says(&log, flow, &forecast, 16) {
        panic!("{why}\n{log:?}\n{flow:?}");
    }
    forecast
}

pub fn script(value: Shape) -> Script {
    Script {
        pace: Pace::Instant,
        fate: Fate::Succeeds,
        attempts: None,
        pipes: false,
        value,
    }
}

pub fn node(id: &str, work: Work) -> Step {
    Step {
        id: id.to_owned(),
        needs: Needs::Above,
        when: None,
        on_error: OnError::Absent,
        work,
    }
}

/// A node that gives its own id.
pub fn says_its_id(id: &str) -> Step {
    node(id, Work::Script(script(Shape::Literal(id.into()))))
}

pub fn breaks(id: &str, code: &'static str, pace: Pace) -> Step {
    let script = Script {
        pace,
        fate: Fate::Breaks(code),
        ..script(Shape::Literal(Value::Null))
    };
    node(id, Work::Script(script))
}

pub fn pipes(id: &str) -> Step {
    let script = Script {
        pipes: true,
        ..script(Shape::Literal(json!(1)))
    };
    node(id, Work::Script(script))
}

impl Step {
    pub fn needs(self, positions: &[usize]) -> Self {
        let needs = Needs::Listed(positions.to_vec());
        Self { needs, ..self }
    }

    pub fn when(self, when: Condition) -> Self {
        let when = Some(when);
        Self { when, ..self }
    }

    pub fn on_error(self, on_error: OnError) -> Self {
        Self { on_error, ..self }
    }
}

pub fn map_over(items: &[Value], body: Vec<Step>) -> MapWork {
    MapWork {
        over: Over::Literal(items.to_vec()),
        named: None,
        concurrency: None,
        null_for_failed: false,
        body,
    }
}

pub fn flow(nodes: Vec<Step>) -> Flow {
    Flow {
        nodes,
        output: None,
        default_attempts: None,
        input: json!("in"),
    }
}

pub fn whole(term: Term) -> Shape {
    Shape::Whole(term)
}

pub fn output(id: &str) -> Term {
    Term::Output(id.to_owned())
}

pub fn status_is(id: &str, status: &str) -> Condition {
    Condition::Equals(Term::Status(id.to_owned()), status.into())
}

pub fn result(forecast: &Forecast) -> Value {
    match &forecast.result {
        Ok(output) => output.clone(),
        Err(failure) => json!({"code": failure.code, "path": failure.path}),
    }
}

pub fn step<'f>(forecast: &'f Forecast, path: &str) -> &'f StepForecast {
    forecast
        .steps
        .get(path)
        .unwrap_or_else(|| panic!("{path} is not forecast"))
}

pub fn skipped(reason: &'static str) -> Outcome {
    Outcome::Skipped(reason)
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn nested_workflows_are_forecast_whole(flow in flows()) {
        let forecast = forecast(&flow);
        for path in forecast.steps.keys() {
            prop_assert!(Place::of(&flow, path).is_some(), "{}", path);
        }
        prop_assert!(result(&forecast).to_string().len() < 1 << 17, "values stay small");
    }
}
