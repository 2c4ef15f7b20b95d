//! A JSON Schema, the input of a run and the answer to a human step: `[schema, input, answer]`.
//!
//! Properties: a schema is refused or used. A value that does not match it is refused, and one that does is used
//! unchanged. Templates that process it fail with a named error at most. Nothing panics or takes long.
#![no_main]

use std::{slice, sync::Arc};

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::{Value, json};
use workflow_core::{EventKind, StepEvent, Workflow};
use workflow_fuzz::{faults, json, nodes::REGISTRY, run};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    json::mutate(data, size, max_size, seed, fuzzer_mutate, |_, _| {})
});

fuzz_target!(|data: &[u8]| run::on_small_stack(data, || check(data)));

fn check(data: &[u8]) {
    let Ok(values) = serde_json::from_slice::<[Value; 3]>(data) else {
        return;
    };
    let [schema, input, answer] = values;
    let spec = spec(&schema);
    let workflow = match Workflow::from_spec(&spec, &REGISTRY) {
        Ok(workflow) => Arc::new(workflow),
        Err(refused) => return faults::check(&refused, Some(&spec)),
    };
    let fits = workflow.check_input(&input);
    let log = run::block_on(run::run(&workflow, input, slice::from_ref(&answer)));
    let begins = log
        .iter()
        .any(|event| matches!(event.kind, EventKind::RunStarted(_)));
    assert_eq!(begins, fits.is_ok(), "{fits:?}");
    let taken = log.iter().find_map(answer_of);
    assert!(
        taken.is_none_or(|taken| taken == answer),
        "an answer changed"
    );
}

fn answer_of(event: &StepEvent) -> Option<Value> {
    match &event.kind {
        EventKind::NodeResumed(resumed) => resumed.payload.as_deref().cloned(),
        _ => None,
    }
}

/// A workflow that uses the values in every kind of place.
fn spec(schema: &Value) -> Value {
    json!({"input": schema, "nodes": [
        {"id": "all", "type": "TransformNode", "data": {"value": {"same": "{{ input }}", "text": ":{{ input }}", "json": "{{ input | tojson }}"}}},
        {"id": "walk", "type": "PromptNode", "on_error": "continue", "data": {"template":
            "{% for k, v in input | items %}{{ k }}={{ v | string | upper }}{{ v is mapping }}{% endfor %}{{ input | dictsort | first }}"}},
        {"id": "sort", "type": "TransformNode", "needs": ["all"], "on_error": "continue", "data": {"value": "{{ input | sort | unique | list }}"}},
        {"id": "sum", "type": "TransformNode", "needs": ["all"], "on_error": "continue", "data": {"value": "{{ (input | sum) * 3 // 2 ** 2 % 5 }}"}},
        {"id": "cut", "type": "TransformNode", "needs": ["all"], "on_error": "continue", "data": {"value": "{{ [input[1:], input | first, input | length, input | reverse] }}"}},
        {"id": "each", "type": "MapNode", "needs": ["all"], "on_error": "continue", "data": {"over": "input", "on_item_error": "null", "nodes": [
            {"id": "odd", "type": "TransformNode", "when": "item", "data": {"value": "{{ item ~ index }}"}}]}},
        {"id": "ask", "type": "HumanNode", "needs": ["walk", "each"], "data": {"message": "{{ input }}", "schema": if schema.is_object() { schema.clone() } else { json!({}) }}},
        {"id": "end", "type": "TransformNode", "data": {"value": ["{{ ask.output }}", "{{ ask.output == input }}", "{{ ask.output in [input] }}"]}}]})
}
