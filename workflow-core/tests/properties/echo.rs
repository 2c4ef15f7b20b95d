//! Checks the checks, nested workflows among them, without an engine: the log of a run that does
//! just what is forecast has to pass, and one that is a little off must not.

use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

use crate::{
    compare,
    flow::{Flow, Step, Work},
    forecast::{Forecast, Moment, Outcome, StepForecast},
    generate::flows,
    invariants,
    log::{Log, kind},
    reference::forecast,
};

const SLOTS: usize = 16;

type Timed = Vec<(Moment, Value)>;

/// Written down list by list, each node after those it needs, then put in order of time: a stable
/// sort keeps that order within a moment.
fn log(flow: &Flow, forecast: &Forecast) -> Log {
    let mut timed = Timed::new();
    list(&flow.nodes, "", forecast, &mut timed);
    timed.sort_by_key(|(moment, _)| *moment);
    let last = match &forecast.result {
        Ok(output) => json!({"type": "run.completed", "output": output}),
        Err(failure) => {
            let error = json!({"code": failure.code});
            json!({"type": "run.failed", "error": error, "path": failure.path})
        }
    };
    let mut events = vec![
        json!({"type": "run.created"}),
        json!({"type": "run.started"}),
    ];
    events.extend(timed.into_iter().map(|(_, event)| event));
    events.push(last);
    numbered(events)
}

fn numbered(mut events: Vec<Value>) -> Log {
    for (index, event) in events.iter_mut().enumerate() {
        event["seq"] = (index + 1).into();
    }
    Log { events, cut: None }
}

fn list(nodes: &[Step], prefix: &str, forecast: &Forecast, timed: &mut Timed) {
    let mut left: Vec<usize> = (0..nodes.len()).collect();
    while !left.is_empty() {
        let ready = left.iter().position(|position| {
            let needs = nodes[*position].needed(*position);
            !needs.iter().any(|need| left.contains(need))
        });
        let position = left.remove(ready.expect("a generated list has no cycle"));
        let path = format!("{prefix}{}", nodes[position].id);
        if let Some(step) = forecast.steps.get(&path) {
            node(&nodes[position], &path, step, forecast, timed);
        }
    }
}

fn node(node: &Step, path: &str, step: &StepForecast, forecast: &Forecast, timed: &mut Timed) {
    let horizon = step.horizon.unwrap_or(Moment::MAX);
    if step.begin >= horizon {
        return;
    }
    let mut say = |moment, event: Value| timed.push((moment, event));
    if let Outcome::Skipped(reason) = &step.outcome {
        return say(
            step.begin,
            json!({"type": "node.skipped", "path": path, "reason": reason}),
        );
    }
    for attempt in 1..=step.attempts {
        say(
            step.begin,
            json!({"type": "node.started", "path": path, "attempt": attempt}),
        );
        if attempt < step.attempts {
            say(
                step.begin,
                json!({"type": "node.retrying", "path": path, "attempt": attempt}),
            );
        }
    }
    inside(node, path, forecast, timed);
    let mut say = |moment, event: Value| timed.push((moment, event));
    if step.end > horizon {
        return say(
            horizon,
            json!({"type": "node.cancelled", "path": path, "reason": "sibling_failed"}),
        );
    }
    let end = match &step.outcome {
        Outcome::Completed { output, rounds } => {
            let (count, exhausted) = rounds.unwrap_or_default();
            json!({"type": "node.completed", "path": path, "attempt": step.attempts, "output": output,
                "exhausted": exhausted, "rounds": rounds.map(|_| count)})
        }
        Outcome::Handled { code, output } => {
            let mut event = json!({"type": "node.failed", "path": path, "error": {"code": code}, "handled": true});
            if let Some(output) = output {
                event["output"] = output.clone();
            }
            event
        }
        Outcome::Fatal(failure) => {
            json!({"type": "node.failed", "path": path, "error": {"code": failure.code}, "handled": false})
        }
        Outcome::Skipped(_) => return,
    };
    say(step.end, end);
}

fn inside(node: &Step, path: &str, forecast: &Forecast, timed: &mut Timed) {
    let Some(body) = node.body() else { return };
    let is_map = matches!(node.work, Work::Map(_));
    let most = forecast.steps.len();
    let items = (0..most).take_while(|index| {
        let prefix = format!("{path}/{index}/");
        forecast.steps.keys().any(|path| path.starts_with(&prefix))
    });
    let items: Vec<usize> = items.collect();
    let mut ends = Vec::new();
    for index in &items {
        let prefix = format!("{path}/{index}/");
        let mut events = Timed::new();
        list(body, &prefix, forecast, &mut events);
        events.sort_by_key(|(moment, _)| *moment);
        let moments = || events.iter().map(|(moment, _)| *moment);
        if let (Some(begin), Some(end)) = (moments().min(), moments().max()) {
            ends.push((end, *index));
            if !is_map {
                timed.push((
                    begin,
                    json!({"type": "node.progress", "path": path, "round": index}),
                ));
            }
        }
        timed.extend(events);
    }
    if is_map {
        ends.sort_unstable();
        for (done, (end, item)) in ends.into_iter().enumerate() {
            timed.push((
                end,
                json!({"type": "node.progress", "path": path, "item": item,
                "items_done": done + 1, "items": items.len()}),
            ));
        }
    }
}

/// Whether nothing begins or ends at the very moment of a failure that stops it: in which order that
/// happens, a forecast does not say.
fn is_clear(forecast: &Forecast) -> bool {
    let at_its_horizon =
        |step: &StepForecast| [Some(step.begin), Some(step.end)].contains(&step.horizon);
    !forecast.steps.values().any(at_its_horizon)
}

fn passes(log: &Log, flow: &Flow, forecast: &Forecast) -> Result<(), String> {
    invariants::hold(log, flow, SLOTS)?;
    compare::agrees(log, forecast, SLOTS)
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn what_is_forecast_passes_and_what_is_not_does_not(
        flow in flows(),
        which in any::<Index>(),
    ) {
        let forecast = forecast(&flow);
        if !(forecast.most_at_once <= SLOTS && !forecast.tied && is_clear(&forecast)) { return Ok(()); }
        let log = log(&flow, &forecast);
        if let Err(why) = passes(&log, &flow, &forecast) {
            return Err(TestCaseError::fail(format!("{why}\n{log:?}")));
        }
        let ends = ["node.completed", "node.cancelled"];
        let places: Vec<usize> = (0..log.events.len())
            .filter(|place| ends.contains(&kind(&log.events[*place])))
            .collect();
        if places.is_empty() { return Ok(()); }
        let place = *which.get(&places);

        let mut without = log.events.clone();
        without.remove(place);
        prop_assert!(passes(&numbered(without), &flow, &forecast).is_err(), "an end is missing");

        let mut twice = log.events.clone();
        twice.insert(place, twice[place].clone());
        prop_assert!(passes(&numbered(twice), &flow, &forecast).is_err(), "an end comes twice");

        let mut other = log.events;
        other[place]["output"] = json!("another");
        other[place]["reason"] = json!("another");
        prop_assert!(passes(&numbered(other), &flow, &forecast).is_err(), "an end is another");
    }
}
