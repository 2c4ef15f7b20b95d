//! Predictions over HTTP, and what the body of a retry can set.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use axum::http::StatusCode;
use serde_json::{Value, json};
use support::Api;

/// The path of an ended run of the two steps.
async fn ended(api: &Api) -> String {
    let run = api.start().await;
    api.script.finish("It is.");
    api.events(&run).await.until("run.completed").await;
    run
}

/// The status of each step, by path.
fn statuses(prediction: &Value) -> Vec<(&str, &str)> {
    let steps = prediction["steps"].as_array().unwrap().iter();
    steps
        .map(|step| {
            (
                step["path"].as_str().unwrap(),
                step["status"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_run_and_its_retry_are_predicted_and_nothing_is_started() {
    let api = Api::new();
    let run = ended(&api).await;
    let workflow = api.get(&run).await.json()["workflow"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let first = api
        .post(
            &format!("/api/workflows/{workflow}/plan"),
            json!({"input": "x"}),
        )
        .await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    assert_eq!(
        statuses(&first.json()),
        [("prompt_step", "runs"), ("llm_step", "unknown")]
    );
    let body = json!({"overrides": {"prompt_step": "set", "llm_step": "set"}});
    let what_if = api.post(&format!("{run}/plan"), body).await;
    assert_eq!(
        statuses(&what_if.json()),
        [("prompt_step", "overridden"), ("llm_step", "overridden")]
    );
    let spec = json!({"nodes": [{"id": "other", "type": "LLMNode", "data": {}}]});
    let edited = api
        .post(
            &format!("{run}/plan"),
            json!({"reuse": "unchanged", "spec": spec}),
        )
        .await;
    assert_eq!(edited.status, StatusCode::OK, "{}", edited.text);
    assert_eq!(statuses(&edited.json()), [("other", "runs")]);
    let refused = api
        .post(&format!("{run}/retry"), json!({"spec": spec}))
        .await;
    assert_eq!(refused.problem()["errors"][0]["pointer"], "#/spec");
    let wrong = api
        .post(&format!("{run}/plan"), json!({"only": "nope"}))
        .await;
    assert_eq!(wrong.problem()["errors"][0]["pointer"], "#/only");
    assert_eq!(api.get("/api/runs").await.json()["counts"]["completed"], 1);
}

#[tokio::test]
async fn overrides_and_a_single_step_are_shown_with_the_run() {
    let api = Api::new();
    let run = ended(&api).await;
    let body =
        json!({"reuse": "unchanged", "overrides": {"prompt_step": 1, "llm_step": {"as": "set"}}});
    let again = api.post(&format!("{run}/retry"), body).await;
    assert_eq!(again.status, StatusCode::CREATED, "{}", again.text);
    let path = again.header("location").to_owned();
    let done = api.events(&path).await.until("run.completed").await;
    assert_eq!(done["output"], json!({"as": "set"}));
    let report = api.get(&path).await.json();
    assert_eq!(
        report["origin"]["overrides"],
        json!(["llm_step", "prompt_step"])
    );
    assert_eq!(report["steps"][1]["overridden"], true);

    let only = api
        .post(&format!("{run}/retry"), json!({"only": "llm_step"}))
        .await;
    let path = only.header("location").to_owned();
    api.script.finish("Again.");
    let done = api.events(&path).await.until("run.completed").await;
    assert_eq!(done["output"], "Again.");
    let report = api.get(&path).await.json();
    assert_eq!(report["origin"]["only"], "llm_step");
}

#[tokio::test]
async fn wrong_bodies_are_refused_with_their_places() {
    let api = Api::new();
    let run = ended(&api).await;
    for (body, pointer) in [
        (json!({"reuse": "everything"}), "#/reuse"),
        (json!({"overrides": []}), "#/overrides"),
        (json!({"only": 7}), "#/only"),
        (json!({"only": "llm_step", "from": "llm_step"}), "#/only"),
        (json!({"only": "llm_step", "reuse": "unchanged"}), "#/reuse"),
        (
            json!({"overrides": {"llm_steo": 1}}),
            "#/overrides/llm_steo",
        ),
    ] {
        for path in ["retry", "plan"] {
            let refused = api.post(&format!("{run}/{path}"), body.clone()).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert_eq!(refused.problem()["errors"][0]["pointer"], pointer, "{body}");
        }
    }
    assert_eq!(api.get("/api/runs").await.json()["counts"]["completed"], 1);
}
