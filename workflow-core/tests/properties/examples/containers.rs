//! Maps and loops, alone and in each other.

use serde_json::{Value, json};

use super::{
    breaks, flow, forecast_of, map_over, node, output, pipes, result, says_its_id, script, skipped,
    step, whole,
};
use crate::{
    flow::{LoopWork, MapWork, OnError, Over, Pace, Script, Work},
    forecast::Outcome,
    forms::{Condition, Shape, Term},
    scripted::millis,
};

#[test]
fn a_map_gives_its_results_in_order_and_null_for_what_was_skipped() {
    let body = vec![
        node(
            "sum",
            Work::Script(Script {
                pace: Pace::Own,
                ..script(Shape::List(vec![
                    whole(Term::Index),
                    whole(Term::Item("item".to_owned())),
                ]))
            }),
        )
        .when(Condition::Truthy(Term::Item("item".to_owned()))),
    ];
    let items = [json!(1), json!(0), json!(3)];
    let forecast = forecast_of(&flow(vec![node("each", Work::Map(map_over(&items, body)))]));
    assert_eq!(result(&forecast), json!([[0, 1], null, [2, 3]]));
    assert_eq!(step(&forecast, "each/1/sum").outcome, skipped("when_false"));
    let end = millis(Pace::Own, "each/0/sum").max(millis(Pace::Own, "each/2/sum"));
    assert_eq!(step(&forecast, "each").end, end);
}

#[test]
fn items_take_their_places_in_order() {
    let body = vec![node(
        "wait",
        Work::Script(Script {
            pace: Pace::Even,
            ..script(whole(Term::Index))
        }),
    )];
    let map = MapWork {
        concurrency: Some(2),
        ..map_over(&[1, 2, 3, 4, 5].map(Value::from), body)
    };
    let forecast = forecast_of(&flow(vec![node("each", Work::Map(map))]));
    let begins = [0, 1, 2, 3, 4].map(|index| step(&forecast, &format!("each/{index}/wait")).begin);
    assert_eq!(begins, [0, 0, 5_000, 5_000, 10_000]);
    assert_eq!(forecast.most_at_once, 2);
}

#[test]
fn a_failing_item_fails_the_map_or_is_null() {
    let body = || {
        vec![
            breaks("bad", "broken", Pace::Own).when(Condition::Equals(Term::Index, json!(1))),
            pipes("after").needs(&[]),
        ]
    };
    let items = [1, 2, 3].map(Value::from);
    let fails = map_over(&items, body());
    let failing = forecast_of(&flow(vec![node("each", Work::Map(fails.clone()))]));
    assert_eq!(
        result(&failing),
        json!({"code": "broken", "path": "each/1/bad"})
    );
    let handled = node("each", Work::Map(fails.clone())).on_error(OnError::Output(json!([])));
    assert_eq!(
        result(&forecast_of(&flow(vec![handled, pipes("b")]))),
        json!({"in": [], "value": 1})
    );
    let nulls = MapWork {
        null_for_failed: true,
        ..fails
    };
    let forecast = forecast_of(&flow(vec![node("each", Work::Map(nulls))]));
    let done = |item| json!({"after": {"in": item, "value": 1}});
    assert_eq!(result(&forecast), json!([done(1), null, done(3)]));
}

#[test]
fn what_is_not_a_list_is_a_type_error() {
    let over = |term| MapWork {
        over: Over::Term(term),
        ..map_over(&[], vec![says_its_id("x")])
    };
    let run = |term| {
        result(&forecast_of(&flow(vec![node(
            "each",
            Work::Map(over(term)),
        )])))
    };
    assert_eq!(
        run(Term::Input),
        json!({"code": "type_error", "path": "each"})
    );
    let empty = node("empty", Work::Transform(Shape::Literal(json!([]))));
    assert_eq!(
        result(&forecast_of(&flow(vec![
            empty,
            node("each", Work::Map(over(output("empty"))))
        ]))),
        json!([])
    );
}

#[test]
fn a_loop_sees_its_last_round_and_ends() {
    let repeat = |until, max, output: Option<Shape>| {
        let draft = node(
            "draft",
            Work::Transform(Shape::List(vec![whole(Term::Index), whole(Term::Previous)])),
        );
        let work = LoopWork {
            until,
            max,
            output,
            body: vec![draft],
        };
        let forecast = forecast_of(&flow(vec![node("refine", Work::Loop(work))]));
        let Outcome::Completed { rounds, .. } = step(&forecast, "refine").outcome else {
            panic!("{forecast:?}")
        };
        (result(&forecast), rounds.unwrap_or_default())
    };
    let second = Condition::AtLeast(Term::Index, 1);
    assert_eq!(
        repeat(second.clone(), 4, None),
        (json!([1, [0, null]]), (2, false))
    );
    assert_eq!(
        repeat(second.clone(), 2, None),
        (json!([1, [0, null]]), (2, false))
    );
    assert_eq!(
        repeat(second.clone(), 1, None),
        (json!([0, null]), (1, true))
    );
    let shaped = Shape::Object(vec![("of", whole(output("draft")))]);
    assert_eq!(
        repeat(second, 4, Some(shaped)),
        (json!({"of": [1, {"of": [0, null]}]}), (2, false))
    );
}

#[test]
fn inner_names_hide_outer_ones_and_paths_distinguish_them() {
    let pair = |one, other| {
        node(
            "x",
            Work::Transform(Shape::List(vec![whole(one), whole(other)])),
        )
    };
    let inner = map_over(
        &[json!("i")],
        vec![pair(Term::Item("item".to_owned()), Term::Index)],
    );
    let outer = map_over(
        &[json!("o"), json!("p")],
        vec![node("inner", Work::Map(inner))],
    );
    let forecast = forecast_of(&flow(vec![node("each", Work::Map(outer))]));
    assert_eq!(result(&forecast), json!([[["i", 0]], [["i", 0]]]));
    assert!(forecast.steps.contains_key("each/1/inner/0/x"));
}

#[test]
fn a_loop_hands_its_implicit_input_to_each_round_and_a_map_its_item() {
    let loop_of = |body| {
        Work::Loop(LoopWork {
            until: Condition::AtLeast(Term::Index, 1),
            max: 3,
            output: None,
            body,
        })
    };
    let looped = forecast_of(&flow(vec![
        says_its_id("a"),
        node("l", loop_of(vec![pipes("x")])),
    ]));
    assert_eq!(result(&looped), json!({"in": "a", "value": 1}));
    let mapped = forecast_of(&flow(vec![node(
        "m",
        Work::Map(map_over(
            &[json!(5)],
            vec![node("l", loop_of(vec![pipes("x")]))],
        )),
    )]));
    assert_eq!(result(&mapped), json!([{"in": 5, "value": 1}]));
}
