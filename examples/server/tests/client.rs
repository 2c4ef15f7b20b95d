//! The Rust client against the running program.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::{path::Path, time::Duration};

use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use support::{Server, explain, program, simulated, step};
use tokio::time::timeout;
use workflow_client::{
    Budget, Change, Client, ErrorKind, EventKind, PredictedStatus, Retry, RunId, RunStatus, Start,
    Update,
};

/// The timeout of a whole stream.
const PATIENCE: Duration = Duration::from_mins(1);

fn client(server: &Server) -> Client {
    Client::builder(&format!("http://{}", server.address()))
        .build()
        .unwrap()
}

/// A question, then a text of the model.
fn with_person() -> Value {
    json!({"name": "with-person", "nodes": [
        {"id": "approve", "type": "HumanNode",
         "data": {"message": "Publish {{ input }}?", "schema": {"type": "string", "enum": ["yes", "no"]}}},
        {"id": "write", "type": "LLMNode", "data": {"prompt": "Announce {{ input }}"}}
    ]})
}

async fn all(client: &Client, run: RunId) -> Vec<Update> {
    let updates = timeout(PATIENCE, client.follow(run).try_collect()).await;
    updates.expect("the run ends").unwrap()
}

fn seqs(updates: &[Update]) -> Vec<u64> {
    updates.iter().filter_map(Update::seq).collect()
}

fn counted(last: u64) -> Vec<u64> {
    (1..=last).collect()
}

#[tokio::test]
async fn a_run_is_started_and_followed_to_its_result() {
    let server = simulated("1ms").await;
    let client = client(&server);
    let workflow = client.create_workflow(&explain()).await.unwrap();
    let run = client.start(workflow.id, json!("Tides")).await.unwrap();
    let updates = all(&client, run.id).await;
    let last = updates.last().unwrap();
    assert!(last.is_terminal());
    assert_eq!(seqs(&updates), counted(last.seq().unwrap()));
    let text: String = updates
        .iter()
        .filter_map(|update| match update {
            Update::Delta(delta) => Some(delta.text.as_str()),
            _ => None,
        })
        .collect();
    let report = server.report(&run.id.to_string()).await;
    assert_eq!(
        step(&report, "llm_step")["output"],
        text,
        "the pieces add up to the output"
    );
    assert_eq!(client.result(run.id).await.unwrap(), report["output"]);
    let state = client.run(run.id).await.unwrap();
    assert_eq!(
        (state.record.head.status, state.output),
        (RunStatus::Completed, Some(report["output"].clone()))
    );
    let rest = client
        .follow_after(run.id, 3)
        .try_collect::<Vec<_>>()
        .await
        .unwrap();
    assert_eq!(seqs(&rest).first(), Some(&4));
    let none = client
        .follow_after(run.id, last.seq().unwrap())
        .try_collect::<Vec<_>>()
        .await;
    assert_eq!(none.unwrap(), [], "the reader has everything");
}

#[tokio::test]
async fn a_step_is_answered_while_its_run_is_followed() {
    let server = simulated("0ms").await;
    let client = client(&server);
    let workflow = client.create_workflow(&with_person()).await.unwrap();
    let run = client.start(workflow.id, json!("tides")).await.unwrap().id;
    let mut updates = client.follow(run);
    let mut answered = false;
    while let Some(update) = timeout(PATIENCE, updates.next()).await.unwrap() {
        let Update::Event(event) = update.unwrap() else {
            continue;
        };
        let EventKind::NodeWaiting(waiting) = &event.kind else {
            continue;
        };
        assert_eq!(waiting.message.as_deref(), Some("Publish tides?"));
        let other = client
            .answer(run, "write", &json!("yes"))
            .await
            .unwrap_err();
        assert_eq!(
            (other.kind(), other.hint()),
            (ErrorKind::NoWait, Some("these steps wait: approve"))
        );
        let invalid = client
            .answer(run, "approve", &json!("maybe"))
            .await
            .unwrap_err();
        assert_eq!(
            (invalid.status(), invalid.code(), invalid.faults().len()),
            (Some(422), "invalid_answer", 1)
        );
        client.answer(run, "approve", &json!("yes")).await.unwrap();
        let again = client
            .answer_wait(run, waiting.wait_id, &json!("yes"))
            .await;
        assert!(again.is_ok(), "the same answer changes nothing");
        answered = true;
    }
    assert!(answered);
    assert_eq!(
        client.run(run).await.unwrap().record.head.status,
        RunStatus::Completed
    );
}

/// The program on a port of its own, which the next one uses again.
async fn serve(place: &Path, port: Option<&str>) -> Server {
    let mut program = program();
    program
        .args(["--simulate", "--simulate-pace", "20ms", "--data-dir"])
        .arg(place);
    let address = format!("127.0.0.1:{}", port.unwrap_or("0"));
    Server::start_as(program.args(["--addr", &address])).await
}

#[tokio::test]
async fn a_server_that_is_killed_and_started_again_interrupts_no_follower() {
    let place = tempfile::tempdir().unwrap();
    let mut server = serve(place.path(), None).await;
    let client = client(&server);
    let workflow = client.create_workflow(&explain()).await.unwrap();
    let run = client.start(workflow.id, json!("Tides")).await.unwrap().id;
    let mut updates = client.follow(run);
    let (mut received, mut kills) = (Vec::new(), 0);
    while let Some(update) = timeout(PATIENCE, updates.next())
        .await
        .expect("the run ends")
    {
        let update = update.unwrap();
        let is_text = matches!(update, Update::Delta(_));
        received.push(update);
        if is_text && kills < 2 {
            kills += 1;
            let port = server.port().to_owned();
            server.kill().await;
            server = serve(place.path(), Some(&port)).await;
        }
    }
    assert_eq!(kills, 2);
    let last = received.last().unwrap();
    assert!(
        matches!(last, Update::Event(event) if matches!(event.kind, EventKind::RunCompleted(_))),
        "{last:?}"
    );
    assert_eq!(seqs(&received), counted(last.seq().unwrap()));
    // Of each attempt the pieces follow each other, and those of the last one add up to the output.
    let mut text = String::new();
    for update in &received {
        match update {
            Update::Event(event) if matches!(event.kind, EventKind::NodeStarted(_)) => text.clear(),
            Update::Delta(delta) => {
                assert_eq!(delta.offset, text.encode_utf16().count() as u64);
                text.push_str(&delta.text);
            }
            Update::Event(event) => {
                if let EventKind::NodeCompleted(it) = &event.kind
                    && it.step.path().as_str() == "llm_step"
                {
                    assert_eq!(*it.output, text);
                }
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_waiting_run_is_followed_over_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let server = serve(place.path(), None).await;
    let client = client(&server);
    let workflow = client.create_workflow(&with_person()).await.unwrap();
    let run = client.start(workflow.id, json!("tides")).await.unwrap().id;
    server.asked(&run.to_string(), "approve").await;
    let mut updates = client.follow(run);
    let mut received = Vec::new();
    while !matches!(received.last(), Some(Update::Event(event)) if matches!(event.kind, EventKind::RunSuspended(_)))
    {
        received.push(updates.next().await.unwrap().unwrap());
    }
    let port = server.port().to_owned();
    server.kill().await;
    let rest = tokio::spawn(updates.try_collect::<Vec<_>>());
    let server = serve(place.path(), Some(&port)).await;
    client.answer(run, "approve", &json!("no")).await.unwrap();
    received.extend(timeout(PATIENCE, rest).await.unwrap().unwrap().unwrap());
    assert_eq!(
        seqs(&received),
        counted(received.last().unwrap().seq().unwrap())
    );
    drop(server);
}

#[tokio::test]
async fn a_run_is_cancelled_and_its_result_says_so() {
    let server = simulated("100ms").await;
    let client = client(&server);
    let workflow = client.create_workflow(&explain()).await.unwrap();
    let run = client.start(workflow.id, json!("Tides")).await.unwrap().id;
    let cancelled = client.cancel(run).await.unwrap();
    assert_eq!(cancelled.head.status, RunStatus::Cancelled);
    let error = client.result(run).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::RunCancelled, "cancelled")
    );
    assert!(client.cancel(run).await.is_ok(), "it may be repeated");
}

#[tokio::test]
async fn a_failed_run_is_an_error_with_its_problem() {
    let server = simulated("0ms").await;
    let client = client(&server);
    let spec = json!({"nodes": [{"id": "ask", "type": "LLMNode", "retry": 1, "data": {"prompt": "[[safety]]"}}]});
    let workflow = client.create_workflow(&spec).await.unwrap();
    let run = client.start(workflow.id, json!(null)).await.unwrap().id;
    let error = client.result(run).await.unwrap_err();
    let report = server.report(&run.to_string()).await;
    assert_eq!(error.kind(), ErrorKind::RunFailed);
    assert_eq!(error.code(), report["error"]["code"]);
}

#[tokio::test]
async fn a_refusal_has_code_hint_and_pointer() {
    let server = simulated("0ms").await;
    let client = client(&server);
    let spec = json!({"nodes": [{"id": "a", "type": "PromtNode", "data": {"template": "x"}}]});
    let error = client.create_workflow(&spec).await.unwrap_err();
    assert_eq!(
        (error.status(), error.code()),
        (Some(422), "invalid_workflow")
    );
    assert_eq!(error.faults()[0].pointer, "#/nodes/0/type");
    assert!(
        error.hint().is_some_and(|hint| hint.contains("PromptNode")),
        "{error:?}"
    );
    assert!(
        error
            .to_string()
            .starts_with("failed to create the workflow: 1 fault in the workflow: "),
        "{error}"
    );
    let unknown = client.run(RunId::new()).await.unwrap_err();
    assert_eq!(
        (unknown.status(), unknown.code()),
        (Some(404), "unknown_run")
    );
    let followed = client.follow(RunId::new()).next().await.unwrap();
    assert_eq!(followed.unwrap_err().code(), "unknown_run");
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_the_right_one_is_not_shown() {
    let mut program = program();
    program.env("WORKFLOW_API_KEYS", "right-key-0123456789");
    let server = Server::start(program.arg("--simulate")).await;
    let url = format!("http://{}", server.address());
    let keyed = |key: &str| Client::builder(&url).with_api_key(key).build().unwrap();
    let error = keyed("wrong-key-0123456789")
        .create_workflow(&explain())
        .await
        .unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(401), "unauthorized"));
    assert!(!format!("{error} {error:?}").contains("wrong-key"));
    let client = keyed("right-key-0123456789");
    let workflow = client.create_workflow(&explain()).await.unwrap();
    let run = client.start(workflow.id, json!("Tides")).await.unwrap();
    assert!(client.result(run.id).await.is_ok());
}

#[tokio::test]
async fn the_same_idempotency_key_starts_one_run() {
    let server = simulated("0ms").await;
    let client = client(&server);
    let workflow = client.create_workflow(&explain()).await.unwrap().id;
    let start = Start::new(json!("Tides"))
        .with_idempotency_key("order-17")
        .with_metadata(json!({"order": 17}));
    let (first, second) = (
        client.start(workflow, start.clone()).await,
        client.start(workflow, start).await,
    );
    let first = first.unwrap().id;
    assert_eq!(first, second.unwrap().id);
    assert_ne!(
        first,
        client.start(workflow, json!("Tides")).await.unwrap().id
    );
    let report = server.report(&first.to_string()).await;
    assert_eq!(report["metadata"]["order"], 17);
}

#[tokio::test]
async fn a_run_is_continued_and_run_with_another_output_of_a_step() {
    let server = simulated("1ms").await;
    let client = client(&server);
    let workflow = client
        .create_workflow(&json!({"nodes": [
            {"id": "draft", "type": "PromptNode", "data": {"template": "About {{ input }}"}},
            {"id": "final", "type": "LLMNode", "data": {"prompt": "Improve: {{ draft.output }}"}}
        ]}))
        .await
        .unwrap();
    let start = Start::new(json!("Tides")).with_budget(Budget::calls(5));
    let first = client.start(workflow.id, start).await.unwrap().id;
    let output = client.result(first).await.unwrap();

    let again = client.retry(first, Retry::unchanged()).await.unwrap().id;
    assert_eq!(client.result(again).await.unwrap(), output);
    let report = server.report(&again.to_string()).await;
    assert_eq!(step(&report, "final")["reused"], true);
    assert_eq!(report["retry_of"], first.to_string());
    assert_eq!(report["budget"]["limit"], json!({"calls": 5}));

    let what_if = Retry::whole()
        .with_override("final", json!(null))
        .with_budget(Budget::calls(2))
        .with_idempotency_key("what-if");
    let run = client.retry(first, what_if.clone()).await.unwrap().id;
    assert_eq!(client.retry(first, what_if).await.unwrap().id, run);
    assert_eq!(client.result(run).await.unwrap(), json!(null));
    let report = server.report(&run.to_string()).await;
    assert_eq!(report["budget"]["limit"], json!({"calls": 2}));

    let only = client.retry(first, Retry::only("draft")).await.unwrap().id;
    assert_eq!(client.result(only).await.unwrap(), json!("About Tides"));
    let both = Retry::only("draft").with_from("final");
    let error = client.retry(first, both).await.unwrap_err();
    assert_eq!(error.code(), "invalid_body");
}

#[tokio::test]
async fn a_run_is_predicted_compared_and_asked_for_values() {
    let server = simulated("1ms").await;
    let client = client(&server);
    let spec = |prompt: &str| {
        json!({"nodes": [
            {"id": "draft", "type": "PromptNode", "data": {"template": "About {{ input }}"}},
            {"id": "final", "type": "LLMNode", "data": {"prompt": prompt}}
        ]})
    };
    let stored = spec("Improve: {{ draft.output }}");
    let workflow = client.create_workflow(&stored).await.unwrap().id;
    let before = client.predict(workflow, json!("Tides")).await.unwrap();
    let statuses: Vec<_> = before.steps.iter().map(|step| step.status).collect();
    assert_eq!(statuses, [PredictedStatus::Computed, PredictedStatus::Runs]);

    let first = client.start(workflow, json!("Tides")).await.unwrap().id;
    client.result(first).await.unwrap();
    let unchanged = client.predict_retry(first, Retry::unchanged());
    assert_eq!(unchanged.await.unwrap().count(PredictedStatus::Reused), 1);
    let edited = Retry::unchanged().with_spec(spec("In French: {{ draft.output }}"));
    let edited = client.predict_retry(first, edited).await.unwrap();
    assert_eq!(edited.count(PredictedStatus::Reused), 0);

    let mine = Retry::whole().with_override("final", json!("Mine"));
    let other = client.retry(first, mine).await.unwrap().id;
    client.result(other).await.unwrap();
    let diff = client.diff(first, other).await.unwrap();
    let changed = diff.steps.iter().filter(|it| it.change == Change::Changed);
    let changed: Vec<_> = changed.map(|step| step.path.as_str()).collect();
    assert_eq!(changed, ["final"]);
    let length = client.evaluate(first, "final", "draft.output | length");
    assert_eq!(length.await.unwrap(), json!("About Tides".len()));
    let unknown = client.evaluate(first, "final", "nobody.output").await;
    assert_eq!(unknown.unwrap_err().status(), Some(422));
}

#[tokio::test]
async fn versions_of_a_workflow_are_stored_and_found_by_name() {
    let server = simulated("0ms").await;
    let client = client(&server);
    let first = client.create_workflow(&with_person()).await.unwrap();
    client.create_workflow(&explain()).await.unwrap();
    let mut changed = with_person();
    changed["description"] = json!("changed");
    let second = client.update_workflow(first.id, 1, &changed).await.unwrap();
    assert_eq!((second.id, second.version), (first.id, 2));
    let late = client
        .update_workflow(first.id, 1, &changed)
        .await
        .unwrap_err();
    assert_eq!((late.status(), late.code()), (Some(412), "other_version"));
    assert_eq!(
        client.workflows_named("with-person").await.unwrap(),
        [first.id]
    );
    assert_eq!(*client.workflow(first.id).await.unwrap().spec, changed);
}
