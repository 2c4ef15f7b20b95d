//! Fields that may be templates for a duration, a time or a number.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{Probe, failure, output_of, registry, run};
use workflow_core::{
    EventKind, Fault, Node, NodeContext, NodeError, Registry, Workflow, error::FaultCode,
    event::NodeWaiting, template::Templated,
};

fn faults(spec: &Value) -> Vec<Fault> {
    let refused = Workflow::from_spec(spec, &registry(&Probe::default())).err();
    refused.map_or_else(Vec::new, workflow_core::InvalidWorkflow::into_faults)
}

fn one(kind: &str, data: &Value) -> Value {
    json!({
        "input": {"type": "object", "properties": {"hours": {}, "at": {}, "model": {}}},
        "nodes": [{"id": "n", "type": kind, "data": data}],
    })
}

#[test]
fn a_wait_is_a_duration_a_time_or_a_template() {
    for (kind, data) in [
        ("DelayNode", json!({"for": "5m"})),
        ("DelayNode", json!({"for": "{{ input.hours }}h"})),
        ("DelayNode", json!({"for": "{{ input.hours }}"})),
        ("DelayNode", json!({"until": "2026-12-24T18:00:00+01:00"})),
        ("DelayNode", json!({"until": "2026-12-24"})),
        (
            "DelayNode",
            json!({"until": "{{ run.started_at | add_duration('1d') }}"}),
        ),
        (
            "HumanNode",
            json!({"message": "Well?", "expires": "{{ input.hours }}h"}),
        ),
    ] {
        assert_eq!(faults(&one(kind, &data)), [], "{data}");
    }
}

#[test]
fn what_is_no_wait_is_a_fault_at_its_place() {
    use FaultCode::{
        InvalidValue, MissingField, NotApplicable, TemplateSyntax, UnknownFieldReference,
        UnknownReference,
    };
    for (kind, data, code, at, part) in [
        ("DelayNode", json!({}), MissingField, "", "`for` is missing"),
        (
            "DelayNode",
            json!({"for": "1s", "until": "2026-12-24"}),
            NotApplicable,
            "/until",
            "not both",
        ),
        (
            "DelayNode",
            json!({"for": "30 s"}),
            InvalidValue,
            "/for",
            "\"30 s\" is not a duration",
        ),
        ("DelayNode", json!({"for": 30}), InvalidValue, "/for", "30"),
        (
            "DelayNode",
            json!({"for": "{{ x }}"}),
            UnknownReference,
            "/for",
            "`x`",
        ),
        (
            "DelayNode",
            json!({"for": "{{ input.day }}h"}),
            UnknownFieldReference,
            "/for",
            "`input.day`",
        ),
        (
            "DelayNode",
            json!({"for": "{{ input.hours "}),
            TemplateSyntax,
            "/for",
            "not closed",
        ),
        (
            "DelayNode",
            json!({"until": "{{ input. }}"}),
            TemplateSyntax,
            "/until",
            "expected a name",
        ),
        (
            "DelayNode",
            json!({"until": "tomorrow"}),
            InvalidValue,
            "/until",
            "\"tomorrow\" is not a time",
        ),
        (
            "DelayNode",
            json!({"until": "2026-12-24T18:00:00"}),
            InvalidValue,
            "/until",
            "offset",
        ),
        (
            "HumanNode",
            json!({"message": "Well?", "expires": "soon"}),
            InvalidValue,
            "/expires",
            "is not a duration",
        ),
        (
            "HumanNode",
            json!({"message": "Well?", "expires": "{{ x }}"}),
            UnknownReference,
            "/expires",
            "`x`",
        ),
    ] {
        let found = faults(&one(kind, &data));
        assert_eq!(found.len(), 1, "{data}: {found:?}");
        assert_eq!(found[0].code, code, "{data}: {found:?}");
        assert_eq!(found[0].pointer, format!("#/nodes/0/data{at}"), "{data}");
        assert!(
            found[0].detail.contains(part),
            "{data}: {}",
            found[0].detail
        );
    }
}

async fn waited(data: Value, input: Value) -> (Duration, Vec<workflow_core::StepEvent>) {
    let (_, events) = run(&one("DelayNode", &data), input).await;
    let begun = events.iter().find_map(|event| match &event.kind {
        EventKind::NodeWaiting(waiting) => Some((event.time, waiting.as_ref().clone())),
        _ => None,
    });
    let wait = begun.map(|(at, NodeWaiting { resumes_at, .. })| resumes_at.unwrap().since(at));
    (wait.unwrap_or_default(), events)
}

#[tokio::test(start_paused = true)]
async fn a_delay_waits_as_its_template_says() {
    let minute = Duration::from_secs(60);
    let (wait, events) = waited(json!({"for": "{{ input.hours }}s"}), json!({"hours": 20})).await;
    assert_eq!(wait, minute / 3);
    assert_eq!(output_of(&events), json!({"hours": 20}));
    let (wait, _) = waited(json!({"for": "{{ input.at }}"}), json!({"at": "90m"})).await;
    assert_eq!(wait, 90 * minute);
    let until = json!({"until": "{{ run.started_at | add_duration('50s') }}"});
    let (wait, events) = waited(until, json!({})).await;
    assert!(wait <= minute && wait > minute / 2, "{wait:?}");
    assert_eq!(output_of(&events), json!({}));
    // A time that is over is no wait.
    let (wait, events) = waited(json!({"until": "2001-01-01"}), json!({})).await;
    assert_eq!((wait, output_of(&events)), (Duration::ZERO, json!({})));
    for (data, parts) in [
        (
            json!({"for": "{{ input.hours }}h"}),
            &["`{{ input.hours }}h` gives", "soonh", "a duration is"] as &[&str],
        ),
        (
            json!({"for": "{{ input.none }}"}),
            &["`input.none` is missing"],
        ),
        (
            json!({"for": "{{ input.model }}"}),
            &["gives 5: invalid type"],
        ),
        (
            json!({"until": "{{ input.hours }}"}),
            &["\"soon\" is not a time"],
        ),
        (
            json!({"until": "{{ input.at }}"}),
            &["more than 366 days ahead"],
        ),
    ] {
        let mut spec = one("DelayNode", &data);
        spec["input"] = json!({});
        let (_, events) = run(
            &spec,
            json!({"hours": "soon", "model": 5, "at": "9000-01-01"}),
        )
        .await;
        let error = failure(&events);
        assert!(error.starts_with("template_error: "), "{data}: {error}");
        for part in parts {
            assert!(error.contains(part), "{data}: {error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_expires_as_its_template_says() {
    let data = json!({"message": "Well?", "expires": "{{ input.hours }}h"});
    let (_, events) = run(&one("HumanNode", &data), json!({"hours": 3})).await;
    let expires = events.iter().find_map(|event| match &event.kind {
        EventKind::NodeWaiting(waiting) => Some(waiting.expires_at.unwrap().since(event.time)),
        _ => None,
    });
    assert_eq!(expires, Some(Duration::from_secs(3 * 3_600)));
    let (_, events) = run(&one("HumanNode", &data), json!({"hours": "x"})).await;
    assert!(failure(&events).starts_with("template_error: "));
}

/// Gives a number.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Warm {
    /// A number, or a template for one.
    #[schemars(range(min = 0, max = 2))]
    temperature: Option<Templated<f64>>,
}

#[async_trait::async_trait]
impl Node for Warm {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let temperature = self.temperature.as_ref();
        let temperature = temperature
            .map(|value| cx.render_value(value))
            .transpose()?;
        Ok(json!(temperature))
    }
}

#[tokio::test(start_paused = true)]
async fn a_field_of_another_node_may_be_a_number_or_a_template() {
    let mut registry = Registry::default();
    registry.register::<Warm>("WarmNode");
    let spec = |value: &Value| one("WarmNode", &json!({"temperature": value}));
    for (written, expected) in [
        (json!(0.5), Ok(json!(0.5))),
        (json!(2), Ok(json!(2.0))),
        (json!("{{ input.hours }}"), Ok(json!(1.25))),
        (json!("0.{{ input.at }}"), Ok(json!(0.75))),
        (
            json!("{{ input.model }}"),
            Err("gives \"hot\": invalid type"),
        ),
        (json!("{{ input.at / 0 }}"), Err("")),
    ] {
        let workflow = Workflow::from_spec(&spec(&written), &registry).unwrap();
        let input = json!({"hours": 1.25, "at": 75, "model": "hot"});
        let run = workflow_core::Executor::new().run(workflow.into(), input);
        let events = support::collect(run).await;
        match expected {
            Ok(expected) => assert_eq!(output_of(&events), expected, "{written}"),
            Err(part) => assert!(
                failure(&events).contains(part),
                "{written}: {}",
                failure(&events)
            ),
        }
    }
    for wrong in [
        json!(3),
        json!("0.5"),
        json!([]),
        json!("{{ x }}"),
        json!("{{ input.hours "),
    ] {
        let refused = Workflow::from_spec(&spec(&wrong), &registry)
            .unwrap_err()
            .into_faults();
        assert_eq!(refused.len(), 1, "{wrong}: {refused:?}");
        assert_eq!(refused[0].pointer, "#/nodes/0/data/temperature", "{wrong}");
    }
    let schema = registry.language_schema();
    let temperature = &schema["$defs"]["WarmNode.data"]["properties"]["temperature"];
    assert_eq!(
        temperature["type"],
        json!(["number", "string", "null"]),
        "{temperature}"
    );
    assert_eq!(temperature["x-workflow"], "template", "{temperature}");
    assert_eq!(temperature["maximum"], json!(2), "{temperature}");
    let wait = &schema["$defs"]["DelayNode.data"]["properties"]["for"];
    assert_eq!(
        (&wait["type"], &wait["x-workflow"]),
        (&json!(["string", "null"]), &json!("template"))
    );
}
