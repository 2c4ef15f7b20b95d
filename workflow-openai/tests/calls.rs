//! Calls of tools, from servers that deviate from each other, in recorded shapes.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` gives values")]

mod common;

use common::{Heard, events, hear_stream, hear_whole};
use serde_json::{Value, json};

/// A chunk with this delta.
fn delta(delta: Value) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m1-2026", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

fn end(reason: &str) -> Value {
    json!({"id": "chatcmpl-1", "model": "m1-2026", "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

fn call(call: Value) -> Value {
    delta(json!({"tool_calls": [call]}))
}

/// The calls of an answer: id, tool, arguments.
fn calls(heard: &Heard) -> Value {
    let turn = heard.end.as_ref().unwrap();
    let calls = turn.calls.iter().map(|call| {
        assert_eq!(call.problem, None);
        json!([call.id, call.tool, call.args])
    });
    calls.collect()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn calls_are_assembled_however_their_deltas_look() {
    let two = json!([["call_a", "order", {"n": 1}], ["call_b", "ship", {"to": "x"}]]);
    let made_up = json!([["call_0", "order", {"n": 1}], ["call_1", "ship", {"to": "x"}]]);
    for (name, chunks, expected) in [
        (
            "by index, interleaved",
            vec![
                call(
                    json!({"index": 0, "id": "call_a", "type": "function", "function": {"name": "order", "arguments": ""}}),
                ),
                call(
                    json!({"index": 1, "id": "call_b", "type": "function", "function": {"name": "ship", "arguments": ""}}),
                ),
                call(json!({"index": 0, "function": {"arguments": "{\"n\""}})),
                call(json!({"index": 1, "function": {"arguments": "{\"to\":"}})),
                call(json!({"index": 0, "function": {"arguments": ":1}"}})),
                call(json!({"index": 1, "function": {"arguments": "\"x\"}"}})),
            ],
            &two,
        ),
        (
            "id and name repeated in every delta",
            vec![
                call(
                    json!({"index": 0, "id": "call_a", "function": {"name": "order", "arguments": "{\"n\""}}),
                ),
                call(
                    json!({"index": 0, "id": "call_a", "function": {"name": "order", "arguments": ":1}"}}),
                ),
                call(
                    json!({"index": 1, "id": "call_b", "function": {"name": "ship", "arguments": "{\"to\":\"x\"}"}}),
                ),
                call(
                    json!({"index": 1, "id": "call_b", "function": {"name": "ship", "arguments": ""}}),
                ),
            ],
            &two,
        ),
        (
            "another id in every delta of a call (vLLM)",
            vec![
                call(json!({"index": 0, "id": "call_a", "function": {"name": "order"}})),
                call(json!({"index": 0, "id": "other1", "function": {"arguments": "{\"n\""}})),
                call(
                    json!({"index": 0, "id": "other2", "function": {"name": "order", "arguments": ":1}"}}),
                ),
                call(
                    json!({"index": 1, "id": "call_b", "function": {"name": "ship", "arguments": "{\"to\":\"x\"}"}}),
                ),
            ],
            &two,
        ),
        (
            "whole calls, all of index 0 (Gemini)",
            vec![
                call(
                    json!({"index": 0, "id": "call_a", "function": {"name": "order", "arguments": "{\"n\":1}"}}),
                ),
                call(
                    json!({"index": 0, "id": "call_b", "function": {"name": "ship", "arguments": "{\"to\":\"x\"}"}}),
                ),
            ],
            &two,
        ),
        (
            "whole calls, all of index 0, without ids",
            vec![
                call(
                    json!({"index": 0, "id": "", "function": {"name": "order", "arguments": "{\"n\":1}"}}),
                ),
                call(
                    json!({"index": 0, "id": "", "function": {"name": "ship", "arguments": "{\"to\":\"x\"}"}}),
                ),
            ],
            &made_up,
        ),
        (
            "the whole arguments again at the end",
            vec![
                call(
                    json!({"index": 0, "id": "call_a", "function": {"name": "order", "arguments": "{\"n\""}}),
                ),
                call(json!({"index": 0, "function": {"arguments": ":1}"}})),
                call(
                    json!({"index": 0, "id": "call_a", "function": {"name": "order", "arguments": "{\"n\":1}"}}),
                ),
                call(json!({"index": 0, "function": {"name": "order", "arguments": "{\"n\":1}"}})),
                call(
                    json!({"index": 1, "id": "call_b", "function": {"name": "ship", "arguments": "{\"to\":\"x\"}"}}),
                ),
            ],
            &two,
        ),
        (
            "arguments as text within text",
            vec![
                call(
                    json!({"index": 0, "id": "call_a", "function": {"name": "order", "arguments": "\"{\\\"n\\\":1}\""}}),
                ),
                call(
                    json!({"index": 1, "id": "call_b", "function": {"name": "ship", "arguments": "{\"to\":\"x\"}"}}),
                ),
            ],
            &two,
        ),
        (
            "without index, by id",
            vec![
                call(json!({"id": "call_a", "function": {"name": "order", "arguments": "{\"n\""}})),
                call(json!({"id": "call_a", "function": {"arguments": ":1"}})),
                call(json!({"function": {"arguments": "}"}})),
                call(
                    json!({"id": "call_b", "function": {"name": "ship", "arguments": "{\"to\":"}}),
                ),
                call(json!({"id": "", "function": {"name": "", "arguments": "\"x\"}"}})),
            ],
            &two,
        ),
        (
            "without index and id, by name (Ollama)",
            vec![
                call(json!({"function": {"name": "order", "arguments": "{\"n\":"}})),
                call(json!({"function": {"name": "order", "arguments": "1}"}})),
                call(json!({"function": {"name": "ship", "arguments": "{\"to\":\"x\"}"}})),
            ],
            &made_up,
        ),
        (
            "two of a name, with an object as arguments, in one delta",
            vec![delta(json!({"tool_calls": [
                {"function": {"name": "order", "arguments": {"n": 1}}}, {"function": {"name": "ship", "arguments": {"to": "x"}}}]}))],
            &made_up,
        ),
        (
            "braces and quotes in strings do not end arguments",
            vec![
                call(json!({"function": {"name": "order", "arguments": "{\"n\":\"}\\\"}\""}})),
                call(json!({"function": {"name": "order", "arguments": "}"}})),
            ],
            &json!([["call_0", "order", {"n": "}\"}"}]]),
        ),
        (
            "no arguments",
            vec![
                call(json!({"index": 0, "id": "call_a", "function": {"name": "order"}})),
                call(
                    json!({"index": 1, "id": "call_b", "function": {"name": "order", "arguments": ""}}),
                ),
                call(
                    json!({"index": 2, "id": "call_c", "function": {"name": "order", "arguments": "null"}}),
                ),
            ],
            &json!([
                ["call_a", "order", {}],
                ["call_b", "order", {}],
                ["call_c", "order", {}]
            ]),
        ),
    ] {
        // Some servers say `stop`, or nothing.
        for reason in ["tool_calls", "stop", ""] {
            let chunks: Vec<Value> = chunks.iter().cloned().chain([end(reason)]).collect();
            let heard = hear_stream(&events(&chunks)).await;
            assert_eq!(&calls(&heard), expected, "{name}");
        }
    }
}

#[tokio::test]
async fn each_call_of_a_whole_answer_is_one() {
    let answer = |calls: Value| json!({"choices": [{"finish_reason": "tool_calls", "message": {"role": "assistant", "content": null, "tool_calls": calls}}]});
    let heard = hear_whole(&answer(json!([
        {"id": "call_a", "type": "function", "function": {"name": "order", "arguments": "{\"n\":1}"}},
        {"id": "call_a", "type": "function", "function": {"name": "order", "arguments": "{\"n\":2}"}},
        {"type": "function", "function": {"name": "ship", "arguments": ""}},
        {"id": "call_1", "function": {"name": "ship", "arguments": "{}"}}])))
    .await;
    // Ids are those of the server, unless one is missing or taken.
    let expected = json!([["call_a", "order", {"n": 1}], ["call_1_", "order", {"n": 2}], ["call_2", "ship", {}], ["call_1", "ship", {}]]);
    assert_eq!(calls(&heard), expected);
}

#[tokio::test]
async fn the_state_is_the_message_as_it_came() {
    let signature = json!({"google": {"thought_signature": "c2ln"}});
    let heard = hear_stream(&events(&[
        delta(json!({"reasoning_content": "Let me "})),
        delta(json!({"reasoning_content": "see."})),
        delta(json!({"content": "I look. "})),
        call(json!({"index": 0, "function": {"name": "order", "arguments": "{ \"n\" : 1.0"}, "extra_content": signature})),
        call(json!({"index": 0, "function": {"arguments": " }"}})),
        end("tool_calls"),
    ]))
    .await;
    assert_eq!(heard.thoughts, "Let me see.");
    let turn = heard.end.unwrap();
    assert_eq!(
        (turn.thoughts.as_str(), turn.text.as_str()),
        ("Let me see.", "I look. ")
    );
    let state = json!({"role": "assistant", "content": "I look. ", "tool_calls": [
        {"id": "call_0", "type": "function", "function": {"name": "order", "arguments": "{ \"n\" : 1.0 }"}, "extra_content": signature}],
        "reasoning_content": "Let me see."});
    assert_eq!(turn.state, Some(state.clone()));
    assert_eq!(turn.facts.parts, [state]);
}

#[tokio::test]
async fn arguments_that_are_not_json_are_a_problem_of_the_call() {
    let heard = hear_stream(&events(&[
        call(json!({"index": 0, "id": "a", "function": {"name": "order", "arguments": "{\"n\": oops}"}})),
        call(json!({"index": 1, "id": "b", "function": {"name": "order", "arguments": "{\"n\": 1}"}})),
        end("tool_calls"),
    ]))
    .await;
    let turn = heard.end.unwrap();
    assert_eq!(turn.calls[0].args, json!("{\"n\": oops}"));
    let problem = turn.calls[0].problem.as_deref().unwrap();
    assert!(
        problem.contains("not JSON") && problem.contains("column 7"),
        "{problem}"
    );
    assert_eq!(
        (&turn.calls[1].args, &turn.calls[1].problem),
        (&json!({"n": 1}), &None)
    );
}
