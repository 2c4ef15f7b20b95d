//! What is counted, and who may read it.

mod support;

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::json;
use support::{Answer, Api, two_steps};
use workflow_core::NodeError;
use workflow_http::{Metrics, Options};

/// The number of a line, or none when there is no such line.
fn number(answer: &Answer, line: &str) -> Option<f64> {
    let mut lines = answer.text.lines();
    lines.find_map(|told| told.strip_prefix(line)?.strip_prefix(' ')?.parse().ok())
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

    let told = api.get("/metrics").await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(
        told.header("content-type")
            .starts_with("application/openmetrics-text")
    );
    assert!(told.text.ends_with("# EOF\n"));
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
        assert_eq!(number(&told, line), Some(count), "{line} in\n{}", told.text);
    }
    assert!(
        !told
            .text
            .contains(workflow.rsplit('/').next().unwrap_or_default()),
        "no ids"
    );
    drop(reader);
    let told = api.get("/metrics").await;
    assert_eq!(number(&told, "workflow_readers"), Some(0.0));
}

#[tokio::test]
async fn labels_that_callers_choose_are_bounded() {
    let metrics = Arc::new(Metrics::default());
    let api = Api::observed(Options::default().with_metrics(metrics.clone()), metrics);
    for n in 0..20 {
        api.get(&format!("/nothing/{n}")).await;
    }
    let told = api.get("/metrics").await;
    let line = "workflow_http_request_duration_seconds_count{method=\"GET\",route=\"none\",status=\"404\"}";
    assert_eq!(number(&told, line), Some(20.0), "{}", told.text);
}

#[tokio::test]
async fn a_service_that_counts_nothing_says_so() {
    assert_eq!(
        Api::new().get("/metrics").await.refusal(),
        (404, "not_found".into())
    );
}
