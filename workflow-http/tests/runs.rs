//! Runs over REST: they belong to the service, not to a connection.

mod support;

use axum::http::{StatusCode, header::ACCEPT};
use serde_json::json;
use support::{Api, Wire, hiding, request, serve, two_steps, with_body};

#[tokio::test]
async fn a_run_is_started_and_reported_step_by_step() {
    let _hiding = hiding();
    let api = Api::new();
    let workflow = api.create(two_steps()).await;
    let started = api
        .post(
            &format!("{workflow}/runs"),
            json!({"input": "Rust", "version": 1, "metadata": {"by": "me"}}),
        )
        .await;
    assert_eq!(started.status, StatusCode::ACCEPTED);
    let run = started.header("location");
    assert_eq!(run, format!("/api/runs/{}", started.header("x-run-id")));
    assert_eq!(started.json()["status"], "queued");
    assert_eq!(started.json()["links"]["self"], run);

    api.script.finish("It is.");
    api.events(run).await.until("run.completed").await;

    let mut report = api.get(run).await.json();
    assert_eq!(report["metadata"], json!({"by": "me"}));
    for field in [
        "started_at",
        "ended_at",
        "updated_at",
        "created_at",
        "duration_ms",
        "queued_ms",
        "spans",
    ] {
        assert!(!report[field].is_null(), "{field}");
        report[field] = json!("[…]");
    }
    for step in report["steps"].as_array_mut().unwrap() {
        (step["started_at"], step["duration_ms"]) = (json!("[…]"), json!("[…]"));
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&report).unwrap(), @r#"
    {
      "id": "[id]",
      "workflow": {
        "id": "[id]",
        "name": "Explain",
        "version": 1
      },
      "created_at": "[…]",
      "input_excerpt": "Rust",
      "status": "completed",
      "last_seq": 7,
      "started_at": "[…]",
      "queued_ms": "[…]",
      "ended_at": "[…]",
      "duration_ms": "[…]",
      "updated_at": "[…]",
      "usage": {
        "input_tokens": 0,
        "output_tokens": 0
      },
      "spans": "[…]",
      "input": "Rust",
      "metadata": {
        "by": "me"
      },
      "output": "It is.",
      "steps": [
        {
          "node": "prompt_step",
          "path": "prompt_step",
          "type": "PromptNode",
          "status": "completed",
          "attempt": 1,
          "started_at": "[…]",
          "duration_ms": "[…]",
          "output": "Explain Rust"
        },
        {
          "node": "llm_step",
          "path": "llm_step",
          "type": "LLMNode",
          "status": "completed",
          "attempt": 1,
          "started_at": "[…]",
          "duration_ms": "[…]",
          "output": "It is."
        }
      ],
      "links": {
        "self": "/api/runs/[id]",
        "events": "/api/runs/[id]/events",
        "cancel": "/api/runs/[id]/cancel",
        "retry": "/api/runs/[id]/retry",
        "workflow": "/api/workflows/[id]?version=1"
      }
    }
    "#);
}

#[tokio::test]
async fn runs_are_listed_by_workflow_and_status() {
    let api = Api::new();
    let run = api.start().await;
    let other = api.start().await;
    api.script.finish("done");
    let ended = async {
        tokio::select! {
            _ = async { api.events(&run).await.until("run.completed").await } => &run,
            _ = async { api.events(&other).await.until("run.completed").await } => &other,
        }
    }
    .await;
    let ended = api.get(ended).await.json();

    let completed = api.get("/api/runs?status=completed").await.json();
    assert_eq!(completed["items"].as_array().unwrap().len(), 1);
    assert_eq!(completed["items"][0]["id"], ended["id"]);
    assert_eq!(completed["items"][0]["input_excerpt"], "Rust");
    let workflow = ended["workflow"]["id"].as_str().unwrap();
    let of_workflow = api
        .get(&format!("/api/runs?workflow_id={workflow}"))
        .await
        .json();
    assert_eq!(of_workflow["items"], completed["items"]);
    assert_eq!(completed["counts"]["running"], 1, "whatever their status");
    assert_eq!(of_workflow["counts"]["running"], 0);
    let all = api.get("/api/runs?limit=1").await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
    assert!(all["next_cursor"].is_string());
}

#[tokio::test]
async fn cancelling_a_run_is_idempotent() {
    let api = Api::new();
    let run = api.start().await;
    let mut events = api.events(&run).await;
    while events.until("node.started").await["node"] != "llm_step" {}

    let cancelled = api.post(&format!("{run}/cancel"), "").await;
    assert_eq!(cancelled.status, StatusCode::OK);
    assert_eq!(cancelled.json()["status"], "cancelled");
    assert_eq!(
        api.post(&format!("{run}/cancel"), "").await.json(),
        cancelled.json()
    );
    events.until("run.cancelled").await;
}

#[tokio::test]
async fn a_run_can_be_started_and_followed_in_one_request() {
    let api = Api::new();
    let workflow = api.create(two_steps()).await;
    api.script.finish("done");
    let request = request("POST", &format!("{workflow}/runs")).header(ACCEPT, "text/event-stream");
    let response = api.send(with_body(request, r#"{"input":1}"#)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().contains_key("location"));
    assert!(response.headers().contains_key("x-run-id"));
    support::Frames::of(response.into_body())
        .until("run.completed")
        .await;
}

#[tokio::test]
async fn a_client_that_disconnects_does_not_end_the_run() {
    let api = Api::new();
    let workflow = api.create(two_steps()).await;
    let (address, _serving) = serve(&api).await;
    let mut wire = Wire::post(address, &format!("{workflow}/run"), r#"{"input":"Rust"}"#).await;
    let head = wire.head().await;
    let run = head
        .iter()
        .find_map(|line| line.strip_prefix("location: "))
        .unwrap();
    wire.chunk().await.unwrap();
    drop(wire);

    api.script.say("Nobody ");
    api.script.finish("Nobody listens.");

    let completed = api.events(run).await.until("run.completed").await;
    assert_eq!(completed["output"], "Nobody listens.");
    let log = Wire::get(
        address,
        &format!("{run}/events"),
        &["Accept: application/json", "Connection: close"],
    )
    .await
    .all()
    .await;
    assert!(log.contains(r#""type":"run.completed""#), "{log}");
}

#[tokio::test]
async fn an_invalid_input_is_refused_with_its_pointer() {
    let api = Api::new();
    let mut spec = two_steps();
    spec["input"] = json!({"type": "object", "required": ["text"]});
    let workflow = api.create(spec).await;
    for path in ["run", "runs"] {
        let answer = api
            .post(&format!("{workflow}/{path}"), json!({"input": {}}))
            .await;
        let problem = answer.problem();
        assert_eq!(
            (answer.status.as_u16(), &problem["code"]),
            (422, &json!("invalid_input"))
        );
        assert_eq!(problem["errors"][0]["pointer"], "#/input");
        assert_eq!(
            problem["errors"][0]["detail"],
            "\"text\" is a required property"
        );
    }
}

#[tokio::test]
async fn the_history_of_a_step_has_attempts_and_debug_data() {
    let api = Api::new();
    let run = api.start().await;
    api.script.record_debug(json!({"prompt": "Explain Rust"}));
    api.script.finish("It is.");
    let mut events = api.events(&run).await;
    let completed = loop {
        let completed = events.until("node.completed").await;
        if completed["path"] == "llm_step" {
            break completed;
        }
    };
    assert_eq!(completed.get("debug"), None);
    events.until("run.completed").await;

    let step = api.get(&format!("{run}/steps/llm_step")).await.json();
    assert_eq!(
        (&step["status"], &step["type"]),
        (&json!("completed"), &json!("LLMNode"))
    );
    assert_eq!(step["output"], "It is.");
    let attempts = step["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0]["debug"], json!({"prompt": "Explain Rust"}));
    assert!(attempts[0]["ended_at"].is_string());
    assert_eq!(step.get("debug"), None);

    let page = api
        .ask(with_body(
            request("GET", &format!("{run}/events")).header(ACCEPT, "application/json"),
            "",
        ))
        .await;
    assert!(!page.text.contains("\"debug\""), "{}", page.text);
    let unknown = api.get(&format!("{run}/steps/each/2/sum")).await;
    assert_eq!(unknown.refusal(), (404, "unknown_step".into()));
}

#[tokio::test]
async fn two_runs_are_compared() {
    let api = Api::new();
    let (a, b) = (api.start().await, api.start().await);
    api.script.finish("It is.");
    api.events(&a).await.until("run.completed").await;
    api.script.finish("It is not.");
    api.events(&b).await.until("run.completed").await;
    let id = |run: &str| run.rsplit('/').next().unwrap_or_default().to_owned();
    let diff = api.get(&format!("{a}/diff/{}", id(&b))).await.json();
    assert_eq!(
        (&diff["steps"][0]["change"], &diff["steps"][1]["change"]),
        (&json!("same"), &json!("changed"))
    );
    let patch = &diff["steps"][1]["output"]["patch"][0];
    assert_eq!(
        (&patch["op"], &patch["path"]),
        (&json!("replace"), &json!(""))
    );
    for unknown in ["x", "0197f9d2-6f3e-7000-8000-000000000001"] {
        let refused = api.get(&format!("{a}/diff/{unknown}")).await;
        assert_eq!(refused.refusal(), (404, "unknown_run".into()));
        let refused = api
            .get(&format!("/api/runs/{unknown}/diff/{}", id(&a)))
            .await;
        assert_eq!(refused.refusal(), (404, "unknown_run".into()));
    }
}

#[tokio::test]
async fn an_expression_is_evaluated_where_a_step_was_decided() {
    let api = Api::new();
    let run = api.start().await;
    api.script.finish("It is.");
    api.events(&run).await.until("run.completed").await;
    let path = format!("{run}/evaluate");
    let evaluate = |at: &str, expression: &str| {
        let body = json!({"at": at, "expression": expression});
        api.post(&path, body)
    };
    let answer = evaluate("llm_step", "[input, prompt_step.output | upper]").await;
    assert_eq!(answer.json(), json!({"value": ["Rust", "EXPLAIN RUST"]}));

    let unknown = evaluate("llm_stop", "input").await;
    assert_eq!(unknown.refusal(), (422, "invalid_body".into()));
    assert_eq!(
        unknown.problem()["errors"],
        json!([{"code": "unknown_reference", "pointer": "#/at", "detail": "the run has no step `llm_stop`",
                "hint": "did you mean `llm_step`?"}])
    );
    let later = evaluate("prompt_step", "llm_step.output").await;
    assert_eq!(later.problem()["errors"][0]["pointer"], "#/expression");
    let wrong = api
        .post(
            &format!("{run}/evaluate"),
            json!({"at": 1, "exprossion": "x"}),
        )
        .await;
    assert_eq!(wrong.refusal(), (422, "invalid_body".into()));
    let unknown = "/api/runs/0197f9d2-6f3e-7000-8000-000000000001/evaluate";
    let body = json!({"at": "a", "expression": "1"});
    assert_eq!(
        api.post(unknown, body).await.refusal(),
        (404, "unknown_run".into())
    );
}

#[tokio::test]
async fn a_run_has_the_budget_of_its_request_within_that_of_its_workflow() {
    let api = Api::new();
    let mut spec = two_steps();
    spec["budget"] = json!({"usd": 2, "calls": 5});
    let workflow = api.create(spec).await;
    let runs = format!("{workflow}/runs");
    for (budget, pointer) in [
        (json!({"usd": 3}), "#/budget/usd"),
        (json!({"usd": 0}), "#/budget/usd"),
        (json!({"usd": 0.000_000_000_1}), "#/budget/usd"),
        (json!({"calls": -1}), "#/budget/calls"),
        (json!({"tokens": "many"}), "#/budget/tokens"),
        (json!({"eur": 1}), "#/budget/eur"),
        (json!({}), "#/budget"),
        (json!(1), "#/budget"),
    ] {
        let refused = api
            .post(&runs, json!({"input": "Rust", "budget": budget}))
            .await;
        assert_eq!(refused.refusal(), (422, "invalid_body".into()), "{budget}");
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{budget}");
    }
    assert_eq!(
        api.get("/api/runs").await.json()["items"],
        json!([]),
        "nothing was started"
    );

    let budget = json!({"usd": 1.25, "tokens": 100});
    let started = api
        .post(&runs, json!({"input": "Rust", "budget": budget}))
        .await;
    assert_eq!(started.status, StatusCode::ACCEPTED);
    let run = started.header("location");
    api.script.finish("It is.");
    api.events(run).await.until("run.completed").await;
    let report = api.get(run).await.json();
    assert_eq!(
        report["budget"]["limit"],
        json!({"usd": 1.25, "tokens": 100, "calls": 5})
    );
    assert_eq!(
        report["budget"]["reserved"],
        json!({"calls": 0, "tokens": 0, "usd": 0})
    );

    let again = json!({"budget": {"usd": 2.5}});
    let refused = api.post(&format!("{run}/retry"), again).await;
    assert_eq!(refused.refusal(), (422, "invalid_body".into()));
    assert_eq!(refused.json()["errors"][0]["pointer"], "#/budget/usd");
}
