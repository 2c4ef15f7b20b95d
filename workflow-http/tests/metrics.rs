//! Metrics: values, and access.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::json;
use support::{Answer, Api, two_steps};
use workflow_core::{NodeError, StepEvent, engine::Observer};
use workflow_http::{Metrics, Options};

/// The value of a line; `None` if there is no such line.
fn number(answer: &Answer, line: &str) -> Option<f64> {
    let mut lines = answer.text.lines();
    lines.find_map(|text| text.strip_prefix(line)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test]
async fn runs_steps_models_and_requests_are_counted() {
    let metrics = Arc::new(Metrics::default());
    let api = Api::observed(Options::default().with_metrics(metrics.clone()), metrics);
    let workflow = api.create(two_steps()).await;
    for outcome in ["ok", "fail"] {
        let start = api
            .post(&format!("{workflow}/runs"), json!({"input": 1}))
            .await;
        match outcome {
            "ok" => api.script.finish("It is."),
            _ => api.script.fail(NodeError::new("bad", "no")),
        }
        let _ = api.events(start.header("location")).await.rest().await;
    }
    let waiting = api
        .post(&format!("{workflow}/runs"), json!({"input": 1}))
        .await;
    let mut reader = api.events(waiting.header("location")).await;
    reader.until("node.completed").await;

    let metrics = api.get("/metrics").await;
    assert_eq!(metrics.status, StatusCode::OK);
    assert!(
        metrics
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    assert!(metrics.text.ends_with("# EOF\n"));
    let expected = [
        ("workflow_runs{status=\"running\"}", 1.0),
        ("workflow_runs{status=\"failed\"}", 1.0),
        ("workflow_runs_created_total", 3.0),
        (
            "workflow_run_duration_seconds_count{status=\"completed\"}",
            1.0,
        ),
        (
            "workflow_step_duration_seconds_count{node_type=\"PromptNode\",outcome=\"completed\"}",
            3.0,
        ),
        (
            "workflow_step_duration_seconds_count{node_type=\"LLMNode\",outcome=\"failed\"}",
            1.0,
        ),
        ("workflow_readers", 1.0),
        (
            "workflow_http_request_duration_seconds_count{method=\"POST\",route=\"/api/workflows/{id}/runs\",status=\"202\"}",
            3.0,
        ),
    ];
    for (line, count) in expected {
        assert_eq!(
            number(&metrics, line),
            Some(count),
            "{line} in\n{}",
            metrics.text
        );
    }
    assert!(
        !metrics
            .text
            .contains(workflow.rsplit('/').next().unwrap_or_default()),
        "no ids"
    );
    drop(reader);
    let metrics = api.get("/metrics").await;
    assert_eq!(number(&metrics, "workflow_readers"), Some(0.0));
}

#[tokio::test]
async fn labels_that_clients_choose_are_bounded() {
    let metrics = Arc::new(Metrics::default());
    let api = Api::observed(Options::default().with_metrics(metrics.clone()), metrics);
    for n in 0..20 {
        api.get(&format!("/nothing/{n}")).await;
    }
    let metrics = api.get("/metrics").await;
    let line = "workflow_http_request_duration_seconds_count{method=\"GET\",route=\"none\",status=\"404\"}";
    assert_eq!(number(&metrics, line), Some(20.0), "{}", metrics.text);
}

#[tokio::test]
async fn without_metrics_the_path_is_not_found() {
    assert_eq!(
        Api::new().get("/metrics").await.refusal(),
        (404, "not_found".into())
    );
}

#[tokio::test]
async fn queued_attempts_are_counted_while_they_wait() {
    let queued = |position| json!({"type": "node.queued", "queue": "m", "position": position});
    let admitted = json!({"type": "node.admitted", "queued_ms": 1_500});
    let error = json!({"title": "", "code": "x", "detail": ""});
    let usage = json!({"input_tokens": 0, "output_tokens": 0});
    for (events, waiting, waited) in [
        (vec![queued(8)], 1.0, None),
        (vec![queued(8), queued(4), queued(2)], 1.0, None),
        (vec![queued(8), admitted.clone()], 0.0, Some(1.0)),
        (vec![queued(8), admitted.clone(), queued(3)], 1.0, Some(1.0)),
        (
            vec![queued(8), admitted.clone(), queued(3), admitted],
            0.0,
            Some(2.0),
        ),
        (
            vec![
                queued(8),
                json!({"type": "node.completed", "output": 1, "duration_ms": 1}),
            ],
            0.0,
            None,
        ),
        (
            vec![
                queued(8),
                json!({"type": "node.failed", "error": error, "handled": false,
                "duration_ms": 1}),
            ],
            0.0,
            None,
        ),
        (
            vec![
                queued(8),
                json!({"type": "node.retrying", "max_attempts": 2, "next_in_ms": 1,
                "error": error}),
            ],
            0.0,
            None,
        ),
        (
            vec![queued(8), json!({"type": "node.cancelled", "reason": "x"})],
            0.0,
            None,
        ),
        (
            vec![
                queued(8),
                json!({"type": "node.started", "max_attempts": 2}),
            ],
            0.0,
            None,
        ),
        (
            vec![
                queued(8),
                json!({"type": "run.suspended", "reason": "shutdown"}),
            ],
            0.0,
            None,
        ),
        (
            vec![
                queued(8),
                json!({"type": "run.cancelled", "reason": "x", "usage": usage,
                "duration_ms": 1}),
            ],
            0.0,
            None,
        ),
    ] {
        let metrics = Arc::new(Metrics::default());
        let api = Api::observed(
            Options::default().with_metrics(metrics.clone()),
            metrics.clone(),
        );
        for (index, event) in events.iter().enumerate() {
            let mut json = json!({"seq": index + 1, "run_id": "01a214c8-0904-72d6-abac-0937f6104794",
                "time": "2026-11-25T22:16:23.556127Z", "node": "a", "path": "a", "attempt": 1});
            json.as_object_mut()
                .unwrap()
                .extend(event.as_object().unwrap().clone());
            let event: StepEvent = serde_json::from_value(json).unwrap();
            metrics.stored(&event, Some("LLMNode"));
        }
        let metrics = api.get("/metrics").await;
        let line = "workflow_queue_waiting{queue=\"m\"}";
        assert_eq!(number(&metrics, line), Some(waiting), "{events:?}");
        let line = "workflow_queue_wait_seconds_count{queue=\"m\"}";
        assert_eq!(number(&metrics, line), waited, "{events:?}");
    }
}

/// An event of step `a`, as an observer sees it.
fn event(seq: usize, body: &serde_json::Value) -> StepEvent {
    let mut json = json!({"seq": seq, "run_id": "01a214c8-0904-72d6-abac-0937f6104794",
        "time": "2026-11-25T22:16:23.556127Z", "node": "a", "path": "a", "attempt": 1});
    let fields = body.as_object().unwrap().clone();
    json.as_object_mut().unwrap().extend(fields);
    serde_json::from_value(json).unwrap()
}

#[tokio::test]
async fn costs_and_what_budgets_did_not_admit_are_counted() {
    let metrics = Arc::new(Metrics::default());
    let options = Options::default().with_metrics(metrics.clone());
    let api = Api::observed(options, metrics.clone());
    let failed = |code: &str| {
        json!({"type": "node.failed", "handled": false, "duration_ms": 1,
            "error": {"title": "", "code": code, "detail": ""}})
    };
    let completed = |report: serde_json::Value| {
        let mut completed = json!({"type": "node.completed", "output": 1, "duration_ms": 1});
        let fields = report.as_object().unwrap().clone();
        completed.as_object_mut().unwrap().extend(fields);
        completed
    };
    let bodies = [
        completed(json!({"model": "m", "cost": {"usd": 0.25}})),
        completed(
            json!({"model": "m", "cost": {"usd": 0.5, "at_least": true}, "bound_exceeded": true}),
        ),
        completed(json!({"model": "unpriced", "usage": {"input_tokens": 1, "output_tokens": 1}})),
        completed(json!({})),
        failed("budget_exceeded"),
        failed("budget_exceeded"),
        failed("unpriced_model"),
        failed("timeout"),
    ];
    for (index, body) in bodies.iter().enumerate() {
        metrics.stored(&event(index + 1, body), Some("LLMNode"));
    }
    let shown = api.get("/metrics").await;
    let value = |line: &str| number(&shown, line);
    assert_eq!(value("workflow_cost_usd_total{model=\"m\"}"), Some(0.75));
    assert_eq!(
        value("workflow_cost_usd_total{model=\"unpriced\"}"),
        None,
        "no false zero"
    );
    assert_eq!(value("workflow_cost_usd_total{model=\"unknown\"}"), None);
    assert_eq!(
        value("workflow_bounds_exceeded_total{model=\"m\"}"),
        Some(1.0)
    );
    let refused = |code: &str| {
        value(&format!(
            "workflow_budget_refusals_total{{code=\"{code}\"}}"
        ))
    };
    assert_eq!(refused("budget_exceeded"), Some(2.0));
    assert_eq!(refused("unpriced_model"), Some(1.0));
    assert_eq!(refused("timeout"), None);
}
