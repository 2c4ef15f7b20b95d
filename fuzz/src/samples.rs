//! Valid workflows and their inputs.

use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};
use workflow_core::{Workflow, workflow::Library};

use crate::nodes::REGISTRY;

/// An input with values of every kind.
pub fn rich_input() -> Value {
    json!({
        "text": "A ticket: ünï–cödé 🦀\n{{ input }} {% raw %}",
        "topic": "rust", "empty": "", "null": null, "yes": true, "no": false,
        "zero": 0, "n": 42, "neg": -7, "f": 0.1, "big": u64::MAX, "small": i64::MIN, "huge": 1e308,
        "list": [3, 1, 2], "words": ["b", "a", "ä"], "none": [],
        "docs": ["one", "two", "three"],
        "rows": [{"k": "x", "v": 1}, {"k": "y", "v": 2}, {"k": "x", "v": null}],
        "deep": {"a": {"b": {"c": [[["d"]]]}}}, "odd key": {"": 1, "a.b": 2, "items": 3},
    })
}

/// Answers to human steps.
pub fn answers() -> Vec<Value> {
    vec![
        json!({"ok": true}),
        json!("yes"),
        json!(7),
        json!(null),
        json!([1]),
        json!({"ok": false, "edited": "x"}),
    ]
}

/// The workflows that `WorkflowNode`s can call.
pub static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let called = json!({"nodes": [
        {"id": "x", "type": "TransformNode", "data": {"value": "{{ input }}"}},
        {"id": "y", "type": "HttpNode", "data": {"url": "{{ x.output }}", "json": ["{{ x.output }}"], "millis": 2}}]});
    let strict = json!({"input": {"type": "string", "minLength": 1}, "timeout": "5m", "nodes": [
        {"id": "z", "type": "LLMNode", "data": {"prompt": "Strengths of {{ input }}"}}]});
    let mut library = Library::new();
    for (name, spec) in [("called", called), ("product-brief", strict)] {
        let workflow = Workflow::from_spec(&spec, &REGISTRY).expect("a good workflow");
        library.insert(name, Arc::new(workflow));
    }
    library
});

/// Builds a workflow with the node types and the library of this crate.
pub fn workflow(spec: &Value) -> Arc<Workflow> {
    let workflow = Workflow::with_library(spec, &REGISTRY, &LIBRARY);
    Arc::new(workflow.unwrap_or_else(|invalid| panic!("{invalid}")))
}

/// Specifications that use every part of the language.
pub fn specs() -> Vec<Value> {
    vec![
        containers(),
        people(),
        json!({"nodes": [{"id": "a", "type": "TransformNode", "data": {"value": "{{ input.text }}"}}]}),
        json!({"name": "summarise-many", "input": {"type": "object", "required": ["docs"],
                "properties": {"docs": {"type": "array", "items": {"type": "string"}}}},
            "nodes": [
                {"id": "each", "type": "MapNode", "data": {"over": "input.docs", "as": "doc", "concurrency": 4, "on_item_error": "null",
                    "nodes": [{"id": "sum", "type": "LLMNode", "retry": 3, "data": {"prompt": "Summarise document {{index}}: {{doc}}"}}]}},
                {"id": "refine", "type": "LoopNode", "data": {"max": 4, "until": "judge.output.score >= 0.8",
                    "nodes": [
                        {"id": "draft", "type": "LLMNode", "data": {"prompt": "Merge: {{each.output | tojson}}\n{% if previous %}Earlier: {{previous.text}} {{previous.critique}}{% endif %}"}},
                        {"id": "judge", "type": "TransformNode", "data": {"value": {"score": "{{ index / 2 }}", "critique": "{{ draft.output | length }}"}}}],
                    "output": {"text": "{{draft.output}}", "critique": "{{judge.output.critique}}"}}}],
            "output": "{{refine.output.text}}"}),
        json!({"name": "publish-article", "input": {"type": "object", "required": ["topic"], "properties": {"topic": {"type": "string"}}},
            "nodes": [
                {"id": "write", "type": "WorkflowNode", "timeout": "5m", "data": {"workflow": "product-brief", "input": "{{input.topic}}"}},
                {"id": "approve", "type": "HumanNode", "data": {"message": "Publish this?\n\n{{write.output}}", "expires": "24h",
                    "schema": {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}, "edited": {"type": "string"}}}}},
                {"id": "publish", "type": "HttpNode", "when": "approve.output.ok", "on_error": "continue", "retry": 5,
                    "data": {"url": "https://cms.example.com/articles", "headers": {"authorization": {"$secret": "CMS_TOKEN"}, "x": "{{input.topic}}"},
                        "json": {"title": "{{input.topic}}", "body": "{{approve.output.edited | default(write.output)}}"}}},
                {"id": "report-failure", "type": "TransformNode", "when": "publish.status == 'failed'", "data": {"value": {"alert": "{{publish.error.detail}}"}}}],
            "output": {"published": "{{publish.status}}", "reported": "{{report_failure.status}}"}}),
    ]
}

/// All control nodes: a map, a loop, calls, a delay and a human step, with failures, skips and retries.
pub fn containers() -> Value {
    json!({"timeout": "30d", "defaults": {"retry": {"max_attempts": 2, "delay": "500ms", "factor": 1.5, "jitter": false}}, "nodes": [
        {"id": "each", "type": "MapNode", "data": {"over": "[1, 2, 3]", "concurrency": 2, "on_item_error": "null", "nodes": [
            {"id": "call", "type": "WorkflowNode", "data": {"workflow": "called"}},
            {"id": "odd", "type": "HttpNode", "needs": ["call"], "when": "item == 2", "data": {"url": "{{ item }}", "failures": 9}}]}},
        {"id": "refine", "type": "LoopNode", "needs": [], "timeout": "1h", "data": {"max": 2, "until": "index == 5", "output": {"n": "{{ n.output }}"}, "nodes": [
            {"id": "n", "type": "HttpNode", "data": {"url": "{{ (previous.n if previous else 0) ~ index }}", "millis": 4}},
            {"id": "pause", "type": "DelayNode", "data": {"for": "1s"}}]}},
        {"id": "flaky", "type": "HttpNode", "needs": [], "retry": 3, "on_error": {"output": 0}, "data": {"url": "u", "failures": 1}},
        {"id": "ask", "type": "HumanNode", "needs": ["each", "refine", "flaky"], "data": {"message": "{{ each.output }}?", "expires": "20d"}},
        {"id": "end", "type": "TransformNode", "data": {"value": ["{{ each.output }}", "{{ refine.output.n }}", "{{ ask.output }}"]}}]})
}

/// Human steps within a map within a loop, a long delay, and a failure with `on_error: continue`.
pub fn people() -> Value {
    json!({"nodes": [
        {"id": "rounds", "type": "LoopNode", "data": {"max": 2, "until": "votes.output | length > 2", "nodes": [
            {"id": "votes", "type": "MapNode", "data": {"over": "input.words[:2]", "as": "word", "nodes": [
                {"id": "vote", "type": "HumanNode", "data": {"message": "{{ word }}?", "schema": {"type": "integer", "maximum": 9}}}]}}]}},
        {"id": "fails", "type": "HttpNode", "needs": [], "on_error": "continue", "on_ambiguous": "fail", "data": {"url": "x", "failures": 9}},
        {"id": "skipped", "type": "PromptNode", "when": "fails.status == 'completed'", "data": {"template": "{{ input.n }}"}},
        {"id": "long", "type": "DelayNode", "needs": ["fails", "rounds"], "data": {"for": "2m"}},
        {"id": "end-1", "type": "TransformNode", "needs": ["long", "skipped"], "data": {"value": "{{ rounds.output }}"}}],
     "output": {"end": "{{ end_1.output }}", "error": "{{ fails.error.code }}"}})
}
