//! One list of nodes: joins, skips, failures, retries and results.

use serde_json::json;

use super::{
    breaks, flow, forecast_of, node, output, pipes, result, says_its_id, script, skipped,
    status_is, step, whole,
};
use crate::{
    flow::{Fate, Flow, OnError, Pace, Script, Step, Work},
    forecast::Outcome,
    forms::{Condition, Shape, Term},
    scripted::millis,
};

#[test]
fn an_if_else_diamond_joins_without_tricks() {
    let forecast = forecast_of(&flow(vec![
        says_its_id("classify"),
        says_its_id("refund").when(Condition::Equals(output("classify"), json!("refund"))),
        says_its_id("general").needs(&[0]),
        node(
            "answer",
            Work::Transform(Shape::List(vec![
                whole(output("refund")),
                whole(output("general")),
            ])),
        )
        .needs(&[1, 2]),
    ]));
    assert_eq!(step(&forecast, "refund").outcome, skipped("when_false"));
    assert_eq!(result(&forecast), json!([null, "general"]));
}

#[test]
fn skips_spread_where_all_needs_are_skipped_and_a_handled_failure_is_not_one() {
    let forecast = forecast_of(&flow(vec![
        says_its_id("a").when(Condition::Equals(Term::Input, json!("never"))),
        says_its_id("b"),
        breaks("c", "broken", Pace::Instant)
            .needs(&[])
            .on_error(OnError::Continue),
        says_its_id("d").when(status_is("c", "failed")),
        says_its_id("e").needs(&[1, 3]),
    ]));
    assert_eq!(step(&forecast, "b").outcome, skipped("needs_skipped"));
    let handled = Outcome::Handled {
        code: "broken".to_owned(),
        output: None,
    };
    assert_eq!(step(&forecast, "c").outcome, handled);
    assert_eq!(result(&forecast), json!("e"));
}

#[test]
fn the_result_is_that_of_the_sinks_which_have_one() {
    let skipped = || {
        says_its_id("skipped")
            .needs(&[])
            .when(Condition::Truthy(output("a")))
    };
    let sinks = |more: Vec<Step>| {
        let mut nodes = vec![node("a", Work::Transform(Shape::Literal(json!(0))))];
        nodes.extend(more);
        result(&forecast_of(&flow(nodes)))
    };
    assert_eq!(sinks(vec![skipped().needs(&[0])]), json!(null));
    assert_eq!(
        sinks(vec![says_its_id("b").needs(&[0]), skipped().needs(&[0])]),
        json!({"b": "b"})
    );
}

#[test]
fn the_implicit_input_is_that_of_the_only_need() {
    let piped = |nodes| result(&forecast_of(&flow(nodes)));
    assert_eq!(
        piped(vec![pipes("a"), pipes("b")]),
        json!({"in": {"in": "in", "value": 1}, "value": 1})
    );
    let failed = breaks("a", "broken", Pace::Instant).on_error(OnError::Continue);
    assert_eq!(
        piped(vec![failed, pipes("b")]),
        json!({"code": "no_implicit_input", "path": "b"})
    );
}

#[test]
fn retries_take_time_and_end() {
    let flaky = |failures, attempts| Script {
        pace: Pace::Even,
        fate: Fate::FailsFirst(failures),
        attempts,
        ..script(Shape::Literal(json!("ok")))
    };
    let run = |failures, attempts, defaults| {
        let nodes = vec![node("a", Work::Script(flaky(failures, attempts)))];
        let forecast = forecast_of(&Flow {
            default_attempts: defaults,
            ..flow(nodes)
        });
        (
            step(&forecast, "a").end,
            step(&forecast, "a").attempts,
            forecast.result.is_ok(),
        )
    };
    assert_eq!(run(2, Some(3), None), (3 * 5_000 + 2_000 + 4_000, 3, true));
    assert_eq!(run(2, None, Some(3)), (21_000, 3, true));
    assert_eq!(run(2, Some(2), Some(3)), (12_000, 2, false));
    assert_eq!(run(1, None, None), (5_000, 1, false));
}

#[test]
fn a_failure_cuts_off_what_is_not_settled() {
    let slow = node(
        "slow",
        Work::Script(Script {
            pace: Pace::Own,
            ..script(whole(Term::Input))
        }),
    );
    let forecast = forecast_of(&flow(vec![
        breaks("bad", "broken", Pace::Even),
        says_its_id("quick").needs(&[]),
        slow.needs(&[]),
        says_its_id("after").needs(&[2]),
        says_its_id("never").needs(&[0]),
    ]));
    assert_eq!(result(&forecast), json!({"code": "broken", "path": "bad"}));
    assert!(millis(Pace::Own, "slow") > 5_000);
    let horizons = ["bad", "quick", "slow", "after"].map(|path| step(&forecast, path).horizon);
    assert_eq!(horizons, [None, Some(5_000), Some(5_000), Some(5_000)]);
    assert!(step(&forecast, "quick").end < 5_000 && step(&forecast, "after").begin > 5_000);
    assert!(!forecast.steps.contains_key("never"));
}

#[test]
fn of_two_failures_in_one_turn_the_first_by_number_counts() {
    let two = |one, other| {
        forecast_of(&flow(vec![
            breaks("a", one, Pace::Even),
            breaks("b", other, Pace::Even).needs(&[]),
        ]))
    };
    let forecast = two("torn", "broken");
    assert_eq!(result(&forecast), json!({"code": "torn", "path": "a"}));
    assert!(forecast.ordered);
}
