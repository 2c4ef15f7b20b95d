//! Recorded runs as tests: nothing is called, and what was not recorded fails.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use serde_json::{Value, json};
use workflow_core::{
    EngineError, NewRun, Node, NodeContext, NodeError, Plan, PlanContext, Registry, RetryPolicy,
    RunId, Runs, StepEvent, Template, Workflows,
    engine::Retry,
    testing::{
        Expected, RecordedTest, Recording, RecordingError, TestEngine, TestedRun,
        run_in_virtual_time,
    },
    value::{Cost, StepKey, Usage, Usd},
};

/// How often the service was called.
type Calls = Arc<AtomicU32>;

/// Asks a paid service, which echoes. It is busy at first for a prompt that begins with `busy`, and refuses `bad`.
#[derive(Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskData {
    prompt: Template,
}

struct Ask {
    data: AskData,
    calls: Calls,
}

#[async_trait]
impl Node for Ask {
    fn plan(&self, cx: &PlanContext<'_>) -> Result<Plan, NodeError> {
        let prompt = cx.render(&self.data.prompt)?;
        let key = StepKey::builder("Ask", 1).text("prompt", &prompt).build();
        let plan = Plan::opaque().with_key(key);
        Ok(if cx.wants_request() {
            plan.with_request(json!({"prompt": prompt}))
        } else {
            plan
        })
    }

    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let prompt = cx.render(&self.data.prompt)?;
        cx.record_request(json!({"prompt": prompt}));
        cx.record_usage(Usage::new(10, 2));
        cx.record_cost(Cost::exact(Usd::from_nano(1_000_000)));
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(5)).await;
        if prompt.starts_with("busy") && cx.failures() < 2 {
            return Err(NodeError::new("overloaded", "come back later")
                .with_retry_after(Duration::from_secs(60)));
        }
        if prompt == "bad" {
            return Err(NodeError::new("refused", "it was refused").with_hint("ask nicely"));
        }
        Ok(json!(format!("{prompt} #{call}")))
    }
}

/// Acts, and plans nothing.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct SendData {}

struct Send {
    calls: Calls,
}

#[async_trait]
impl Node for Send {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(json!({"sent": cx.input()?}))
    }
}

fn registry(calls: &Calls) -> Registry {
    let mut registry = Registry::default();
    let of_ask = Arc::clone(calls);
    registry
        .register_with("Ask", move |data: AskData| Ask {
            data,
            calls: Arc::clone(&of_ask),
        })
        .with_retry(RetryPolicy::attempts(3));
    let of_send = Arc::clone(calls);
    registry.register_with("Send", move |_: SendData| Send {
        calls: Arc::clone(&of_send),
    });
    registry
}

fn ask(id: &str, prompt: &str) -> Value {
    json!({"id": id, "type": "Ask", "data": {"prompt": prompt}})
}

fn chain(prompt: &str) -> Value {
    json!({"name": "chain", "nodes": [
        ask("first", prompt),
        {"id": "upper", "type": "TransformNode", "data": {"value": "{{ first.output | upper }}"}},
        ask("second", "then {{ upper.output }}"),
        {"id": "send", "type": "Send", "needs": ["second"], "data": {}},
    ]})
}

async fn record(spec: &Value, input: Value) -> Recording {
    let calls = Calls::default();
    let events = TestEngine::new(move || registry(&calls))
        .run(spec, input)
        .await
        .unwrap();
    // As it is in a file.
    read(&text(&events)).unwrap()
}

fn text(events: &[StepEvent]) -> String {
    let lines = events
        .iter()
        .map(|event| serde_json::to_string(event).unwrap() + "\n");
    lines.collect()
}

fn read(text: &str) -> Result<Recording, RecordingError> {
    Recording::read(text.as_bytes())
}

/// Runs the test, and checks that nothing was called.
async fn tested(
    change: impl FnOnce(RecordedTest) -> RecordedTest,
    spec: Value,
    recording: Recording,
) -> Result<TestedRun, EngineError> {
    let calls = Calls::default();
    let test = change(RecordedTest::new(registry(&calls), spec, recording));
    let run = test.run().await;
    assert_eq!(calls.load(Ordering::Relaxed), 0, "nothing is called");
    run
}

async fn run(spec: Value, recording: Recording) -> TestedRun {
    tested(|test| test, spec, recording).await.unwrap()
}

fn expected(json: Value) -> Expected {
    serde_json::from_value(json).unwrap()
}

fn faults(run: &TestedRun, expected_: Value) -> Vec<String> {
    expected(expected_)
        .faults(run)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_workflow_runs_with_what_was_recorded() {
    run_in_virtual_time(async {
        let spec = chain("say {{ input }}");
        let recording = record(&spec, json!("hello")).await;
        assert!(!recording.is_cut());
        let run = run(spec, recording).await;
        let output = json!({"sent": "then SAY HELLO #0 #1"});
        let all = json!({
            "status": "completed", "output": output, "max_cost": 0.002,
            "ran": ["first", "upper", "second", "send"],
        });
        assert_eq!(faults(&run, all), [""; 0]);
        assert_eq!(
            faults(&run, json!({"max_cost": 0.001_999})),
            ["max_cost: the run costs $0.002, and at most $0.001999 is expected"]
        );
        let usage = run.report.record.head.usage;
        assert_eq!((usage.input_tokens, usage.output_tokens), (20, 4));
    });
}

#[test]
fn a_pure_node_may_change_and_later_steps_notice() {
    run_in_virtual_time(async {
        let recording = record(&chain("say {{ input }}"), json!("hello")).await;
        let mut spec = chain("say {{ input }}");
        spec["nodes"][1]["data"]["value"] = json!("{{ first.output | lower }}");
        let run = run(spec, recording).await;
        let found = faults(&run, json!({}));
        assert_eq!(
            found[0],
            "not_recorded: `second`: the recorded step `second` did something else\n  \
            /prompt: \"then SAY HELLO #0\" became \"then say hello #0\""
        );
        assert_eq!(found.len(), 2);
        assert!(
            found[1].starts_with("status: the run is failed, not completed\n  not_recorded: "),
            "{}",
            found[1]
        );
    });
}

#[test]
fn a_changed_prompt_is_not_recorded() {
    run_in_virtual_time(async {
        let recording = record(&chain("say {{ input }}"), json!("hello")).await;
        let run = run(chain("shout {{ input }}"), recording).await;
        let found = faults(
            &run,
            json!({"ran": ["second"], "skipped": ["first", "nowhere"]}),
        );
        assert_eq!(
            found[0],
            "not_recorded: `first`: the recorded step `first` did something else\n  \
            /prompt: \"say hello\" became \"shout hello\""
        );
        assert!(
            found.contains(&"ran: `second` is pending".to_owned()),
            "{found:?}"
        );
        assert!(
            found.contains(&"skipped: `first` is failed".to_owned()),
            "{found:?}"
        );
        assert!(
            found.contains(&"skipped: `nowhere` is not in the run".to_owned()),
            "{found:?}"
        );
    });
}

#[test]
fn a_miss_that_on_error_handles_fails_the_test_all_the_same() {
    run_in_virtual_time(async {
        let recording = record(&json!({"nodes": [ask("first", "one")]}), json!(1)).await;
        let mut first = ask("first", "two");
        first["on_error"] = json!({"output": "instead"});
        let run = run(json!({"nodes": [first]}), recording).await;
        let found = faults(&run, json!({"output": "instead"}));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("not_recorded: `first`"), "{found:?}");
    });
}

#[test]
fn failures_and_retries_are_given_again() {
    run_in_virtual_time(async {
        let spec = json!({"nodes": [ask("first", "busy"), ask("second", "bad")]});
        let recording = record(&spec, json!(1)).await;
        let run = run(spec.clone(), recording.clone()).await;
        assert_eq!(faults(&run, json!({"error": "refused"})), [""; 0]);
        let names: Vec<_> = run.log.iter().map(|event| event.kind.name()).collect();
        assert_eq!(
            names
                .iter()
                .filter(|name| **name == "node.retrying")
                .count(),
            2
        );
        let took = |log: &[StepEvent]| log.last().unwrap().time.since(log[0].time).as_secs();
        assert_eq!(
            took(&run.log),
            took(recording.events()),
            "time is that of the recording"
        );
        assert_eq!(
            run.report.error.as_ref().unwrap().hint.as_deref(),
            Some("ask nicely")
        );
        assert_eq!(
            faults(&run, json!({"status": "completed"}))[0],
            "status: the run is failed, not completed\n  refused: it was refused"
        );

        // Fewer attempts fail earlier; more than were recorded are not recorded.
        let mut fewer = spec.clone();
        fewer["nodes"][0]["retry"] = json!({"max_attempts": 2});
        let run = self::run(fewer, recording.clone()).await;
        assert_eq!(faults(&run, json!({"error": "overloaded"})), [""; 0]);
        let cut = recording
            .events()
            .iter()
            .position(|event| event.kind.name() == "node.retrying")
            .unwrap();
        let cut = Recording::of_events(recording.events()[..=cut].to_vec()).unwrap();
        let run = self::run(spec, cut).await;
        assert!(run.is_cut);
        assert!(
            faults(&run, json!({}))[0].contains("the recording has no further attempt of `first`")
        );
    });
}

#[test]
fn on_error_can_be_tested_with_a_recorded_failure() {
    run_in_virtual_time(async {
        let recording = record(&json!({"nodes": [ask("first", "bad")]}), json!(1)).await;
        let mut first = ask("first", "bad");
        first["on_error"] = json!({"output": "sorry"});
        let run = run(json!({"nodes": [first]}), recording).await;
        assert_eq!(faults(&run, json!({"output": "sorry"})), [""; 0]);
    });
}

#[test]
fn each_recorded_step_answers_once_and_moved_steps_are_found() {
    run_in_virtual_time(async {
        let map = |count: usize| {
            json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": "input", "concurrency": 1, "nodes": [
                ask("say", "{{ item }}"),
            ]}}], "output": format!("{{{{ each.output | length == {count} }}}}")})
        };
        let recording = record(&map(3), json!(["a", "b", "a"])).await;
        // Another order: by key, each once.
        let run = tested(
            |test| test.with_input(json!(["a", "a", "b"])),
            map(3),
            recording.clone(),
        )
        .await
        .unwrap();
        assert_eq!(faults(&run, json!({"output": true})), [""; 0]);
        let steps = run
            .report
            .steps
            .iter()
            .filter(|step| step.step.path().as_str() != "each");
        let said: Vec<_> = steps
            .map(|step| step.output.as_deref().unwrap().as_str().unwrap())
            .collect();
        assert_eq!(said, ["a #0", "a #2", "b #1"]);
        let run = tested(
            |test| test.with_input(json!(["a", "a", "a"])),
            map(3),
            recording,
        )
        .await
        .unwrap();
        let found = faults(&run, json!({"status": "failed"}));
        assert!(
            found[0].starts_with("not_recorded: `each/2/say`"),
            "{found:?}"
        );
    });
}

#[test]
fn overrides_replace_steps_and_nothing_is_held() {
    run_in_virtual_time(async {
        let spec = json!({"nodes": [
            ask("first", "one"),
            ask("second", "two"),
            {"id": "send", "type": "Send", "needs": ["second"], "data": {}},
            {"id": "join", "type": "TransformNode", "data": {"value": "{{ first.output }}, {{ send.output.sent }}"}},
        ]});
        let recording = record(&spec, json!(1)).await;
        let run = tested(
            |test| test.with_override("first", json!("set")),
            spec.clone(),
            recording.clone(),
        )
        .await
        .unwrap();
        assert_eq!(
            faults(
                &run,
                json!({"output": "set, two #1", "ran": ["second", "send"]})
            ),
            [""; 0]
        );
        assert_eq!(
            faults(&run, json!({"ran": ["first"]})),
            ["ran: `first` is given its output"]
        );
        let refused = tested(
            |test| test.with_override("frist", json!(1)),
            spec,
            recording,
        )
        .await
        .unwrap_err();
        let EngineError::InvalidRetry(faults) = refused else {
            panic!("{refused}");
        };
        assert!(faults[0].pointer.starts_with("#/overrides"), "{faults:?}");
    });
}

fn with_person() -> Value {
    json!({"nodes": [
        ask("draft", "for {{ input }}"),
        {"id": "approve", "type": "HumanNode", "data": {"message": "{{ draft.output }}?", "schema": {"type": "string"}}},
        {"id": "done", "type": "TransformNode", "data": {"value": "{{ approve.output }}!"}},
    ]})
}

/// A run whose first wait is answered.
async fn answered() -> Vec<StepEvent> {
    let calls = Calls::default();
    let engine = TestEngine::new(move || registry(&calls)).start();
    let workflow = engine
        .create_workflow(with_person())
        .await
        .unwrap()
        .record
        .id;
    let run = engine
        .start(NewRun::new(workflow, json!("Ada")))
        .await
        .unwrap()
        .id;
    until(&engine, run, "run.suspended").await;
    let wait = engine.run_report(run).await.unwrap().waits[0].wait_id;
    engine.answer(run, wait, json!("yes")).await.unwrap();
    until(&engine, run, "run.completed").await;
    engine.read_events(run, 0, 100).await.unwrap()
}

async fn until(engine: &workflow_core::LocalEngine, run: RunId, name: &str) {
    use futures::StreamExt;
    let mut updates = engine.events(run, 0).await.unwrap();
    while let Some(update) = updates.next().await {
        if matches!(&update, workflow_core::Update::Event(event) if event.kind.name() == name) {
            return;
        }
    }
}

#[test]
fn answers_of_persons_are_given_again() {
    run_in_virtual_time(async {
        let events = answered().await;
        let recording = Recording::of_events(events.clone()).unwrap();
        let run = run(with_person(), recording).await;
        assert_eq!(
            faults(&run, json!({"output": "yes!", "ran": ["approve"]})),
            [""; 0]
        );

        // The recording ends while the step waits: the test ends, too, and says so.
        let waiting = events
            .iter()
            .position(|event| event.kind.name() == "node.waiting")
            .unwrap();
        let cut = Recording::of_events(events[..=waiting].to_vec()).unwrap();
        assert!(cut.is_cut());
        let run = self::run(with_person(), cut).await;
        assert!(run.is_cut);
        let found = faults(&run, json!({}));
        assert!(found[0].starts_with("not_recorded: `approve`"), "{found:?}");
        assert_eq!(found[1], "status: the run is cancelled, not completed");

        // Another question is not answered by what was said to this one.
        let mut spec = with_person();
        spec["nodes"][1]["data"]["message"] = json!("{{ draft.output }}!");
        let run = self::run(spec, Recording::of_events(events).unwrap()).await;
        assert_eq!(
            faults(&run, json!({}))[0],
            "not_recorded: `approve`: the recorded step `approve` did something else\n  \
            the whole: \"for Ada #0?\" became \"for Ada #0!\""
        );
    });
}

#[test]
fn a_recording_of_a_what_if_run_brings_its_overrides() {
    run_in_virtual_time(async {
        let calls = Calls::default();
        let engine = TestEngine::new(move || registry(&calls)).start();
        let spec = json!({"nodes": [
            ask("first", "one"),
            {"id": "join", "type": "TransformNode", "data": {"value": "{{ first.output }}."}},
        ]});
        let workflow = engine
            .create_workflow(spec.clone())
            .await
            .unwrap()
            .record
            .id;
        let run = engine
            .start(NewRun::new(workflow, json!(1)))
            .await
            .unwrap()
            .id;
        until(&engine, run, "run.completed").await;
        let mut retry = Retry::whole(run);
        retry.overrides.insert("first".into(), json!("set"));
        let run = engine.retry(retry).await.unwrap().id;
        until(&engine, run, "run.completed").await;
        let events = engine.read_events(run, 0, 100).await.unwrap();
        let run = self::run(spec, Recording::of_events(events).unwrap()).await;
        assert_eq!(faults(&run, json!({"output": "set."})), [""; 0]);
        assert_eq!(
            faults(&run, json!({"ran": ["first"]})),
            ["ran: `first` is given its output"]
        );
    });
}

#[test]
fn a_recording_of_a_continued_run_answers_with_what_it_reused() {
    run_in_virtual_time(async {
        let calls = Calls::default();
        let engine = TestEngine::new(move || registry(&calls)).start();
        let spec = chain("say {{ input }}");
        let workflow = engine
            .create_workflow(spec.clone())
            .await
            .unwrap()
            .record
            .id;
        let run = engine
            .start(NewRun::new(workflow, json!("x")))
            .await
            .unwrap()
            .id;
        until(&engine, run, "run.completed").await;
        let run = engine.retry(Retry::unchanged(run)).await.unwrap().id;
        until(&engine, run, "run.completed").await;
        let events = engine.read_events(run, 0, 100).await.unwrap();
        assert!(text(&events).contains("reused_from"));
        let run = self::run(spec, Recording::of_events(events).unwrap()).await;
        assert_eq!(
            faults(&run, json!({"output": {"sent": "then SAY X #0 #1"}})),
            [""; 0]
        );
    });
}

#[test]
fn a_recording_of_another_workflow_is_refused() {
    run_in_virtual_time(async {
        let recording = record(&json!({"nodes": [ask("first", "one")]}), json!(1)).await;
        let refused = tested(
            |test| test,
            json!({"nodes": [ask("other", "one")]}),
            recording,
        )
        .await
        .unwrap_err();
        let EngineError::InvalidRetry(faults) = refused else {
            panic!("{refused}");
        };
        assert_eq!(faults[0].pointer, "#/run");
        assert!(
            faults[0].detail.contains("is of another workflow"),
            "{faults:?}"
        );
    });
}

#[test]
fn a_file_that_is_no_recording_is_refused_with_its_line() {
    run_in_virtual_time(async {
        let recording = record(&json!({"nodes": [ask("first", "one")]}), json!(1)).await;
        let whole = text(recording.events());
        let lines: Vec<&str> = whole.lines().collect();
        assert!(matches!(read(""), Err(RecordingError::NoBeginning)));
        assert!(matches!(read("\n\n"), Err(RecordingError::NoBeginning)));
        assert!(matches!(
            read("hello"),
            Err(RecordingError::NotAnEvent(1, _))
        ));
        assert!(matches!(
            read(&lines[1..].join("\n")),
            Err(RecordingError::NoBeginning)
        ));
        assert!(matches!(
            read(&[lines[0], lines[2]].join("\n")),
            Err(RecordingError::NotInOrder(2))
        ));
        assert!(matches!(
            read(&format!("{}\nhello\n{}\n", lines[0], lines[1])),
            Err(RecordingError::NotAnEvent(2, _))
        ));
        let newer = lines[0].replace("\"log_format\":2", "\"log_format\":99");
        assert!(matches!(read(&newer), Err(RecordingError::OtherFormat(99))));
        let other = lines[1].replace(&recording.run().to_string(), &RunId::new().to_string());
        assert!(matches!(
            read(&format!("{}\n{other}\n", lines[0])),
            Err(RecordingError::NotInOrder(2))
        ));
        // Cut anywhere, it is usable up to the last whole line.
        let start = lines[0].len() + 1;
        for end in start..whole.len() {
            let Some(cut) = whole.get(..end) else {
                continue;
            };
            let cut = read(cut).unwrap();
            assert_eq!(cut.is_cut(), cut.events().len() < lines.len(), "{end}");
        }
        // Line breaks of Windows, and none at the end.
        assert!(!read(&whole.replace('\n', "\r\n")).unwrap().is_cut());
        assert!(!read(whole.trim_end()).unwrap().is_cut());
    });
}
