//! Answers of servers that deviate from each other, in recorded shapes.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` gives values")]

mod common;

use common::{events, hear_stream, hear_whole};
use serde_json::{Value, json};
use workflow_core::value::Usage;

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

#[tokio::test]
async fn text_comes_in_pieces_and_as_a_whole() {
    let heard = hear_stream(&events(&[
        delta(json!({"role": "assistant", "content": "", "refusal": null})),
        delta(json!({"content": "Hel"})),
        delta(json!({"content": "lo ü😀"})),
        end("stop"),
        json!({"id": "chatcmpl-1", "model": "m1-2026", "choices": [], "service_tier": "default", "obfuscation": "xyz", "usage": {"prompt_tokens": 9,
            "completion_tokens": 12, "total_tokens": 21, "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 5}}}),
    ]))
    .await;
    assert_eq!(heard.text, "Hello ü😀");
    let turn = heard.end.unwrap();
    assert_eq!(turn.text, "Hello ü😀");
    let mut usage = Usage::new(9, 12);
    (usage.cached_tokens, usage.thought_tokens) = (4, 5);
    assert_eq!(
        (turn.usage, turn.prompt_tokens, turn.is_truncated),
        (usage, 9, false)
    );
    assert_eq!(turn.service_tier.as_deref(), Some("standard"));
    assert_eq!(turn.facts.finish_reason.as_deref(), Some("stop"));
    assert_eq!(turn.facts.model_version.as_deref(), Some("m1-2026"));
    assert_eq!(turn.facts.response_id.as_deref(), Some("chatcmpl-1"));
    assert_eq!(
        turn.state,
        Some(json!({"role": "assistant", "content": "Hello ü😀"}))
    );

    let whole = json!({"id": "chatcmpl-1", "model": "m1-2026", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "Hello", "refusal": null, "tool_calls": null}}], "usage": {"prompt_tokens": 1, "completion_tokens": 2}});
    let heard = hear_whole(&whole).await;
    assert_eq!(
        (heard.text.as_str(), heard.usages),
        ("Hello", vec![Usage::new(1, 2)])
    );
    assert_eq!(heard.end.unwrap().text, "Hello");
    // A server that ignores `stream`.
    assert_eq!(
        hear_stream(&whole.to_string()).await.end.unwrap().text,
        "Hello"
    );
}

#[tokio::test]
async fn thoughts_are_kept_apart_under_each_of_their_names() {
    for (deltas, thoughts, echoed) in [
        (vec![json!({"reasoning_content": "Hm"})], "Hm", Some("Hm")),
        (vec![json!({"reasoning": "Hm"})], "Hm", None),
        // Both, with the same text.
        (
            vec![json!({"reasoning": "Hm", "reasoning_content": "Hm"})],
            "Hm",
            Some("Hm"),
        ),
        (
            vec![
                json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]}),
            ],
            "Hm",
            None,
        ),
        (
            vec![json!({"reasoning_content": null, "reasoning": ""})],
            "",
            None,
        ),
    ] {
        let answer = [
            delta(json!({"content": [{"type": "text", "text": "Yes"}]})),
            end("stop"),
        ];
        let chunks: Vec<Value> = deltas.iter().cloned().map(delta).chain(answer).collect();
        let heard = hear_stream(&events(&chunks)).await;
        assert_eq!(
            (heard.text.as_str(), heard.thoughts.as_str()),
            ("Yes", thoughts),
            "{deltas:?}"
        );
        let state = heard.end.unwrap().state.unwrap();
        assert_eq!(state["reasoning_content"].as_str(), echoed, "{deltas:?}");
    }
}

#[tokio::test]
async fn token_counts_are_read_wherever_they_are() {
    let usage = |usage: Value| json!({"choices": [], "usage": usage});
    let in_chunk = |usage: Value| {
        let mut chunk = delta(json!({"content": "Hi"}));
        chunk["usage"] = usage;
        chunk
    };
    for (chunks, expected) in [
        (vec![], Usage::default()),
        (vec![usage(json!(null))], Usage::default()),
        (vec![usage(json!({}))], Usage::default()),
        (
            vec![usage(
                json!({"prompt_tokens": "7", "completion_tokens": "3"}),
            )],
            Usage::new(7, 3),
        ),
        (
            vec![usage(
                json!({"prompt_tokens": 7.0, "completion_tokens": -3}),
            )],
            Usage::new(7, 0),
        ),
        (
            vec![usage(
                json!({"prompt_tokens": 7, "completion_tokens": null, "total_tokens": 10}),
            )],
            Usage::new(7, 3),
        ),
        // Thoughts are in the total only (Gemini, xAI).
        (
            vec![usage(
                json!({"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 15}),
            )],
            Usage::new(7, 8),
        ),
        // In every chunk: the last one counts, and a `null` after it changes nothing.
        (
            vec![
                in_chunk(json!({"prompt_tokens": 7, "completion_tokens": 1})),
                in_chunk(json!({"prompt_tokens": 7, "completion_tokens": 2})),
                in_chunk(json!(null)),
            ],
            Usage::new(7, 2),
        ),
    ] {
        let chunks: Vec<Value> = [delta(json!({"content": "Hi"})), end("stop")]
            .into_iter()
            .chain(chunks)
            .collect();
        let heard = hear_stream(&events(&chunks)).await;
        assert_eq!(
            heard.usages.last().copied().unwrap_or_default(),
            expected,
            "{chunks:?}"
        );
        assert_eq!(heard.end.unwrap().usage, expected, "{chunks:?}");
    }
}

#[tokio::test]
async fn the_end_is_a_finish_reason_or_done() {
    let [text, stop] =
        [delta(json!({"content": "Hi"})), end("stop")].map(|it| format!("data: {it}\n\n"));
    let azure = "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n";
    for (body, is_whole) in [
        (format!("{text}{stop}data: [DONE]\n\n"), true),
        (format!("{text}{stop}"), true),
        (format!("{text}data: [DONE]\n\n"), true),
        (format!("{text}data:[DONE]"), true),
        (
            format!("{azure}: OPENROUTER PROCESSING\n\n{text}: keep-alive\n\n{stop}"),
            true,
        ),
        (format!("{text}{}", stop.trim_end()), true),
        // Whatever follows a complete answer is not a part of it.
        (format!("{text}{stop}data: {{\"choi"), true),
        (text.clone(), false),
        (format!("{text}data: {{\"choi"), false),
        (format!("{text}{}", &stop[..stop.len() - 4]), false),
        (": OPENROUTER PROCESSING\n\n".to_owned(), false),
        (String::new(), false),
    ] {
        for body in [
            body.clone(),
            body.replace('\n', "\r\n"),
            body.replace('\n', "\r"),
        ] {
            let end = hear_stream(&body).await.end;
            if is_whole {
                assert_eq!(end.unwrap().text, "Hi", "{body}");
            } else {
                {
                    let error = end.unwrap_err();
                    assert_eq!(
                        (error.code(), error.retry_limit()),
                        ("answer_interrupted", None),
                        "{body}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn an_answer_without_contents_is_an_error() {
    let text = || delta(json!({"content": "Hi"}));
    let calling = || {
        call(json!({"index": 0, "id": "a", "function": {"name": "order", "arguments": "{\"n\":"}}))
    };
    for (chunks, code, retries) in [
        (vec![end("stop")], "empty_answer", Some(1)),
        (
            vec![delta(json!({"content": " \n"})), end("stop")],
            "empty_answer",
            Some(1),
        ),
        (vec![end("length")], "out_of_tokens", Some(0)),
        (vec![calling(), end("length")], "out_of_tokens", Some(0)),
        (
            vec![text(), end("tool_calls")],
            "generation_failed",
            Some(1),
        ),
        (
            vec![
                call(json!({"index": 0, "function": {"arguments": "{}"}})),
                end("tool_calls"),
            ],
            "generation_failed",
            Some(1),
        ),
        (vec![end("error")], "generation_failed", Some(1)),
        (
            vec![text(), end("content_filter")],
            "answer_refused",
            Some(0),
        ),
        (
            vec![calling(), end("content_filter")],
            "answer_refused",
            Some(0),
        ),
        (
            vec![
                delta(json!({"refusal": "I can"})),
                delta(json!({"refusal": "not."})),
                end("stop"),
            ],
            "answer_refused",
            Some(0),
        ),
    ] {
        let usage = json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}});
        let chunks: Vec<Value> = chunks.into_iter().chain([usage]).collect();
        let error = hear_stream(&events(&chunks)).await.end.unwrap_err();
        assert_eq!(
            (error.code(), error.retry_limit()),
            (code, retries),
            "{chunks:?}"
        );
        assert_eq!(
            (error.usage(), error.has_final_usage()),
            (Some(Usage::new(3, 4)), true)
        );
        assert_eq!(
            error.answer().unwrap().model_version.as_deref(),
            Some("m1-2026")
        );
    }
    let refused = hear_stream(&events(&[
        delta(json!({"refusal": "I cannot."})),
        end("stop"),
    ]))
    .await;
    let message = refused.end.unwrap_err().to_string();
    assert!(message.ends_with("(stop): I cannot."), "{message}");
}

#[tokio::test]
async fn a_text_at_its_token_limit_and_an_unknown_finish_reason_are_answers() {
    let answer = |reason| [delta(json!({"content": "Hi"})), end(reason)];
    let cut = hear_stream(&events(&answer("length"))).await.end.unwrap();
    assert_eq!((cut.text.as_str(), cut.is_truncated), ("Hi", true));
    let other = hear_stream(&events(&answer("eos_token")))
        .await
        .end
        .unwrap();
    assert_eq!(
        (other.is_truncated, other.facts.finish_reason.as_deref()),
        (false, Some("eos_token"))
    );
}

#[tokio::test]
async fn only_the_first_choice_counts() {
    let chunk = json!({"choices": [{"index": 1, "delta": {"content": "No"}}, {"index": 0, "delta": {"content": "Yes"}, "finish_reason": "stop"}]});
    assert_eq!(
        hear_stream(&events(&[chunk])).await.end.unwrap().text,
        "Yes"
    );
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_stream_is_classified() {
    for (error, code, retries) in [
        (
            json!({"error": {"message": "The server had an error", "type": "server_error", "code": null}}),
            "model_internal_error",
            None,
        ),
        (
            json!({"error": {"message": "Rate limit", "type": "requests", "code": "rate_limit_exceeded"}}),
            "rate_limited",
            None,
        ),
        (
            json!({"error": {"message": "No credit", "type": "insufficient_quota", "code": "insufficient_quota"}}),
            "no_quota",
            Some(0),
        ),
        // OpenRouter: a number, and a chunk besides.
        (
            json!({"id": "gen-1", "choices": [{"delta": {"content": ""}, "finish_reason": "error"}], "error": {"code": 502, "message": "Provider disconnected"}}),
            "model_overloaded",
            None,
        ),
        (
            json!({"error": {"code": "429", "message": "Slow down"}}),
            "rate_limited",
            None,
        ),
        // vLLM
        (
            json!({"object": "error", "message": "too long", "type": "BadRequestError", "code": 400}),
            "invalid_request",
            Some(0),
        ),
        (
            json!({"error": "out of memory"}),
            "model_internal_error",
            None,
        ),
        (json!({"error": {"odd": [1]}}), "model_internal_error", None),
    ] {
        let body = events(&[
            delta(json!({"content": "Hi", "error": null})),
            error.clone(),
        ]);
        let heard = hear_stream(&body).await;
        assert_eq!(heard.text, "Hi");
        let found = heard.end.unwrap_err();
        assert_eq!(
            (found.code(), found.retry_limit()),
            (code, retries),
            "{error}"
        );
        assert!(!found.has_final_usage(), "an answer had begun");
    }
    let chunk =
        json!({"error": {}, "choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]});
    assert_eq!(hear_stream(&events(&[chunk])).await.end.unwrap().text, "Hi");
}

#[tokio::test]
async fn halves_of_a_character_in_two_chunks_are_joined() {
    let chunk = |text: &str| {
        format!(
            "data: {{\"id\":\"1\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n"
        )
    };
    let body = chunk("a\\ud83d") + &chunk("\\ude00b") + &chunk("\\ud83dc") + "data: [DONE]\n\n";
    assert_eq!(hear_stream(&body).await.end.unwrap().text, "a😀b\u{fffd}c");
}
