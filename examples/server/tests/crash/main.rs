//! The program is killed at random moments and restarted. No shown event is lost, and no completed step is repeated.
//!
//! `CRASH_KILLS` sets the number of kills, 20 by default; `CRASH_SEED` sets their times.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../support/mod.rs"]
mod support;

use std::{env, path::Path, time::Duration};

use fastrand::Rng;
use serde_json::{Value, json};
use support::{Server, data, log, model, model::Model, program};
use tokio::{task::JoinHandle, time::sleep};

/// The number of simultaneous runs.
const AT_ONCE: usize = 3;

/// A diamond with a back-off, a map, and a loop. Each step is a call that streams its reply.
fn spec() -> Value {
    let ask = |id: &str, needs: &[&str], prompt: &str| {
        let prompt = format!("{{{{ input.run }}}}/{prompt}");
        json!({"id": id, "type": "LLMNode", "needs": needs, "data": {"prompt": prompt},
               "retry": {"max_attempts": 4, "delay": "100ms", "jitter": false}})
    };
    let inner = |id: &str, prompt: &str| {
        let mut node = ask(id, &[], prompt);
        node.as_object_mut().unwrap().remove("needs");
        node
    };
    json!({"name": "crash", "nodes": [
        ask("a", &[], "a"),
        ask("b", &["a"], "b busy"),
        ask("c", &["a"], "c"),
        ask("d", &["b", "c"], "d"),
        {"id": "each", "type": "MapNode", "needs": ["a"], "data": {"over": "input.items", "concurrency": 3,
         "nodes": [inner("one", "one {{ item }}"), inner("two", "two {{ item }}")]}},
        {"id": "rounds", "type": "LoopNode", "needs": ["d", "each"], "data": {"max": 3, "until": "false",
         "nodes": [inner("round", "round {{ index }}")]}},
    ], "output": ["{{ a.output }}", "{{ d.output }}", "{{ each.output }}", "{{ rounds.output }}"]})
}

/// The output of a run, independent of interruptions.
fn output(run: &str) -> Value {
    let said = |prompt: &str| Value::from(model::answer(&format!("{run}/{prompt}")));
    let items: Vec<Value> = (0..5).map(|n| said(&format!("two {n}"))).collect();
    json!([said("a"), said("d"), items, said("round 2")])
}

async fn serve(model: &Model, place: &Path) -> Server {
    let mut program = program();
    program.envs([
        ("GEMINI_API_KEY", "a-key"),
        ("GOOGLE_GEMINI_BASE_URL", model.url()),
    ]);
    program.args(["--log", "warn"]);
    Server::keeping(&mut program, place).await
}

/// A started run, and the events that were shown.
struct Watched {
    name: String,
    id: String,
    shown: Vec<Value>,
    reader: JoinHandle<String>,
}

impl Watched {
    async fn start(server: &Server, workflow: &str, number: usize) -> Self {
        let name = format!("run {number}");
        let input = json!({"input": {"run": name, "items": [0, 1, 2, 3, 4]}});
        let path = format!("/api/workflows/{workflow}/runs");
        let run: Value = server
            .post(&path, input.to_string())
            .await
            .json()
            .await
            .unwrap();
        let id = run["id"].as_str().unwrap().to_owned();
        let reader = follow(server, &id);
        Self {
            name,
            id,
            shown: Vec::new(),
            reader,
        }
    }

    /// Collects the events until the connection failed or the stream ended. Returns whether the run has ended.
    async fn take(&mut self) -> bool {
        let stream = std::mem::replace(&mut self.reader, tokio::spawn(async { String::new() }));
        let stream = stream.await.unwrap();
        let whole = stream.rfind("\n\n").map_or("", |end| &stream[..end]);
        let events = log::stored(data(whole));
        let before = self.shown.len().min(events.len());
        assert_eq!(
            events[..before],
            self.shown[..before],
            "the stream differs from the one before the crash"
        );
        if events.len() > self.shown.len() {
            self.shown = events;
        }
        self.shown.last().is_some_and(log::is_terminal)
    }
}

/// Reads the stream of a run until it ends or fails.
fn follow(server: &Server, run: &str) -> JoinHandle<String> {
    let stream = server.stream(&format!("/api/runs/{run}/events"));
    tokio::spawn(async move {
        let mut text = Vec::new();
        if let Ok(mut stream) = stream.await {
            while let Ok(Some(chunk)) = stream.chunk().await {
                text.extend_from_slice(&chunk);
            }
        }
        String::from_utf8_lossy(&text).into_owned()
    })
}

/// Checks that no step of a run called the model more often than it has attempts in the log. Returns the number of all
/// calls.
fn assert_one_call_per_attempt(model: &Model, run: &str, events: &[Value]) -> usize {
    let prompts = [("a", "a"), ("b", "b busy"), ("c", "c"), ("d", "d")];
    let mut steps: Vec<(String, String)> = prompts
        .map(|(path, prompt)| (path.to_owned(), prompt.to_owned()))
        .into();
    for n in 0..5 {
        steps.push((format!("each/{n}/one"), format!("one {n}")));
        steps.push((format!("each/{n}/two"), format!("two {n}")));
    }
    steps.extend((0..3).map(|n| (format!("rounds/{n}/round"), format!("round {n}"))));
    let starts = log::starts(events);
    let asked = steps.iter().map(|(path, prompt)| {
        let calls = model.calls(&format!("{run}/{prompt}"));
        let attempts = starts[path.as_str()];
        assert!(
            (1..=attempts).contains(&calls),
            "{run} {path}: {calls} calls, {attempts} attempts"
        );
        calls
    });
    asked.sum()
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_end_with_the_same_result_after_kills_at_any_moment() {
    let seed = number("CRASH_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("CRASH_SEED={seed}");
    let mut random = Rng::with_seed(seed);
    let place = tempfile::tempdir().unwrap();
    let model = Model::start().await;
    let mut server = serve(&model, place.path()).await;
    let workflow = server.create(&spec()).await;
    let (mut running, mut ended): (Vec<Watched>, Vec<Watched>) = (Vec::new(), Vec::new());
    for kill in 0..number("CRASH_KILLS").unwrap_or(20) {
        while running.len() < AT_ONCE {
            let number = running.len() + ended.len();
            running.push(Watched::start(&server, &workflow, number).await);
        }
        // A step that is lost more than five times in a row fails, as it should: now and then there is
        // time for some to be done.
        let least = if kill % 3 == 2 { 1_500 } else { 0 };
        sleep(Duration::from_millis(least + random.u64(0..900))).await;
        server.kill().await;
        server = serve(&model, place.path()).await;
        for mut run in std::mem::take(&mut running) {
            if run.take().await {
                ended.push(run);
            } else {
                run.reader = follow(&server, &run.id);
                running.push(run);
            }
        }
    }
    for mut run in running {
        assert!(
            run.take().await,
            "{} does not end: {:?}",
            run.name,
            run.shown.last()
        );
        ended.push(run);
    }
    let (mut recovered, mut calls) = (0, 0);
    for run in &ended {
        let events = log::stored(server.events(&run.id).await);
        assert_eq!(events[..run.shown.len()], run.shown, "what was shown stays");
        log::assert_sound(&events);
        let last = events.last().unwrap();
        assert_eq!(last["output"], output(&run.name), "{last}");
        recovered += log::recoveries(&events);
        calls += assert_one_call_per_attempt(&model, &run.name, &events);
    }
    println!(
        "{} runs, {calls} calls, {recovered} steps were lost in flight",
        ended.len()
    );
    assert!(recovered > 0, "no kill met a step in flight");
}

#[tokio::test]
async fn a_wait_for_a_person_survives_a_kill_and_a_stop() {
    let place = tempfile::tempdir().unwrap();
    let model = Model::start().await;
    let spec = json!({"nodes": [
        {"id": "first", "type": "LLMNode", "data": {"prompt": "x/first"}},
        {"id": "ask", "type": "HumanNode", "data": {"message": "Well?"}},
        {"id": "last", "type": "LLMNode", "data": {"prompt": "x/{{ ask.output }}"}},
    ]});
    let server = serve(&model, place.path()).await;
    let run = server.begin(&spec, &Value::Null).await;
    server.asked(&run, "ask").await;
    server.kill().await;

    let server = serve(&model, place.path()).await;
    server.asked(&run, "ask").await;
    server.terminate();
    assert_eq!(server.end().await.status.code(), Some(0));

    let server = serve(&model, place.path()).await;
    let wait = server.asked(&run, "ask").await;
    assert_eq!(
        server.answer(&run, &wait, &json!("yes")).await.status(),
        200
    );
    let events = log::stored(server.events(&run).await);
    log::assert_sound(&events);
    assert_eq!(events.last().unwrap()["output"], model::answer("x/yes"));
    assert_eq!((model.calls("x/first"), model.calls("x/yes")), (1, 1));
}

#[tokio::test]
async fn a_stop_suspends_runs_that_do_not_end_in_time() {
    let place = tempfile::tempdir().unwrap();
    let model = Model::start().await;
    let spec = json!({"nodes": [{"id": "a", "type": "LLMNode", "data": {"prompt": "slow/a"}}]});
    let mut first = program();
    first.envs([
        ("GEMINI_API_KEY", "a-key"),
        ("GOOGLE_GEMINI_BASE_URL", model.url()),
    ]);
    let server = Server::keeping(first.args(["--drain", "100ms"]), place.path()).await;
    let run = server.begin(&spec, &Value::Null).await;
    while model.calls("slow/a") == 0 {
        sleep(Duration::from_millis(10)).await;
    }
    server.terminate();
    let ended = server.end().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);

    let server = serve(&model, place.path()).await;
    let events = log::stored(server.events(&run).await);
    log::assert_sound(&events);
    let types: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        [
            "run.created",
            "run.started",
            "node.started",
            "run.suspended",
            "run.resumed",
            "node.started",
            "node.completed",
            "run.completed",
        ]
    );
    assert_eq!(events[3]["reason"], "shutdown");
    assert_eq!(events[5]["reason"], "recovered");
}
