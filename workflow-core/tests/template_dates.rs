//! `dateformat` and `add_duration`.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Probe, registry, rendered};
use workflow_core::{Fault, Workflow, error::FaultCode};

#[tokio::test(start_paused = true)]
async fn times_are_formatted_and_moved() {
    let input = json!({"t": "2026-01-31T23:30:15.250000Z", "o": "2026-01-31T23:30:15+02:00", "d": "2026-02-28", "f": "%H Uhr", "n": "-90s"});
    for (template, expected) in [
        ("{{ input.t | dateformat }}", "2026-01-31 23:30"),
        ("{{ input.t | dateformat('%d.%m.%Y') }}", "31.01.2026"),
        (
            "{{ input.t | dateformat('%Y-%m-%dT%H:%M:%S%.3f%:z', '+02:00') }}",
            "2026-02-01T01:30:15.250+02:00",
        ),
        (
            "{{ input.t | dateformat('%H:%M', offset='-0530') }}",
            "18:00",
        ),
        ("{{ input.t | dateformat('%H', '+01') }}", "00"),
        (
            "{{ input.t | dateformat('%A, %-d %B') }}",
            "Saturday, 31 January",
        ),
        ("{{ input.t | dateformat('%s') }}", "1769902215"),
        ("{{ input.t | dateformat('100 %%') }}", "100 %"),
        ("{{ input.t | dateformat(input.f) }}", "23 Uhr"),
        ("{{ input.o | dateformat }}", "2026-01-31 21:30"),
        ("{{ input.d | dateformat }}", "2026-02-28 00:00"),
        (
            "{{ input.t | add_duration('2h') }}",
            "2026-02-01T01:30:15.250000Z",
        ),
        (
            "{{ input.t | add_duration('1d 12h') }}",
            "2026-02-02T11:30:15.250000Z",
        ),
        (
            "{{ input.t | add_duration('P1M') }}",
            "2026-02-28T23:30:15.250000Z",
        ),
        (
            "{{ input.t | add_duration('-P1D') }}",
            "2026-01-30T23:30:15.250000Z",
        ),
        (
            "{{ input.t | add_duration('PT15M') | dateformat('%H:%M') }}",
            "23:45",
        ),
        (
            "{{ input.t | add_duration(input.n) }}",
            "2026-01-31T23:28:45.250000Z",
        ),
        (
            "{{ input.d | add_duration('1 day') | dateformat('%Y-%m-%d') }}",
            "2026-03-01",
        ),
        // Times of one form have the order of their texts.
        (
            "{{ 'late' if input.t | add_duration('1m') > input.t }}",
            "late",
        ),
    ] {
        assert_eq!(
            rendered(template, &input).await,
            Ok(json!(expected)),
            "{template}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_time_is_an_error_with_the_value() {
    let input = json!({"t": "2026-01-31T23:30:15.250000Z", "f": "%H Uhr"});
    let many = format!("{{{{ '{}' | dateformat }}}}", "9".repeat(500));
    for (template, parts) in [
        (
            "{{ 'soon' | dateformat }}",
            &[
                "`dateformat`",
                "\"soon\" is not a time",
                "2026-01-31T12:00:00Z",
            ] as &[&str],
        ),
        (
            "{{ '2026-01-31T12:00:00' | dateformat }}",
            &["`Z` or an offset"],
        ),
        (
            "{{ '2026-02-30' | dateformat }}",
            &["\"2026-02-30\" is not a time"],
        ),
        ("{{ '20260131' | add_duration('1d') }}", &["is not a time"]),
        ("{{ 5 | dateformat }}", &["a time as text, not a number"]),
        (
            "{{ input.t | dateformat(input.t ~ '%é') }}",
            &["is not a format"],
        ),
        (
            "{{ input.t | dateformat('%' * 300) }}",
            &["300 bytes, at most 200"],
        ),
        (
            "{{ input.t | dateformat(offset=input.f) }}",
            &["is not an offset", "'+02:00'"],
        ),
        (
            "{{ input.t | dateformat('%H', 2) }}",
            &["an offset as text, not a number"],
        ),
        (
            "{{ input.t | add_duration(input.f) }}",
            &["`add_duration`", "is not a duration", "'2h'"],
        ),
        ("{{ input.t | add_duration('9000y') }}", &["out of range"]),
        (
            "{{ input.nothing | dateformat }}",
            &["`input.nothing` is missing"],
        ),
        (&many, &["is not a time"]),
    ] {
        let error = rendered(template, &input).await.expect_err(template);
        for part in parts {
            assert!(error.contains(part), "{template}: {error}");
        }
    }
}

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
fn written_arguments_are_checked_with_the_workflow() {
    for (template, part) in [
        ("{{ input.at | dateformat('%é') }}", "is not a format"),
        (
            "{{ input.at | dateformat('%H', 'Europe/Berlin') }}",
            "names of time zones are not known",
        ),
        (
            "{{ input.at | dateformat('%H', '+25:00') }}",
            "is not an offset",
        ),
        ("{{ input.at | add_duration('soon') }}", "is not a duration"),
    ] {
        let found = faults(&one("TransformNode", &json!({"value": template})));
        assert_eq!(found.len(), 1, "{template}: {found:?}");
        assert_eq!(found[0].code, FaultCode::TemplateSyntax, "{template}");
        assert!(
            found[0].detail.contains(part),
            "{template}: {}",
            found[0].detail
        );
    }
}
