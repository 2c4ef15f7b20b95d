//! `LLMNode` over providers that answer from a script.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

use std::sync::{Arc, Mutex};

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use workflow_core::{
    Executor, Plan, Registry, Run, StepEvent, Update, Workflow,
    price::PriceTable,
    testing::TestAttempt,
    value::{Amount, InvalidData, Usage},
};
use workflow_llm::{
    Continuation, LlmData, LlmNode, Message, Model, ModelChunk, ModelError, ModelRequest,
    ModelStream, ModelTurn, Models, Part, ProviderInfo,
};

type Answer = Result<ModelTurn, ModelError>;

/// A provider whose answers depend on the model, and which records what it is asked.
#[derive(Clone)]
struct Fake {
    info: Arc<ProviderInfo>,
    answer: fn(&str) -> Answer,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Fake {
    fn new(name: &'static str, answer: fn(&str) -> Answer) -> Self {
        Self::of(ProviderInfo::new(name, format!("at {name}"), "m1"), answer)
    }

    fn of(info: ProviderInfo, answer: fn(&str) -> Answer) -> Self {
        let (info, asked) = (Arc::new(info), Arc::default());
        Self {
            info,
            answer,
            asked,
        }
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

fn text_of(message: &Message) -> Value {
    match message {
        Message::User(parts) => {
            let parts = parts.iter().map(|part| match part {
                Part::Text(text) => json!(text),
                Part::Inline { data, .. } => json!({ "data": data }),
                Part::File { uri, .. } => json!({ "uri": uri }),
            });
            json!({ "user": parts.collect::<Value>() })
        }
        Message::Turn(turn) => json!({ "model": turn.output().text }),
    }
}

impl Model for Fake {
    fn ask(&self, request: Arc<ModelRequest>) -> ModelStream {
        let body = self.body(&request).unwrap();
        self.asked.lock().unwrap().push(body);
        let answer = (self.answer)(request.model.as_deref().unwrap());
        let chunks = match answer {
            Ok(turn) => {
                let text = Ok(ModelChunk::Text(turn.text.clone()));
                let text = (!turn.text.is_empty()).then_some(text);
                let done = Ok(ModelChunk::Done(Box::new(turn)));
                text.into_iter().chain([done]).collect()
            }
            Err(error) => vec![Err(error)],
        };
        stream::iter(chunks).boxed()
    }

    fn body(&self, request: &ModelRequest) -> Result<Value, ModelError> {
        let unknown = request.options.keys().find(|name| *name != "safety");
        if let Some(name) = unknown {
            return Err(ModelError::unsupported_option(self.info.name(), name));
        }
        let messages: Value = request.messages.iter().map(text_of).collect();
        let safety = request.options.get("safety");
        Ok(json!({"model": request.model, "messages": messages, "safety": safety}))
    }

    fn provider(&self) -> &ProviderInfo {
        &self.info
    }

    fn check(&self, settings: &ModelRequest) -> Result<(), InvalidData> {
        match settings.options.get("safety").map(|it| &it["rude"]) {
            Some(Value::String(word)) if word != "off" => {
                Err(InvalidData::new(format!("`{word}` is not a word")).at("safety"))
            }
            _ => Ok(()),
        }
    }
}

#[allow(clippy::unnecessary_wraps, reason = "it is an answer like others")]
fn hello(model: &str) -> Answer {
    let mut turn = ModelTurn::text(format!("Hello from {model}"));
    turn.usage = Usage::new(3, 4);
    Ok(turn)
}

fn unavailable(_: &str) -> Answer {
    let error = ModelError::new("model_overloaded", "the model is busy");
    Err(error.with_retries(None).with_unavailable())
}

fn registry(models: impl Into<Models>) -> Registry {
    let mut registry = Registry::default();
    workflow_llm::register(&mut registry, models);
    registry
}

fn run(models: impl Into<Models>, data: &Value, input: Value) -> Run {
    let nodes = json!([{"id": "ask", "type": "LLMNode", "data": data,
        "retry": {"max_attempts": 2, "delay": "1ms"}}]);
    let workflow = Workflow::from_spec(&json!({ "nodes": nodes }), &registry(models)).unwrap();
    Executor::new().run(Arc::new(workflow), input)
}

async fn events(mut run: Run) -> Vec<StepEvent> {
    let mut events = Vec::new();
    while let Some(update) = run.next().await {
        if let Update::Event(event) = update {
            events.push(event);
        }
    }
    events
}

/// The end of the only step, as JSON.
async fn end(run: Run) -> Value {
    let events = events(run).await;
    let ends = ["node.completed", "node.failed"];
    let end = events.iter().find(|it| ends.contains(&it.kind.name()));
    serde_json::to_value(end.unwrap()).unwrap()
}

/// A cloud as the default, and another provider as `local`.
fn both(cloud: &Fake, local: &Fake) -> Models {
    let models = Models::new(cloud.clone());
    models.with_provider("local", local.clone()).unwrap()
}

#[tokio::test]
async fn the_name_of_a_model_chooses_the_provider() {
    let (cloud, local) = (Fake::new("cloud", hello), Fake::new("own", hello));
    for (model, at, name) in [
        (json!(null), &cloud, "m1"),
        (json!(" "), &cloud, "m1"),
        (json!("m2"), &cloud, "m2"),
        (json!("cloud/m2"), &cloud, "m2"),
        (json!("local/qwen3:8b"), &local, "qwen3:8b"),
        (json!("local/team/qwen3:8b"), &local, "team/qwen3:8b"),
        (json!("local/"), &local, "m1"),
        (json!("{{ input }}/m3"), &local, "m3"),
    ] {
        let data = json!({"prompt": "Hi", "model": model});
        let end = end(run(both(&cloud, &local), &data, json!("local"))).await;
        assert_eq!(end["output"], format!("Hello from {name}"), "{model}");
        let asked = at.asked.lock().unwrap().pop().unwrap();
        assert_eq!(asked["model"], name);
    }
    assert_eq!((cloud.asked().len(), local.asked().len()), (0, 0));
}

#[tokio::test]
async fn an_unknown_provider_is_found_when_the_step_runs_and_is_not_retried() {
    let (cloud, local) = (Fake::new("cloud", hello), Fake::new("own", hello));
    for data in [
        json!({"model": "locla/qwen3:8b"}),
        json!({"fallback": ["locla/qwen3:8b"]}),
    ] {
        let end = end(run(both(&cloud, &local), &data, json!("Hi"))).await;
        assert_eq!(end["error"]["code"], "unknown_provider");
        let detail = "`locla/qwen3:8b` names the provider `locla`, which this service does not have: \
                      it has `cloud`, `local`";
        assert_eq!(end["error"]["detail"], detail);
    }
}

#[test]
fn the_activity_names_the_only_provider() {
    let activity = |models| {
        registry(models)
            .get("LLMNode")
            .unwrap()
            .activity()
            .to_owned()
    };
    let (cloud, local) = (Fake::new("cloud", hello), Fake::new("own", hello));
    assert_eq!(activity(Models::new(cloud.clone())), "Calling cloud");
    assert_eq!(activity(both(&cloud, &local)), "Calling a model");
}

#[test]
fn a_provider_needs_a_name_of_its_own() {
    let long = "a".repeat(61);
    for (name, fault) in [
        ("cloud", "two providers of the name `cloud`"),
        ("a/b", "`a/b` cannot name a provider"),
        ("", "`` cannot name a provider"),
        (&*long, "cannot name a provider"),
    ] {
        let models = Models::new(Fake::new("cloud", hello));
        let added = models.with_provider(name, Fake::new("own", hello));
        let error = added.unwrap_err().to_string();
        assert!(error.contains(fault), "{error}");
    }
}

#[tokio::test]
async fn a_fallback_crosses_providers() {
    let (cloud, local) = (Fake::new("cloud", unavailable), Fake::new("own", hello));
    let data = json!({"fallback": ["cloud/m1", "local/m2"]});
    let end = end(run(both(&cloud, &local), &data, json!("Hi"))).await;
    assert_eq!(end["output"], "Hello from m2");
    let tried = json!([{"model": "m1", "code": "model_overloaded"}]);
    assert_eq!(end["metadata"]["tried"], tried);
    assert_eq!(end["debug"]["model"], "local/m2");
    assert_eq!(end["request"]["model"], "m1");
    assert_eq!(end["request"]["fallback"], json!(["local/m2"]));
    assert_eq!((cloud.asked().len(), local.asked().len()), (1, 1));
}

#[tokio::test]
async fn the_error_of_the_model_decides_about_the_retry() {
    let cloud = Fake::new("cloud", unavailable);
    let end = end(run(cloud.clone(), &json!({}), json!("Hi"))).await;
    assert_eq!(end["error"]["code"], "model_overloaded");
    assert_eq!((&end["attempt"], cloud.asked().len()), (&json!(2), 2));
}

#[tokio::test]
async fn an_option_of_another_provider_is_refused_before_anything_is_sent() {
    let cloud = Fake::new("cloud", hello);
    let data = json!({"tool_config": {"a": 1}});
    let end = end(run(cloud.clone(), &data, json!("Hi"))).await;
    assert_eq!(end["error"]["code"], "unsupported_option");
    let detail = "the provider `cloud` has no `tool_config`";
    assert_eq!(end["error"]["detail"], detail);
    assert!(cloud.asked().is_empty());
}

#[test]
fn words_are_checked_by_the_provider_of_the_model() {
    let registry = registry(Fake::new("cloud", hello));
    let faults = |data: Value| {
        let nodes = json!([{"id": "ask", "type": "LLMNode", "data": data}]);
        let checked = Workflow::from_spec(&json!({ "nodes": nodes }), &registry);
        let faults = checked.err().map(|invalid| {
            let fault = &invalid.faults()[0];
            format!("{} {} {}", fault.code, fault.pointer, fault.detail)
        });
        faults.unwrap_or_default()
    };
    let rude = json!({"safety": {"rude": "very"}});
    let found = faults(rude.clone());
    assert!(
        found.starts_with("invalid_value #/nodes/0/data/safety "),
        "{found}"
    );
    assert!(found.contains("`very` is not a word"), "{found}");
    assert_eq!(faults(json!({"safety": {"rude": "off"}})), "");
    // On a host without this provider, it is an error when it runs.
    let mut other = rude;
    other["model"] = json!("gone/m1");
    assert_eq!(faults(other), "");
}

#[tokio::test]
async fn a_history_comes_before_the_prompt() {
    let written = json!([
        {"role": "user", "text": "I am {{ input.name }}."},
        {"role": "assistant", "text": "Hello {{ input.name }}."},
    ]);
    let given = json!([
        {"role": "user", "text": "I am Ada."},
        {"role": "assistant", "text": "Hello Ada."},
    ]);
    let expected = json!([
        {"user": ["I am Ada."]}, {"model": "Hello Ada."}, {"user": ["Who am I?"]},
    ]);
    for history in [written, json!("{{ input.history }}")] {
        let cloud = Fake::new("cloud", hello);
        let data = json!({"history": history, "prompt": "Who am I?"});
        let input = json!({"name": "Ada", "history": given});
        end(run(cloud.clone(), &data, input)).await;
        assert_eq!(cloud.asked()[0]["messages"], expected);
    }
    for (given, detail) in [
        (json!({"role": "user"}), "`history` gives no list"),
        (json!("[]"), "`history` gives no list"),
        (
            json!([{"role": "system", "text": "a"}]),
            "`history` gives a message 0 that cannot be read",
        ),
        (
            json!([given[0], {"role": "user", "text": 1}]),
            "`history` gives a message 1 that cannot be read",
        ),
    ] {
        let data = json!({"history": "{{ input.history }}", "prompt": "Hi"});
        let input = json!({ "history": given });
        let end = end(run(Fake::new("cloud", hello), &data, input)).await;
        assert_eq!(end["error"]["code"], "template_error");
        let found = end["error"]["detail"].as_str().unwrap();
        assert!(found.starts_with(detail), "{found}");
    }
}

#[test]
fn references_in_a_history_are_checked() {
    let registry = registry(Fake::new("cloud", hello));
    let history = json!([{"role": "user", "text": "{{ inptu.name }}"}]);
    let nodes = json!([{"id": "ask", "type": "LLMNode", "data": {"history": history}}]);
    let invalid = Workflow::from_spec(&json!({ "nodes": nodes }), &registry).unwrap_err();
    let fault = &invalid.faults()[0];
    assert_eq!(fault.code.as_str(), "unknown_reference");
    assert_eq!(fault.pointer, "#/nodes/0/data/history/0/text");
}

#[tokio::test]
async fn an_answer_is_read_by_its_schema() {
    let schema = json!({"type": "object", "properties": {"kind": {"enum": ["bug"]}}});
    let data = json!({ "schema": schema });
    let fine: fn(&str) -> Answer = |_| Ok(ModelTurn::text("```json\n{\"kind\": \"bug\"}\n```"));
    let done = end(run(Fake::new("cloud", fine), &data, json!("Hi"))).await;
    assert_eq!(done["output"], json!({"kind": "bug"}));

    let no_json: fn(&str) -> Answer = |_| Ok(ModelTurn::text("It is a bug."));
    let wrong: fn(&str) -> Answer = |_| Ok(ModelTurn::text("{\"kind\": \"bugs\"}"));
    let cut: fn(&str) -> Answer = |_| {
        let mut turn = ModelTurn::text("{\"kind\": ");
        turn.is_truncated = true;
        Ok(turn)
    };
    let empty: fn(&str) -> Answer = |_| Ok(ModelTurn::text(" \n"));
    for (answer, code, attempts) in [
        (no_json, "answer_not_json", 2),
        (wrong, "answer_does_not_fit", 2),
        (cut, "answer_not_json", 1),
        (empty, "empty_answer", 2),
    ] {
        let failed = end(run(Fake::new("cloud", answer), &data, json!("Hi"))).await;
        assert_eq!(failed["error"]["code"], code);
        assert_eq!(failed["attempt"], attempts, "{code}");
    }
}

fn plan(models: impl Into<Models>, data: Value) -> Plan {
    let data: LlmData = serde_json::from_value(data).unwrap();
    let node = LlmNode::new(models, data);
    TestAttempt::new(json!("1234567890")).plan(&node).unwrap()
}

#[test]
fn keys_name_every_provider_that_may_answer() {
    let key = |endpoint: &str, data| {
        let own = ProviderInfo::new("own", endpoint, "m1");
        let models = both(&Fake::new("cloud", hello), &Fake::of(own, hello));
        plan(models, data).key().unwrap().to_string()
    };
    let same = key("a", json!({}));
    assert_eq!(key("b", json!({})), same, "the other provider is not asked");
    assert_eq!(key("a", json!({"model": "cloud/m1"})), same);
    let said = |role: &str| json!({"history": [{"role": role, "text": "a"}]});
    let mut all = vec![
        same,
        key("a", json!({"model": "local/m1"})),
        key("b", json!({"model": "local/m1"})),
        key("a", json!({"fallback": ["local/m1"]})),
        key("b", json!({"fallback": ["local/m1"]})),
        key("a", json!({"fallback": ["local/m2"]})),
        key("a", said("user")),
        key("a", said("assistant")),
    ];
    all.sort();
    let known = all.len();
    all.dedup();
    assert_eq!(all.len(), known);
}

#[test]
fn a_bound_counts_the_requests_of_a_continued_answer() {
    let prices = json!({"cloud/m1": {"input": 1, "output": 1, "max_output": 1_000}});
    let prices = PriceTable::from_json(prices.to_string().as_bytes()).unwrap();
    let info = ProviderInfo::new("cloud", "a", "m1").with_prices(prices);
    let input = 10 + 2 * 64;
    let most = |info: &ProviderInfo, data| {
        let bound = plan(Fake::of(info.clone(), hello), data).bound().unwrap();
        (bound.calls, bound.tokens)
    };
    assert_eq!(most(&info, json!({})), (1, Some(input + 1_000)));
    let continued = info.with_continuation(Continuation::new(300, 100, 5));
    assert_eq!(most(&continued, json!({})), (4, Some(4 * input + 1_000)));
    let whole = most(&continued, json!({"stream": false}));
    assert_eq!(whole, (5, Some(5 * input + 1_000)));
    let unknown = plan(Fake::new("cloud", hello), json!({})).bound();
    assert_eq!(unknown, Some(Amount::calls(1)));
}

#[tokio::test]
async fn a_record_has_no_inline_data_and_the_request_has() {
    let cloud = Fake::new("cloud", hello);
    let image = "QUJD".repeat(1_000);
    let part = json!({"inline": {"mime_type": "image/png", "data": image}});
    let data = json!({"prompt": "Hi", "parts": [part]});
    let end = end(run(cloud.clone(), &data, json!("Hi"))).await;
    assert_eq!(cloud.asked()[0]["messages"][0]["user"][0]["data"], image);
    let recorded = &end["request"]["body"]["messages"][0]["user"][0]["data"];
    assert_eq!(*recorded, format!("{}… (4000 bytes)", &image[..64]));
}
