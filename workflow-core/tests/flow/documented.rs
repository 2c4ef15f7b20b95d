//! The examples of the language page run.

use serde_json::{Value, json};
use workflow_core::{EventKind, StepEvent};

use crate::prefixes::end_the_same;

const PAGE: &str = include_str!("../../../docs/LANGUAGE.md");

/// Runs the example below this heading with the first of its inputs.
async fn example(heading: &str) -> Vec<StepEvent> {
    let (_, rest) = PAGE.split_once(&format!("\n### {heading}\n")).unwrap();
    let (_, rest) = rest.split_once("```json\n").unwrap();
    let (json, _) = rest.split_once("```").unwrap();
    let spec: Value = serde_json::from_str(json).unwrap();
    let input = spec["input"]["examples"][0].clone();
    end_the_same(&spec, input).await
}

fn output(events: &[StepEvent]) -> Value {
    match &events.last().unwrap().kind {
        EventKind::RunCompleted(completed) => (*completed.output).clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn loops() {
    assert_eq!(
        output(&example("Loops").await),
        json!("18, and not more in 3 rounds")
    );
}

#[tokio::test(start_paused = true)]
async fn branches() {
    assert_eq!(
        output(&example("Branches").await),
        json!("Refund: I want my money back")
    );
}

#[tokio::test(start_paused = true)]
async fn stopping_early() {
    assert_eq!(
        output(&example("Stopping early").await),
        json!({"answer": "4", "sure": true})
    );
}

#[tokio::test(start_paused = true)]
async fn when_a_run_fails() {
    let events = example("When a run fails").await;
    let notice = events.iter().find_map(|event| match &event.kind {
        EventKind::NodeCompleted(it) if it.step.path().as_str() == "on_failure/notice" => {
            Some((*it.output).clone())
        }
        _ => None,
    });
    assert_eq!(
        notice,
        Some(
            json!({"text": "report.pdf: template_error in read", "pages": 3, "read": "unsettled"})
        )
    );
    assert_eq!(events.last().unwrap().kind.name(), "run.failed");
}
