//! Turns of an `AgentNode`: what each asks of the model, and what its answer means.

use std::sync::Arc;

use serde_json::{Value, json};
use workflow_core::{
    error::Problem,
    node::agent::{AgentTurn, CallResult, PastTurn, ToolCall, ToolChoice, TurnOutput, TurnRequest},
    testing::TestAttempt,
};
use workflow_llm::{ModelChunk, ModelError, ModelTurn, Models};

use crate::{
    scripted::{Scripted, calls, done, text, unavailable},
    support::{after, agent, first, past, turn, two_calls},
};

#[tokio::test]
async fn a_text_ends_an_agent_without_a_schema() {
    let model = Scripted::new("one", "m1", vec![text("It is sent.")]);
    let agent = agent(model.clone(), json!({"system": "Be kind."}));
    let (turn, report) = TestAttempt::new(json!("Where is A-17?"))
        .turn(&agent, &first())
        .await;
    let turn = turn.unwrap();
    assert_eq!(turn.output, AgentTurn::answer("It is sent.").output);
    assert_eq!(turn.state, None);
    assert_eq!(report.model.as_deref(), Some("version-1"));
    assert_eq!(report.finish_reason.as_deref(), Some("STOP"));
    let expected = json!({"model": "m1", "system": "Be kind.", "messages": [{"user": ["Where is A-17?"]}],
        "tools": ["order", "refund"], "choice": "auto"});
    assert_eq!(model.sent(), [expected]);
}

#[tokio::test]
async fn what_the_provider_needs_goes_back_unchanged_with_the_results_in_order() {
    let raw = json!({"parts": [{"sig": "c2ln", "b": 1, "a": 2.0}, {"text": ""}]});
    let script = vec![calls(&["order", "refund"], raw.clone()), text("Done.")];
    let model = Scripted::new("one", "m1", script);
    let agent = agent(model.clone(), json!({"prompt": "{{ input }} Look."}));
    let first = turn(&agent, &first()).await.unwrap();
    assert_eq!(first.output.calls.len(), 2);
    assert_eq!(first.output.output, None);
    let state = json!({"provider": "one", "model": "m1", "state": raw});
    assert_eq!(first.state, Some(state));

    let problem = Problem::new("not_found", "there is no such order");
    let results = vec![
        CallResult::new(Ok(Arc::new(json!({"state": "sent"})))),
        CallResult::new(Err(Arc::new(problem.with_hint("for people")))),
    ];
    let history = PastTurn::new(first.output, first.state.map(Arc::new), results);
    let second = turn(&agent, &after(vec![Arc::new(history)])).await.unwrap();
    assert_eq!(second.output.output, Some(json!("Done.")));
    let messages = json!([
        {"user": ["Where is A-17? Look."]},
        {"state": raw, "results": [
            {"output": {"state": "sent"}},
            {"error": "not_found: there is no such order"},
        ]},
    ]);
    assert_eq!(model.last()["messages"], messages);
}

#[tokio::test]
async fn text_and_problems_of_a_turn_with_calls_are_kept() {
    let mut answer = ModelTurn::text("I look.");
    answer.calls = vec![ToolCall::new("order", json!("{n:")).with_problem("it is no JSON")];
    let model = Scripted::new("one", "m1", vec![vec![done(answer.clone())]]);
    let turn = turn(&agent(model, json!({})), &first()).await.unwrap();
    assert_eq!(turn.output.text, "I look.");
    assert_eq!(turn.output.calls, answer.calls);
    // Also without a state of the provider: later turns need the model.
    assert_eq!(turn.state, Some(json!({"provider": "one", "model": "m1"})));
}

#[tokio::test]
async fn later_turns_use_the_model_of_the_first_whatever_the_default_is_then() {
    let old = Scripted::new("one", "m1", vec![calls(&["order"], json!(1))]);
    let first = turn(&agent(old, json!({})), &first()).await.unwrap();
    let history = vec![past(first, vec![json!("sent")])];

    let new = Scripted::new("other", "m9", Vec::new());
    let one = Scripted::new("one", "m2", vec![text("Done.")]);
    let models = Models::new(new.clone());
    let models = models.with_provider("one", one.clone()).unwrap();
    turn(&agent(models, json!({"fallback": ["m5"]})), &after(history))
        .await
        .unwrap();
    assert_eq!(one.last()["model"], "m1");
    assert_eq!(new.sent(), [] as [Value; 0]);
}

#[tokio::test]
async fn a_provider_that_is_gone_is_named_and_nothing_is_sent() {
    let model = Scripted::new("one", "m1", vec![text("Done.")]);
    let request = after(vec![two_calls("gone", "models/m1")]);
    let error = turn(&agent(model.clone(), json!({})), &request).await;
    let error = error.unwrap_err();
    assert_eq!(error.code(), "unknown_provider");
    assert!(!error.is_retryable());
    let detail = error.to_string();
    assert!(
        detail.contains("`gone`") && detail.contains("`one`"),
        "{detail}"
    );
    assert_eq!(model.sent().len(), 0);
}

#[tokio::test]
async fn an_unavailable_model_is_replaced_in_the_first_turn_only() {
    let script = vec![unavailable(), calls(&["order"], json!(1)), unavailable()];
    let model = Scripted::new("one", "m1", script);
    let agent = agent(model.clone(), json!({"fallback": ["m2", " m1", "m2", ""]}));
    let first = turn(&agent, &first()).await.unwrap();
    assert_eq!(first.state.as_ref().unwrap()["model"], "m2");
    let history = vec![past(first, vec![json!("sent")])];
    let error = turn(&agent, &after(history)).await.unwrap_err();
    assert_eq!(error.code(), "overloaded");
    assert!(error.is_retryable());
    let asked: Vec<Value> = model.sent().iter().map(|it| it["model"].clone()).collect();
    assert_eq!(asked, ["m1", "m2", "m2"]);
}

#[tokio::test]
async fn there_is_no_fallback_after_text_was_shown() {
    let mut broken = vec![Ok(ModelChunk::Text("It is".to_owned()))];
    broken.extend(unavailable());
    let model = Scripted::new("one", "m1", vec![broken, text("It is sent.")]);
    let agent = agent(model.clone(), json!({"fallback": ["m2"]}));
    let error = turn(&agent, &first()).await.unwrap_err();
    assert_eq!(error.code(), "overloaded");
    assert_eq!(model.sent().len(), 1);
}

#[tokio::test]
async fn fallback_models_may_be_of_other_providers() {
    let one = Scripted::new("one", "m1", vec![unavailable()]);
    let local = Scripted::new("local", "m1", vec![calls(&["order"], json!(1))]);
    let models = Models::new(one)
        .with_provider("local", local.clone())
        .unwrap();
    let agent = agent(models, json!({"fallback": ["local/q/x:8b"]}));
    let turn = turn(&agent, &first()).await.unwrap();
    let state = json!({"provider": "local", "model": "q/x:8b", "state": 1});
    assert_eq!(turn.state, Some(state));
    assert_eq!(local.last()["model"], "q/x:8b");
}

fn with_schema() -> Value {
    json!({"schema": {"type": "object", "required": ["state"]}})
}

#[tokio::test]
async fn a_text_that_fits_the_schema_is_the_answer() {
    let model = Scripted::new(
        "one",
        "m1",
        vec![text("```json\n{\"state\": \"sent\"}\n```")],
    );
    let turn = turn(&agent(model.clone(), with_schema()), &first())
        .await
        .unwrap();
    assert_eq!(
        turn.output,
        AgentTurn::answer(json!({"state": "sent"})).output
    );
    assert_eq!(model.last().get("schema"), None);
    assert_eq!(model.last()["choice"], "auto");
}

#[tokio::test]
async fn another_text_is_followed_by_one_turn_that_gives_the_answer_its_form() {
    let script = vec![text("It is sent."), text("{\"state\": \"sent\"}")];
    let model = Scripted::new("one", "m1", script);
    let agent = agent(model.clone(), with_schema());
    let first = turn(&agent, &first()).await.unwrap();
    assert_eq!(first.output, TurnOutput::to_finish("It is sent."));
    assert_eq!(first.state, Some(json!({"provider": "one", "model": "m1"})));

    let request = after(vec![past(first, Vec::new())]).as_finishing();
    let second = turn(&agent, &request).await.unwrap();
    assert_eq!(
        second.output,
        AgentTurn::answer(json!({"state": "sent"})).output
    );
    let body = model.last();
    assert_eq!(
        (body.get("tools"), &body["schema"]),
        (None, &with_schema()["schema"])
    );
    let messages = body["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 3);
    assert_eq!(
        messages[1]["output"],
        json!({"text": "It is sent.", "needs_finish": true})
    );
    assert!(messages[2]["user"][0].as_str().unwrap().contains("JSON"));
}

#[tokio::test]
async fn an_answer_in_the_wrong_form_is_retried() {
    for (answer, code) in [
        ("It is sent.", "answer_not_json"),
        ("{}", "answer_does_not_fit"),
    ] {
        let model = Scripted::new("one", "m1", vec![text(answer)]);
        let history = past(AgentTurn::of(TurnOutput::to_finish("Sent.")), Vec::new());
        let request = after(vec![history]).as_finishing();
        let error = turn(&agent(model, with_schema()), &request)
            .await
            .unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), (code, true));
    }
    let mut cut = ModelTurn::text("{\"sta");
    cut.is_truncated = true;
    let model = Scripted::new("one", "m1", vec![vec![done(cut)]]);
    let error = turn(&agent(model, with_schema()), &first().as_last()).await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.code(), error.is_retryable()),
        ("answer_not_json", false)
    );
}

#[tokio::test]
async fn the_schema_is_sent_at_once_where_no_tool_may_be_called() {
    let none = TurnRequest::new([], Vec::new());
    let last = after(vec![two_calls("one", "m1")]).as_last();
    for request in [none, first().as_last(), last] {
        let model = Scripted::new("one", "m1", vec![text("{\"state\": 1}")]);
        let turn = turn(&agent(model.clone(), with_schema()), &request)
            .await
            .unwrap();
        assert_eq!(turn.output.output, Some(json!({"state": 1})));
        let body = model.last();
        assert_eq!(
            (body.get("tools"), &body["schema"]),
            (None, &with_schema()["schema"])
        );
    }
}

#[tokio::test]
async fn the_choice_of_the_engine_reaches_the_model() {
    for (choice, expected) in [
        (ToolChoice::Required, json!("required")),
        (ToolChoice::Tool("refund".into()), json!({"tool": "refund"})),
        (ToolChoice::None, json!("none")),
    ] {
        let model = Scripted::new("one", "m1", vec![text("Done.")]);
        let mut request = first();
        request.tool_choice = choice;
        turn(&agent(model.clone(), json!({})), &request)
            .await
            .unwrap();
        assert_eq!(model.last()["choice"], expected);
        assert_eq!(model.last()["tools"], json!(["order", "refund"]));
    }
}

#[tokio::test]
async fn calls_that_must_not_be_made_are_no_turn() {
    let script = || vec![calls(&["order"], json!(1))];
    let mut request = first();
    request.tool_choice = ToolChoice::None;
    for (failures, is_retryable) in [(0, true), (1, false)] {
        let agent = agent(Scripted::new("one", "m1", script()), json!({}));
        let attempt = TestAttempt::new(json!("Hi")).with_failures(failures);
        let error = attempt.turn(&agent, &request).await.0.unwrap_err();
        assert_eq!(
            (error.code(), error.is_retryable()),
            ("malformed_turn", is_retryable)
        );
    }
    // The engine ends an agent whose last turn calls: with an error, or with the text so far.
    let agent = agent(Scripted::new("one", "m1", script()), json!({}));
    let last = turn(&agent, &first().as_last()).await.unwrap();
    assert_eq!(last.output.calls.len(), 1);
}

#[tokio::test]
async fn a_state_of_another_provider_is_not_given_to_this_one() {
    let model = Scripted::new("one", "m1", vec![text("Done.")]);
    let history = vec![two_calls("one", "m1"), two_calls("two", "m1")];
    turn(&agent(model.clone(), json!({})), &after(history))
        .await
        .unwrap();
    let messages = model.last()["messages"].clone();
    assert_eq!(messages[1]["state"], json!({"raw": [1]}));
    assert_eq!(messages[2].get("state"), None);
    assert_eq!(messages[2]["output"]["calls"][0]["tool"], "order");
}

#[tokio::test]
async fn the_hint_for_a_refused_request_with_tools_names_the_cause_that_is_most_likely() {
    let refused = || {
        vec![Err(ModelError::new(
            "invalid_request",
            "the API answered 400",
        ))]
    };
    let model = Scripted::new("one", "m1", vec![refused(), refused()]);
    let agent = agent(model, json!({}));
    let with_tools = turn(&agent, &first()).await.unwrap_err().into_problem();
    assert!(with_tools.hint.unwrap().contains("cannot call tools"));
    let without = TurnRequest::new([], Vec::new());
    let without = turn(&agent, &without).await.unwrap_err().into_problem();
    assert_eq!(without.hint, None);
}
