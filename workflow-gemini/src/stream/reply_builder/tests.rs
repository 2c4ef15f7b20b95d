use serde_json::json;

use super::*;
use crate::reply::responses;

fn after(request: &GenerateRequest, parts: &[Value]) -> (Vec<Chunk>, Result<Reply, GeminiError>) {
    let mut answer = ReplyBuilder::new(request);
    let mut news = VecDeque::new();
    for part in parts {
        let mut read = responses(part.to_string().as_bytes()).unwrap();
        if let Err(error) = answer.add(read.remove(0), &mut news) {
            return (news.into(), Err(error));
        }
    }
    (news.into(), answer.finish())
}

fn outcome(parts: &[Value]) -> Result<Reply, GeminiError> {
    let request = GenerateRequest::new("Hi").with_max_output_tokens(100);
    after(&request, parts).1
}

fn text(text: &str) -> Value {
    json!({"candidates": [{"content": {"parts": [{"text": text}]}}]})
}

fn end(reason: &str) -> Value {
    json!({"candidates": [{"finishReason": reason, "finishMessage": "why"}]})
}

#[test]
fn text_is_joined_without_a_separator_and_thoughts_are_separate() {
    let thought = json!({"candidates": [{"content": {"parts": [
        {"text": "hm", "thought": true}, {"text": "A"}, {"text": "", "thoughtSignature": "x"},
        {"text": "B", "thoughtSignature": "x"}]}}]});
    let (news, reply) = after(
        &GenerateRequest::new("Hi"),
        &[thought, text(" C"), end("STOP")],
    );
    let reply = reply.unwrap();
    assert_eq!(
        (reply.text.as_str(), reply.thoughts.as_str()),
        ("AB C", "hm")
    );
    let chunk = |text: &str| Chunk::Text(text.to_owned());
    assert_eq!(
        news,
        [
            Chunk::Thought("hm".to_owned()),
            chunk("A"),
            chunk("B"),
            chunk(" C")
        ]
    );
}

#[test]
fn usage_is_a_running_total() {
    let used = |n| json!({"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": n}});
    let parts = [used(1), used(1), text("A"), used(5), end("STOP")];
    let (news, reply) = after(&GenerateRequest::new("Hi"), &parts);
    assert_eq!(reply.unwrap().usage, Usage::new(3, 5));
    let reported = news.iter().filter(|chunk| matches!(chunk, Chunk::Usage(_)));
    assert_eq!(reported.count(), 2);
}

#[test]
fn each_finish_reason_has_its_outcome() {
    for (reason, code, limit) in [
        ("SAFETY", "answer_refused", Some(0)),
        ("RECITATION", "answer_refused", Some(0)),
        ("LANGUAGE", "answer_refused", Some(0)),
        ("BLOCKLIST", "answer_refused", Some(0)),
        ("PROHIBITED_CONTENT", "answer_refused", Some(0)),
        ("SPII", "answer_refused", Some(0)),
        ("IMAGE_SAFETY", "answer_refused", Some(0)),
        ("IMAGE_PROHIBITED_CONTENT", "answer_refused", Some(0)),
        ("IMAGE_OTHER", "answer_refused", Some(0)),
        ("IMAGE_RECITATION", "answer_refused", Some(0)),
        ("NO_IMAGE", "answer_refused", Some(0)),
        ("MODEL_ARMOR", "answer_refused", Some(0)),
        ("MALFORMED_FUNCTION_CALL", "generation_failed", Some(1)),
        ("MALFORMED_RESPONSE", "generation_failed", Some(1)),
        ("UNEXPECTED_TOOL_CALL", "generation_failed", Some(1)),
        ("OTHER", "generation_failed", Some(1)),
        ("ESCALATION", "generation_failed", Some(1)),
        ("SOMETHING_NEW", "generation_failed", Some(1)),
        ("MISSING_THOUGHT_SIGNATURE", "invalid_history", Some(0)),
        ("TOO_MANY_TOOL_CALLS", "invalid_history", Some(0)),
    ] {
        let error = outcome(&[text("so far"), end(reason)]).unwrap_err();
        assert_eq!(
            (error.code(), error.retry_limit()),
            (code, limit),
            "{reason}"
        );
        let text = error.to_string();
        assert!(text.contains(reason) && text.ends_with(": why"), "{text}");
    }
}

#[test]
fn an_empty_answer_is_never_a_success() {
    let blank = [text(" \n"), end("STOP")];
    for parts in [
        &[end("STOP")][..],
        &[json!({})],
        &[],
        &blank,
        &[json!({"candidates": []})],
    ] {
        let error = outcome(parts).unwrap_err();
        assert_eq!(
            (error.code(), error.retry_limit()),
            ("empty_answer", Some(1))
        );
    }
}

#[test]
fn reaching_the_limit_is_a_success_with_text_and_an_error_without() {
    let reply = outcome(&[text("so far"), end("MAX_TOKENS")]).unwrap();
    assert!(reply.is_truncated());
    let used = json!({"usageMetadata": {"thoughtsTokenCount": 96}});
    let error = outcome(&[used, end("MAX_TOKENS")]).unwrap_err();
    assert_eq!(
        (error.code(), error.is_retryable()),
        ("out_of_tokens", false)
    );
    assert_eq!(error.usage().map(|usage| usage.thought_tokens), Some(96));
    let text = error.to_string();
    assert!(
        text.contains("thoughtsTokenCount 96, maxOutputTokens 100"),
        "{text}"
    );
}

#[test]
fn a_continuation_is_never_a_complete_answer() {
    let error = outcome(&[end("CONTINUATION")]).unwrap_err();
    assert_eq!(
        (error.code(), error.retry_limit()),
        ("continuation_needed", Some(0))
    );
    let reply = outcome(&[text("so far"), end("CONTINUATION")]).unwrap();
    assert!(reply.is_truncated(), "no token, so this is all there is");
}

#[test]
fn a_token_without_the_finish_reason_does_not_continue_the_answer() {
    let mut answer = ReplyBuilder::new(&GenerateRequest::new("Hi"));
    let checkpoint = json!({"candidates": [{"content": {"parts": [{"text": "A"}]},
        "finishReason": "STOP", "continuationToken": "dG9rZW4="}]});
    let mut read = responses(checkpoint.to_string().as_bytes()).unwrap();
    answer.add(read.remove(0), &mut VecDeque::new()).unwrap();
    assert_eq!(answer.take_continuation(), None);
    assert!(!answer.finish().unwrap().is_truncated());
}

#[test]
fn grounding_grows_with_the_stream_and_code_stays_in_order() {
    let piece = |grounding: Value, part: Value| json!({"candidates": [{"content": {"parts": [part]}, "groundingMetadata": grounding}]});
    let code = json!({"executableCode": {"language": "PYTHON", "code": "print(1)"}});
    let printed = json!({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}});
    let pages = json!({"urlMetadata": [{"retrievedUrl": "https://example.com"}]});
    let last = json!({"candidates": [{"finishReason": "STOP", "urlContextMetadata": pages,
        "citationMetadata": {"citationSources": []}}]});
    let reply = outcome(&[
        piece(json!({"webSearchQueries": ["a"]}), code.clone()),
        piece(
            json!({"webSearchQueries": ["a"], "groundingChunks": []}),
            printed.clone(),
        ),
        text("One."),
        last,
    ]);
    let details = reply.unwrap().details;
    let grounding = json!({"webSearchQueries": ["a"], "groundingChunks": []});
    assert_eq!(details.grounding, Some(grounding));
    assert_eq!(details.code, [code, printed]);
    assert_eq!(details.url_context, Some(pages));
    assert!(details.citations.is_some());
}

#[test]
fn a_blocked_prompt_names_reason_and_ratings() {
    let feedback = |reason: &str| {
        json!({"promptFeedback": {"blockReason": reason, "safetyRatings": [
            {"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH"}]}})
    };
    let error = outcome(&[feedback("SAFETY")]).unwrap_err();
    assert_eq!(
        (error.code(), error.is_retryable()),
        ("prompt_blocked", false)
    );
    assert_eq!(
        error.to_string(),
        "the prompt was blocked (SAFETY), rated HARM_CATEGORY_HARASSMENT: HIGH"
    );
    assert!(outcome(&[feedback("OTHER")]).unwrap_err().is_retryable());
}

#[test]
fn feedback_without_a_reason_blocks_nothing() {
    let feedback = json!({"promptFeedback": {"safetyRatings": []}});
    assert!(outcome(&[feedback, text("A"), end("STOP")]).is_ok());
}

#[test]
fn with_a_schema_the_text_is_read_as_json() {
    let request = GenerateRequest::new("Hi").with_schema(json!({"type": "object"}));
    let (_, reply) = after(
        &request,
        &[text("{\"b\":1,"), text("\"a\":2}"), end("STOP")],
    );
    assert_eq!(reply.unwrap().json, Some(json!({"b": 1, "a": 2})));
    let (_, reply) = after(&request, &[text("Sure! {}"), end("STOP")]);
    let error = reply.unwrap_err();
    assert_eq!(
        (error.code(), error.retry_limit()),
        ("answer_not_json", None)
    );
    let (_, reply) = after(&request, &[text("[1]"), end("STOP")]);
    let error = reply.unwrap_err();
    assert_eq!(
        (error.code(), error.retry_limit()),
        ("answer_does_not_fit", None)
    );
    assert!(
        error.to_string().contains("at the top: [1] is not of type"),
        "{error}"
    );
    let (_, reply) = after(&request, &[text("{\"b\":"), end("MAX_TOKENS")]);
    assert!(!reply.unwrap_err().is_retryable());
}

#[test]
fn a_late_error_is_classified_as_if_it_had_come_first() {
    let error = json!({"error": {"code": 503, "status": "UNAVAILABLE", "message": "busy"}});
    let error = outcome(&[text("A"), error]).unwrap_err();
    assert_eq!((error.status(), error.is_retryable()), (Some(503), true));
}
