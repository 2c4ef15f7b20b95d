//! What-if runs hold steps that act in every list of nodes, also if the host is killed after any event: nothing acts before its
//! answer, and nobody is asked twice.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::{Value, json};
use support::{
    brief,
    planned::{Service, planned_registry},
};
use tokio::time::{sleep, timeout};
use workflow_core::{
    EventKind, LocalEngine, MemoryStore, NewRun, RunId, Runs, StepEvent, Store, WorkflowId,
    Workflows, engine::Retry, testing::CrashAfter, view::WaitReport,
};

/// A workflow with steps that act.
struct Case {
    name: &'static str,
    nodes: Value,
    on_failure: Value,
    /// What they do, each once.
    acts: &'static [&'static str],
}

/// A step that acts, and whose first attempt fails.
fn act(prompt: &str) -> Value {
    json!({"id": "act", "type": "Paid", "retry": 2, "data": {"prompt": prompt, "acts": true, "failures": 1}})
}

fn call(input: &str) -> Value {
    json!({"id": "call", "type": "WorkflowNode", "data": {"workflow": "inner", "input": input}})
}

fn map(nodes: &Value) -> Value {
    map_of("[1, 2]", nodes)
}

fn map_of(over: &str, nodes: &Value) -> Value {
    json!({"id": "each", "type": "MapNode", "data": {"over": over, "nodes": nodes}})
}

fn repeat(nodes: &Value) -> Value {
    json!({"id": "rounds", "type": "LoopNode", "data": {"until": "index >= 1", "max": 3, "nodes": nodes}})
}

fn cases() -> Vec<Case> {
    let switch = json!({"id": "route", "type": "SwitchNode", "data": {"cases": [{"name": "a", "when": "true"}], "default": "b"}});
    let mut branch = act("act");
    branch["case"] = json!("route.a");
    let fails = json!({"id": "fails", "type": "Paid", "data": {"prompt": "no", "failures": 99}});
    let case = |name, node: Value, acts| Case {
        name,
        nodes: json!([node]),
        on_failure: Value::Null,
        acts,
    };
    vec![
        case("list", act("act"), &["act"]),
        case(
            "map",
            map(&json!([act("act {{ item }}")])),
            &["act 1", "act 2"],
        ),
        case(
            "loop",
            repeat(&json!([act("act {{ index }}")])),
            &["act 0", "act 1"],
        ),
        case("call", call("x"), &["act x"]),
        case(
            "map in loop",
            repeat(&json!([map_of("[index]", &json!([act("act {{ item }}")]))])),
            &["act 0", "act 1"],
        ),
        case(
            "call in loop",
            repeat(&json!([call("{{ index }}")])),
            &["act 0", "act 1"],
        ),
        Case {
            nodes: json!([switch, branch]),
            ..case("branch", Value::Null, &["act"])
        },
        Case {
            on_failure: json!([act("act {{ run.error.code }}")]),
            ..case("on_failure", fails.clone(), &["act busy"])
        },
        Case {
            on_failure: json!([map(&json!([call("{{ item }}")]))]),
            ..case("call after a failure", fails, &["act 1", "act 2"])
        },
    ]
}

impl Case {
    fn spec(&self) -> Value {
        let mut nodes = vec![json!({"id": "given", "type": "Paid", "data": {"prompt": "given"}})];
        nodes.extend(self.nodes.as_array().unwrap().clone());
        let mut spec = json!({"nodes": nodes});
        if !self.on_failure.is_null() {
            spec["on_failure"] = self.on_failure.clone();
            // A held step waits as long as a person needs.
            spec["on_failure_timeout"] = json!("1d");
        }
        spec
    }
}

#[derive(Clone)]
struct Host {
    service: Service,
    engine: Arc<LocalEngine>,
}

impl Host {
    fn on(store: Arc<dyn Store>) -> Self {
        let service = Service::new("m");
        let engine = LocalEngine::builder(planned_registry(&service));
        let engine = Arc::new(engine.with_store(store).build());
        Self { service, engine }
    }

    async fn create(&self, spec: Value) -> WorkflowId {
        self.engine.create_workflow(spec).await.unwrap().record.id
    }

    async fn waits(&self, run: RunId) -> Vec<WaitReport> {
        self.engine.run_report(run).await.unwrap().waits
    }

    /// Gives this answer to all questions. Returns whether the run has ended; it has not if the process has crashed.
    async fn answer_all(&self, run: RunId, answer: &Value) -> bool {
        for _ in 0..50 {
            sleep(Duration::from_secs(5)).await;
            // A crashed store does not return.
            let minute = Duration::from_secs(60);
            let Ok(waits) = timeout(minute, self.waits(run)).await else {
                return false;
            };
            for wait in waits {
                let prompt = wait.request.as_ref().unwrap()["prompt"].clone();
                let made = self.service.requests.count(prompt.as_str().unwrap());
                assert_eq!(made, 0, "{prompt} before its answer");
                let answer = self.engine.answer(run, wait.wait_id, answer.clone());
                let Ok(answered) = timeout(minute, answer).await else {
                    return false;
                };
                answered.unwrap();
            }
            let record = timeout(minute, self.engine.run_record(run)).await;
            if record.is_ok_and(|record| record.unwrap().head.status.has_ended()) {
                return true;
            }
        }
        panic!("the run neither ends nor crashes");
    }
}

/// The what-if run of a case, on a host that is killed after this event, and the next host. Returns its log and how often each request
/// was made.
async fn what_if(
    case: &Case,
    answer: &Value,
    crash_after: u64,
) -> (Vec<StepEvent>, BTreeMap<String, usize>) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let host = Host::on(Arc::clone(&store));
    host.create(json!({"name": "inner", "nodes": [act("act {{ input }}")]}))
        .await;
    let workflow = host.create(case.spec()).await;
    let first = host.engine.start(NewRun::new(workflow, json!(null))).await;
    let first = first.unwrap().id;
    assert!(host.answer_all(first, &json!(null)).await);
    drop(host);

    let mut retry = Retry::whole(first);
    retry.overrides = [("given".into(), json!("x"))].into();
    let dying = Arc::new(CrashAfter::new(Arc::clone(&store), crash_after));
    let host = Host::on(dying.clone());
    let run = tokio::select! {
        started = host.engine.retry(retry) => started.unwrap().id,
        crashed = dying.crashed() => crashed,
    };
    let has_ended = host.answer_all(run, answer).await;
    let mut made = host.service.taken();
    drop(host);
    if !has_ended {
        let host = Host::on(Arc::clone(&store));
        // What the lost host did counts, too.
        for (request, count) in &made {
            for _ in 0..*count {
                host.service.requests.note(request);
            }
        }
        host.engine.recover().await.unwrap();
        assert!(host.answer_all(run, answer).await);
        made = host.service.taken();
    }
    (store.read(run, 0, 1_000).await.unwrap(), made)
}

/// The last event, without what depends on time and on lost attempts.
fn end(log: &[StepEvent]) -> Value {
    let mut end = serde_json::to_value(log.last().unwrap()).unwrap();
    for field in ["seq", "run_id", "time", "duration_ms", "usage", "cost"] {
        end.as_object_mut().unwrap().remove(field);
    }
    end
}

async fn holds(case: &Case, answer: Value, calls: usize) {
    let (whole, _) = what_if(case, &answer, 1_000).await;
    assert!(whole.last().unwrap().is_terminal());
    for crash_after in 2..=whole.len() as u64 {
        let (log, made) = what_if(case, &answer, crash_after).await;
        let context = format!(
            "{}, killed after {crash_after}: {:?}",
            case.name,
            brief(&log)
        );
        assert_eq!(end(&log), end(&whole), "{context}");
        let asked = |event: &&StepEvent| matches!(event.kind, EventKind::NodeWaiting(_));
        let asked = log.iter().filter(asked).count();
        assert_eq!(asked, case.acts.len(), "nobody is asked twice, {context}");
        for act in case.acts {
            let made = made.get(*act).copied().unwrap_or_default();
            // The attempt that was lost is repeated.
            let most = if calls == 0 { 0 } else { calls + 1 };
            assert!(
                (calls..=most).contains(&made),
                "{made} times {act}, {context}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn killed_after_any_event_nothing_acts_before_the_answer() {
    for case in cases() {
        holds(&case, json!({"action": "do"}), 2).await;
    }
}

#[tokio::test(start_paused = true)]
async fn killed_after_any_event_nothing_acts_if_the_output_is_given() {
    for case in cases() {
        holds(&case, json!({"action": "complete", "output": "set"}), 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn killed_after_any_event_nothing_acts_if_it_is_refused() {
    for case in cases() {
        // Of a map or loop whose first step fails, no other asks.
        if case.acts.len() == 1 {
            holds(&case, json!({"action": "stop"}), 0).await;
        }
    }
}
