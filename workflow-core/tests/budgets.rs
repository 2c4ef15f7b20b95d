//! Budgets: what a run may use is reserved before it is used.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test may fail by panicking, and is easier to read"
)]

mod support;

use std::sync::Arc;

use futures::StreamExt;
use serde_json::{Value, json};
use support::{Probe, brief, collect, failure, output_of, paid::paid_registry};
use workflow_core::{
    EngineError, EventKind, Executor, LocalEngine, NewRun, Registry, RunId, Runs, StepEvent,
    Update, Workflow, Workflows,
    engine::Retry,
    error::Problem,
    record::RunQuery,
    value::{Amount, Budget, WaitId},
    workflow::Library,
};

/// A node whose bound and usage are requests only.
fn paid(id: &str, bound: u64, used: u64) -> Value {
    json!({"id": id, "type": "Paid", "data": {"bound": {"calls": bound}, "used": {"calls": used}}})
}

fn with(mut node: Value, field: &str, value: Value) -> Value {
    node["data"][field] = value;
    node
}

fn after(mut node: Value, needs: &[&str]) -> Value {
    node["needs"] = json!(needs);
    node
}

fn parsed(probe: &Probe, spec: &Value) -> Arc<Workflow> {
    let workflow = Workflow::from_spec(spec, &paid_registry(probe));
    Arc::new(workflow.unwrap_or_else(|invalid| panic!("{invalid}")))
}

async fn run(budget: Value, nodes: Value) -> (Probe, Vec<StepEvent>) {
    let probe = Probe::default();
    let spec = json!({"budget": budget, "nodes": nodes});
    let events = collect(Executor::new().run(parsed(&probe, &spec), json!(null))).await;
    (probe, events)
}

/// What the ends of attempts have booked, by path.
fn booked(events: &[StepEvent]) -> Vec<(String, Amount)> {
    let booked = events.iter().filter_map(|event| {
        let booked = event.report()?.booked?;
        Some((event.step()?.path().as_str().to_owned(), booked))
    });
    booked.collect()
}

fn problem_of(events: &[StepEvent], path: &str) -> Problem {
    let failed = events.iter().find_map(|event| match &event.kind {
        EventKind::NodeFailed(failed) if failed.step.path().as_str() == path => {
            Some((*failed.error).clone())
        }
        _ => None,
    });
    failed.unwrap_or_else(|| panic!("{path} did not fail: {:?}", brief(events)))
}

fn waits(events: &[StepEvent]) -> Vec<WaitId> {
    let waits = events.iter().filter_map(|event| match &event.kind {
        EventKind::NodeWaiting(waiting) => Some(waiting.wait_id),
        _ => None,
    });
    waits.collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_not_used_comes_back() {
    let nodes = json!([paid("a", 6, 2), paid("b", 6, 3), paid("c", 5, 1)]);
    let (probe, events) = run(json!({"calls": 10}), nodes).await;
    assert_eq!(output_of(&events), json!("c"));
    let calls: Vec<u64> = booked(&events).iter().map(|(_, it)| it.calls).collect();
    assert_eq!(calls, [2, 3, 1]);
    assert_eq!(probe.count("reserved 6"), 2, "the node knows");
    let EventKind::RunCreated(created) = &events[0].kind else {
        panic!("{events:?}");
    };
    assert_eq!(created.log_format, 3, "an older version cannot hold it");
    let started = serde_json::to_value(&events[2]).unwrap();
    assert_eq!(started["plan"], json!({"reserved": {"calls": 6}}));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_fails_before_it_starts() {
    let (probe, events) = run(
        json!({"calls": 10}),
        json!([paid("a", 9, 9), paid("b", 2, 1)]),
    )
    .await;
    assert_eq!(
        failure(&events),
        "budget_exceeded: it may use up to 2 requests, and the budget of this run has 1 request left, of 10 requests"
    );
    let hint = problem_of(&events, "b").hint.unwrap();
    assert!(hint.contains("`budget.calls`"), "{hint}");
    assert_eq!(probe.count("start b"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_could_still_fit_waits_and_what_needs_no_budget_passes() {
    let slow = |node: Value| after(with(node, "millis", json!(100)), &[]);
    let free = json!({"id": "free", "type": "Paid", "needs": [], "data": {}});
    let nodes = json!([
        slow(paid("a", 6, 1)),
        slow(paid("b", 6, 1)),
        slow(paid("c", 1, 1)),
        free
    ]);
    let (probe, events) = run(json!({"calls": 10}), nodes).await;
    let log = brief(&events);
    let place = |what: &str| log.iter().position(|it| it == what).unwrap();
    assert!(place("node.started free") < place("node.completed a"));
    assert!(place("node.completed a") < place("node.started b"));
    assert!(
        place("node.started b") < place("node.started c"),
        "first come, first served: {log:?}"
    );
    assert_eq!(log.last().unwrap(), "run.completed");
    assert_eq!(probe.count("plan b"), 2, "once before, once after");
    assert_eq!(probe.count("plan c"), 2);
}

#[tokio::test(start_paused = true)]
async fn only_the_first_in_line_is_planned_again() {
    let nodes = json!([{"id": "each", "type": "MapNode", "data": {
        "over": "range(20)",
        "concurrency": 20,
        "nodes": [with(paid("a", 6, 1), "millis", json!(10))],
    }}]);
    let (probe, events) = run(json!({"calls": 25}), nodes).await;
    assert_eq!(brief(&events).last().unwrap(), "run.completed");
    let plans: usize = (0..20)
        .map(|n| probe.count(&format!("plan each/{n}/a")))
        .sum();
    // One when it is ready, one when it is first, and one more for each end of another that does not suffice.
    assert!(plans <= 60, "{plans}");
    assert_eq!(booked(&events).len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_a_bound_in_a_limited_unit_is_refused() {
    let (probe, events) = run(json!({"tokens": 10}), json!([paid("a", 1, 1)])).await;
    assert!(
        failure(&events).starts_with(
            "unbounded_request: the budget of this run needs an upper bound of tokens"
        )
    );
    assert_eq!(probe.count("start a"), 0);
    let (_, events) = run(json!({"usd": 0.5}), json!([paid("a", 1, 1)])).await;
    let expected = "unbounded_request: the budget of this run needs an upper bound of tokens";
    assert!(
        failure(&events).starts_with(expected),
        "there is nothing to price"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_attempt_counts_with_all_that_it_may_have_used() {
    let retried = |is_final: bool| {
        let node = with(
            with(paid("a", 4, 1), "failures", json!(2)),
            "is_final",
            json!(is_final),
        );
        let mut node = node;
        node["retry"] = json!(3);
        node
    };
    let (_, events) = run(json!({"calls": 10}), json!([retried(false)])).await;
    let problem = problem_of(&events, "a");
    assert_eq!(problem.code, "budget_exceeded");
    assert!(
        problem
            .detail
            .ends_with("the attempt before it failed with busy: the service is busy"),
        "{}",
        problem.detail
    );
    assert_eq!(booked(&events).len(), 2, "two attempts of 4 were made");
    let (_, events) = run(json!({"calls": 10}), json!([retried(true)])).await;
    assert_eq!(output_of(&events), json!("a"), "each has used 1 of 4");
}

#[tokio::test(start_paused = true)]
async fn a_step_without_a_bound_is_booked_and_not_held_back() {
    let free = json!({"id": "free", "type": "Paid", "data": {"used": {"calls": 20}}});
    let again = json!({"id": "again", "type": "Paid", "data": {"used": {"calls": 1}}});
    let handled = json!({"id": "b", "type": "Paid", "on_error": "continue",
        "data": {"bound": {"calls": 1}}});
    let nothing = paid("c", 0, 0);
    let nodes = json!([free, handled, again, nothing]);
    let (_, events) = run(json!({"calls": 10}), nodes).await;
    assert_eq!(problem_of(&events, "b").code, "budget_exceeded");
    assert_eq!(
        output_of(&events),
        json!("c"),
        "what uses nothing always fits"
    );
    assert_eq!(booked(&events)[0].1.calls, 20);
}

#[tokio::test(start_paused = true)]
async fn more_than_the_bound_is_booked_and_ends_the_promise() {
    let handled = |mut node: Value| {
        node["on_error"] = json!("continue");
        node
    };
    let nodes =
        json!([paid("a", 1, 2), handled(paid("b", 1, 1)), {"id": "c", "type": "Paid", "data": {}}]);
    let (probe, events) = run(json!({"calls": 10, "when_exceeded": "ask"}), nodes).await;
    let exceeded: Vec<&StepEvent> = events
        .iter()
        .filter(|event| event.report().is_some_and(|it| it.bound_exceeded))
        .collect();
    assert_eq!(exceeded.len(), 1);
    assert_eq!(exceeded[0].report().unwrap().booked.unwrap().calls, 2);
    assert_eq!(problem_of(&events, "b").code, "bound_exceeded");
    assert_eq!(probe.count("start b"), 0);
    assert_eq!(output_of(&events), json!("c"), "what has no bound runs");
}

fn linked(probe: &Probe, spec: &Value, inner: &Value) -> Arc<Workflow> {
    let registry = paid_registry(probe);
    let mut library = Library::new();
    let called = Workflow::from_spec(inner, &registry).unwrap();
    library.insert("inner", Arc::new(called));
    Arc::new(Workflow::with_library(spec, &registry, &library).unwrap_or_else(|it| panic!("{it}")))
}

fn call(id: &str) -> Value {
    json!({"id": id, "type": "WorkflowNode", "needs": [], "data": {"workflow": "inner", "input": 1}})
}

#[tokio::test(start_paused = true)]
async fn each_call_has_the_budget_of_its_workflow_and_that_of_the_run() {
    let inner = json!({"budget": {"calls": 3}, "nodes": [paid("a", 2, 2), paid("b", 1, 1)]});
    let probe = Probe::default();
    let spec = json!({"nodes": [call("x"), call("y")]});
    let workflow = linked(&probe, &spec, &inner);
    let events = collect(Executor::new().run(workflow, json!(null))).await;
    assert_eq!(
        output_of(&events),
        json!({"x": "x/b", "y": "y/b"}),
        "one each"
    );
    let EventKind::RunCreated(created) = &events[0].kind else {
        panic!("{events:?}");
    };
    assert_eq!(created.log_format, 3);

    let inner = json!({"budget": {"calls": 3}, "nodes": [paid("a", 2, 2), paid("b", 2, 1)]});
    let workflow = linked(&probe, &spec, &inner);
    let events = collect(Executor::new().run(workflow, json!(null))).await;
    assert!(
        failure(&events).contains("the budget of the workflow that `x` calls has 1 request left"),
        "{}",
        failure(&events)
    );

    // The budget of the run holds in the called workflow, too.
    let spec = json!({"budget": {"calls": 4}, "nodes": [after(paid("first", 2, 2), &[]), after(call("x"), &["first"])]});
    let inner = json!({"budget": {"calls": 9}, "nodes": [paid("a", 3, 3)]});
    let workflow = linked(&probe, &spec, &inner);
    let events = collect(Executor::new().run(workflow, json!(null))).await;
    let problem = problem_of(&events, "x/a");
    assert!(problem.detail.contains("of this run"), "{}", problem.detail);
}

/// A map of 100 items, of which ten fit.
fn map_of_100(when_exceeded: &str) -> Value {
    json!({"budget": {"calls": 10, "when_exceeded": when_exceeded}, "nodes": [
        {"id": "each", "type": "MapNode", "data": {
            "over": "range(100)",
            "concurrency": 8,
            "on_item_error": "null",
            "nodes": [with(paid("a", 1, 1), "millis", json!(10))],
        }},
    ]})
}

#[tokio::test(start_paused = true)]
async fn a_map_over_budget_asks_once_and_does_the_rest_with_more() {
    let probe = Probe::default();
    let workflow = parsed(&probe, &map_of_100("ask"));
    let before = collect(Executor::new().run(Arc::clone(&workflow), json!(null))).await;
    assert_eq!(brief(&before).last().unwrap(), "run.suspended");
    assert_eq!(waits(&before).len(), 1, "one question");
    let waiting = before.iter().find_map(|event| match &event.kind {
        EventKind::NodeWaiting(waiting) => Some(waiting),
        _ => None,
    });
    let waiting = waiting.unwrap();
    let message = waiting.message.as_deref().unwrap();
    assert!(
        message.contains("and the budget of this run has 0 requests left"),
        "{message}"
    );
    let by = &waiting.schema.as_deref().unwrap()["oneOf"][0]["properties"]["by"]["properties"];
    assert_eq!(
        by.as_object().unwrap().len(),
        1,
        "only what is limited: {by}"
    );

    let raise = json!({"action": "raise", "by": {"calls": 200}});
    let signal = |log: &[StepEvent], answer: Value| {
        let wait = *waits(log).last().unwrap();
        Executor::new().signal(Arc::clone(&workflow), log, wait, answer)
    };
    for wrong in [
        json!({"action": "raise"}),
        json!({"action": "raise", "by": {}}),
        json!({"action": "raise", "by": {"calls": 0}}),
        json!({"action": "raise", "by": {"usd": 1}}),
        json!({"action": "stop", "by": {"calls": 1}}),
        json!(null),
    ] {
        assert!(signal(&before, wrong.clone()).is_err(), "{wrong}");
    }
    let rest = collect(signal(&before, raise).unwrap()).await;
    let log = [before.as_slice(), &rest].concat();
    assert_eq!(brief(&log).last().unwrap(), "run.completed");
    assert_eq!(waits(&log).len(), 1);
    assert_eq!(booked(&log).len(), 100);

    // One more at a time: one more question each time.
    let one = json!({"action": "raise", "by": {"calls": 1}});
    let rest = collect(signal(&before, one).unwrap()).await;
    let log = [before.as_slice(), &rest].concat();
    assert_eq!(brief(&log).last().unwrap(), "run.suspended");
    assert_eq!(waits(&log).len(), 2);
    assert_eq!(booked(&log).len(), 11);

    // After a refusal, nobody is asked again.
    let rest = collect(signal(&log, json!({"action": "stop"})).unwrap()).await;
    let log = [log.as_slice(), &rest].concat();
    assert_eq!(waits(&log).len(), 2);
    let items = output_of(&log);
    let done = items.as_array().unwrap().iter().filter(|it| !it.is_null());
    assert_eq!(done.count(), 11, "the others are `null`");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_asks_goes_on_after_a_stop_at_any_event() {
    let probe = Probe::default();
    let workflow = parsed(&probe, &map_of_100("ask"));
    let executor = Executor::new();
    let before = collect(executor.run(Arc::clone(&workflow), json!(null))).await;
    let raise = json!({"action": "raise", "by": {"calls": 300}});
    let wait = waits(&before)[0];
    let rest = executor.signal(Arc::clone(&workflow), &before, wait, raise.clone());
    let whole = [before.as_slice(), &collect(rest.unwrap()).await].concat();
    for cut in 1..whole.len() {
        let prefix = &whole[..cut];
        let rest = collect(executor.resume(Arc::clone(&workflow), prefix).unwrap()).await;
        let mut log = [prefix, &rest].concat();
        if let Some(wait) = waits(&log).last().copied()
            && brief(&log).last().unwrap() == "run.suspended"
        {
            let rest = executor.signal(Arc::clone(&workflow), &log, wait, raise.clone());
            log.extend(collect(rest.unwrap()).await);
        }
        assert_eq!(brief(&log).last().unwrap(), "run.completed", "cut at {cut}");
        assert_eq!(waits(&log).len(), 1, "cut at {cut}");
        assert_eq!(output_of(&log), output_of(&whole), "cut at {cut}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_about_a_call_does_not_stop_what_is_outside_of_it() {
    let inner = json!({"budget": {"calls": 1, "when_exceeded": "ask"}, "nodes": [
        {"id": "each", "type": "MapNode", "data": {"over": "[1, 2, 3]", "concurrency": 3,
            "on_item_error": "null", "nodes": [paid("a", 1, 1)]}},
    ]});
    let outside = with(after(paid("outside", 2, 1), &[]), "millis", json!(50));
    let last = after(paid("last", 2, 1), &["outside"]);
    let spec = json!({"budget": {"calls": 30}, "nodes": [call("x"), outside, last]});
    let probe = Probe::default();
    let workflow = linked(&probe, &spec, &inner);
    let events = collect(Executor::new().run(Arc::clone(&workflow), json!(null))).await;
    assert_eq!(brief(&events).last().unwrap(), "run.suspended");
    assert_eq!(probe.count("end last"), 1);
    assert_eq!(waits(&events).len(), 1);
    let waiting = events.iter().find(|it| it.kind.name() == "node.waiting");
    let waiting = serde_json::to_value(waiting).unwrap();
    assert_eq!(
        (&waiting["kind"], &waiting["budget_of"]),
        (&json!("budget"), &json!("x"))
    );
    let raise = json!({"action": "raise", "by": {"calls": 2}});
    let rest = Executor::new().signal(workflow, &events, waits(&events)[0], raise);
    let rest = collect(rest.unwrap()).await;
    assert_eq!(
        output_of(&rest)["x"],
        json!(["x/each/0/a", "x/each/1/a", "x/each/2/a"])
    );
}

/// What nodes report of their cost, by its price in USD.
fn priced(id: &str, usd: Value) -> Value {
    json!({"id": id, "type": "Paid", "data": {
        "bound": {"calls": 1, "tokens": 100, "usd": 0.5},
        "used": {"calls": 1, "tokens": 10, "usd": usd},
    }})
}

fn engine(probe: &Probe) -> LocalEngine {
    LocalEngine::builder(paid_registry(probe)).build()
}

async fn ended(engine: &LocalEngine, run: RunId) -> Vec<StepEvent> {
    let updates = engine.events(run, 0).await.unwrap();
    let events = updates.filter_map(async |update| match update {
        Update::Event(event) => Some(event),
        _ => None,
    });
    events.collect().await
}

#[tokio::test(start_paused = true)]
async fn a_request_may_set_a_lower_budget_and_a_retry_keeps_it() {
    let engine = engine(&Probe::default());
    let spec = json!({"budget": {"calls": 10, "usd": 2}, "nodes": [paid("a", 3, 3)]});
    let spec_with_usd = {
        let mut spec = spec;
        spec["nodes"][0]["data"]["bound"]["usd"] = json!(0.25);
        spec
    };
    let workflow = engine
        .create_workflow(spec_with_usd)
        .await
        .unwrap()
        .record
        .id;
    let start = |budget: Value, key: Option<&str>| {
        let mut run = NewRun::new(workflow, json!(null));
        run.budget = serde_json::from_value(budget).unwrap();
        run.key = key.map(str::to_owned);
        run
    };
    for (budget, pointer) in [
        (json!({}), "#/budget"),
        (json!({"when_exceeded": "ask"}), "#/budget"),
        (json!({"calls": 0}), "#/budget/calls"),
        (json!({"usd": 0}), "#/budget/usd"),
        (json!({"usd": 2.000_000_001}), "#/budget/usd"),
        (json!({"calls": 11}), "#/budget/calls"),
    ] {
        let refused = engine.start(start(budget.clone(), None)).await;
        let Err(EngineError::InvalidBudget(faults)) = refused else {
            panic!("{budget}: {refused:?}");
        };
        assert_eq!(faults[0].pointer, pointer, "{budget}");
    }
    let all = engine.runs(RunQuery::default()).await.unwrap();
    assert!(all.items.is_empty(), "nothing was started");

    let first = engine
        .start(start(json!({"calls": 2, "tokens": 5}), Some("k")))
        .await
        .unwrap();
    let events = ended(&engine, first.id).await;
    // The unit that the workflow does not limit counts, too.
    assert!(
        failure(&events).starts_with("unbounded_request"),
        "{}",
        failure(&events)
    );
    let same = engine
        .start(start(json!({"calls": 2, "tokens": 5}), Some("k")))
        .await
        .unwrap();
    assert_eq!(same.id, first.id);
    let other = engine.start(start(json!({"calls": 2}), Some("k"))).await;
    assert!(matches!(other, Err(EngineError::KeyReused(_))), "{other:?}");

    let second = engine
        .start(start(json!({"calls": 2}), None))
        .await
        .unwrap();
    assert!(failure(&ended(&engine, second.id).await).starts_with("budget_exceeded"));
    let again = engine.retry(Retry::whole(second.id)).await.unwrap();
    assert!(failure(&ended(&engine, again.id).await).starts_with("budget_exceeded"));
    let mut raised = Retry::whole(second.id);
    raised.budget = Some(Budget::calls(3));
    let raised = engine.retry(raised).await.unwrap();
    assert_eq!(output_of(&ended(&engine, raised.id).await), json!("a"));
    let mut above = Retry::whole(second.id);
    above.budget = Some(Budget::calls(11));
    let Err(EngineError::InvalidRetry(faults)) = engine.retry(above).await else {
        panic!("above the workflow's");
    };
    assert_eq!(faults[0].pointer, "#/budget/calls");
    assert!(
        faults[0]
            .hint
            .as_deref()
            .unwrap()
            .contains("at most 10 requests")
    );
}

#[tokio::test(start_paused = true)]
async fn costs_are_in_records_and_reports_and_never_a_false_zero() {
    let engine = engine(&Probe::default());
    let run = async |nodes: Value| {
        let spec = json!({"budget": {"tokens": 1000, "calls": 9}, "nodes": nodes});
        let workflow = engine.create_workflow(spec).await.unwrap().record.id;
        let run = engine
            .start(NewRun::new(workflow, json!(null)))
            .await
            .unwrap()
            .id;
        ended(&engine, run).await;
        serde_json::to_value(engine.run_report(run).await.unwrap()).unwrap()
    };
    let report = run(json!([
        priced("a", json!(0.25)),
        priced("b", json!(0.000_000_001))
    ]))
    .await;
    assert_eq!(report["cost"], json!({"usd": 0.250_000_001}));
    assert_eq!(report["steps"][0]["cost"], json!({"usd": 0.25}));
    let budget = json!({
        "limit": {"tokens": 1000, "calls": 9},
        "spent": {"calls": 2, "tokens": 20, "usd": 0.250_000_001},
        "reserved": {"calls": 0, "tokens": 0, "usd": 0},
    });
    assert_eq!(report["budget"], budget);

    let report = run(json!([
        priced("a", json!(0.25)),
        with(priced("b", json!(null)), "bound", json!(null))
    ]))
    .await;
    assert_eq!(report["cost"], json!({"usd": 0.25, "at_least": true}));
    assert_eq!(
        (
            &report["budget"]["at_least"],
            &report["budget"]["spent"]["usd"]
        ),
        (&json!(true), &json!(0.25))
    );

    let unknown = with(priced("a", json!(null)), "bound", json!(null));
    let report = run(json!([unknown])).await;
    assert_eq!(
        (&report["cost"], &report["steps"][0]["cost"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(report["budget"]["spent"], json!({"calls": 1, "tokens": 10}));
}

#[tokio::test(start_paused = true)]
async fn a_person_is_asked_once_about_an_effect_and_once_about_the_budget() {
    let probe = Probe::default();
    let engine = engine(&probe);
    let first = json!({"id": "first", "type": "Paid", "data": {}});
    let acts = with(paid("acts", 3, 1), "acts", json!(true));
    let spec = json!({"budget": {"calls": 2, "when_exceeded": "ask"}, "nodes": [first, acts]});
    let workflow = engine.create_workflow(spec).await.unwrap().record.id;
    let run = engine
        .start(NewRun::new(workflow, json!(null)))
        .await
        .unwrap()
        .id;
    let waiting = async |run: RunId| loop {
        let report = engine.run_report(run).await.unwrap();
        if let Some(wait) = report.waits.first() {
            return wait.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    };
    let wait = waiting(run).await;
    engine
        .answer(run, wait.wait_id, json!({"action": "stop"}))
        .await
        .unwrap();
    assert!(failure(&ended(&engine, run).await).starts_with("budget_exceeded"));

    let mut again = Retry::whole(run);
    again.overrides.insert("first".into(), json!("set"));
    let run = engine.retry(again).await.unwrap().id;
    let effect = waiting(run).await;
    engine
        .answer(run, effect.wait_id, json!({"action": "do"}))
        .await
        .unwrap();
    let budget = loop {
        let wait = waiting(run).await;
        if wait.wait_id != effect.wait_id {
            break wait;
        }
    };
    assert!(
        budget.message.contains("Raise the budget"),
        "{}",
        budget.message
    );
    let raise = json!({"action": "raise", "by": {"calls": 1}});
    engine.answer(run, budget.wait_id, raise).await.unwrap();
    let events = ended(&engine, run).await;
    assert_eq!(output_of(&events), json!("acts"));
    assert_eq!(waits(&events).len(), 2);
}

#[test]
fn a_budget_of_a_workflow_that_is_none_is_a_fault() {
    let faults = |budget: Value| {
        let spec = json!({"budget": budget, "nodes": [
            {"id": "a", "type": "PromptNode", "data": {"template": "{{ input }}"}}]});
        let refused = Workflow::from_spec(&spec, &Registry::default()).unwrap_err();
        let faults = refused.faults().iter().map(ToString::to_string);
        faults.collect::<Vec<_>>()
    };
    for (budget, expected) in [
        (
            json!({}),
            "#/budget: the budget limits nothing [invalid_value], set `usd`, `tokens` or `calls`",
        ),
        (
            json!({"when_exceeded": "ask"}),
            "#/budget: the budget limits nothing",
        ),
        (json!({"usd": 0}), "#/budget/usd: "),
        (json!({"usd": -1}), "#/budget/usd: "),
        (json!({"usd": 0.000_000_000_1}), "#/budget/usd: "),
        (json!({"usd": 1_000_001}), "#/budget/usd: "),
        (json!({"usd": "1"}), "#/budget/usd: "),
        (json!({"tokens": 0}), "#/budget/tokens: "),
        (json!({"tokens": -1}), "#/budget/tokens: "),
        (json!({"tokens": 1.5}), "#/budget/tokens: "),
        (
            json!({"calls": 0}),
            "#/budget/calls: `calls` is a whole number of at least 1",
        ),
        (
            json!({"calls": 1, "when_exceeded": "cry"}),
            "#/budget/when_exceeded: expected \"fail\" or \"ask\", found \"cry\"",
        ),
        (
            json!({"calls": 1, "eur": 2}),
            "#/budget/eur: `eur` is not a field here [unknown_field]",
        ),
        (json!(1), "#/budget: expected"),
        (json!(null), "#/budget: expected"),
    ] {
        let found = faults(budget.clone());
        assert_eq!(found.len(), 1, "{budget}: {found:?}");
        assert!(found[0].starts_with(expected), "{budget}: {found:?}");
    }
}
