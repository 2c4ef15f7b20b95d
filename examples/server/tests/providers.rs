//! Several providers of models at once, on the built program.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{
    File, Server, model, output, program,
    provider::{Provider, Received},
    step, text, word,
};

const LOCAL_KEY: &str = "key-of-local-6c1f0a2b9d";
const ROUTER_KEY: &str = "key-of-router-41d8e7c35a";
const GEMINI_KEY: &str = "AIzaSy-key-of-gemini-0123456789";

/// A workflow with one step for each of these models; `null` names none.
fn asking(models: &[Value]) -> Value {
    let nodes = models.iter().enumerate().map(|(index, model)| {
        let mut data = json!({"prompt": format!("q{index}"), "stream": index % 2 == 0});
        if !model.is_null() {
            data["model"] = model.clone();
        }
        json!({"id": format!("n{index}"), "type": "LLMNode", "needs": [], "retry": 1, "on_error": "continue", "data": data})
    });
    json!({"nodes": nodes.collect::<Vec<_>>(), "output": "done"})
}

fn keys(received: &[Received]) -> Vec<&str> {
    let keys = received.iter().map(|(headers, _)| {
        headers
            .get("authorization")
            .map_or("", |key| key.to_str().unwrap())
    });
    keys.collect()
}

#[tokio::test]
async fn each_model_is_asked_at_its_provider_with_the_key_of_that_provider() {
    let (local, router) = tokio::join!(Provider::echoing(), Provider::echoing());
    let gemini = model::Model::start().await;
    let mut program = program();
    program
        .env("GEMINI_API_KEY", GEMINI_KEY)
        .env("GOOGLE_GEMINI_BASE_URL", gemini.url())
        .env("LOCAL_API_KEY", LOCAL_KEY)
        .env("MY_ROUTER_API_KEY", ROUTER_KEY)
        .env("LOCAL_MODEL", "qwen3:8b")
        .args(["--log", "trace", "--provider", &local.named("local")])
        .args(["--provider", &router.named("my-router")]);
    let server = Server::start(&mut program).await;
    let spec = asking(&[
        json!("local/qwen3:8b"),
        json!("my-router/qwen/qwen3-235b"),
        Value::Null,
        json!("local/"),
    ]);
    let run = server.begin(&spec, &Value::Null).await;
    let events = server.events(&run).await;
    let report = server.report(&run).await;
    let outputs: Vec<&Value> = (0..4)
        .map(|n| &step(&report, &format!("n{n}"))["output"])
        .collect();
    let of_gemini = model::answer("q2");
    let expected = [
        "qwen3:8b says \"q0\"",
        "qwen/qwen3-235b says \"q1\"",
        &of_gemini,
        "qwen3:8b says \"q3\"",
    ];
    assert_eq!(outputs, expected, "{report}");
    assert_eq!(step(&report, "n0")["usage"]["output_tokens"], 5, "{report}");

    let bearer = |key: &str| format!("Bearer {key}");
    assert_eq!(keys(&local.received()), vec![bearer(LOCAL_KEY); 2]);
    assert_eq!(keys(&router.received()), vec![bearer(ROUTER_KEY)]);
    let bodies = [local.bodies(), router.bodies()].concat();

    let recording = server.recording(&run).await;
    let types = server.get("/api/node-types").await.text().await.unwrap();
    let metrics = server.get("/metrics").await.text().await.unwrap();
    server.terminate();
    let ended = server.end().await;
    let provider = format!("Provider local: {}, key: LOCAL_API_KEY\n", local.url());
    assert!(ended.stdout.contains(&provider), "{}", ended.stdout);
    let shown = [
        format!("{events:?}{recording:?}{report}{bodies:?}{types}{metrics}"),
        ended.stdout,
        ended.stderr,
    ];
    for text in shown {
        for key in [LOCAL_KEY, ROUTER_KEY, GEMINI_KEY] {
            assert!(!text.contains(key), "{text}");
        }
    }
}

#[tokio::test]
async fn without_a_gemini_key_the_first_provider_is_the_default_one() {
    let (local, other) = tokio::join!(Provider::echoing(), Provider::echoing());
    let providers = format!("{},{}", local.named("local"), other.named("a-other"));
    let mut program = program();
    program
        .env("WORKFLOW_PROVIDER", providers)
        .env("LOCAL_MODEL", "m1");
    let server = Server::start(&mut program).await;
    let spec = asking(&[
        Value::Null,
        json!("m2"),
        json!("a-other/m3"),
        json!("nowhere/m4"),
    ]);
    let report = server.outcome(&spec, Value::Null).await;
    assert_eq!(step(&report, "n0")["output"], "m1 says \"q0\"");
    assert_eq!(step(&report, "n1")["output"], "m2 says \"q1\"");
    assert_eq!(step(&report, "n2")["output"], "m3 says \"q2\"");
    let error = &step(&report, "n3")["error"];
    assert_eq!(error["code"], "unknown_provider", "{report}");
    let detail = word(&error["detail"]);
    assert!(
        detail.contains("`nowhere`") && detail.contains("`a-other`, `local`"),
        "{detail}"
    );
    assert_eq!(keys(&local.received()), ["", ""]);

    let types: Value = server.get("/api/node-types").await.json().await.unwrap();
    let of = |kind: &str| {
        let items = types["items"].as_array().unwrap();
        items.iter().find(|item| item["type"] == kind).unwrap()["models"].clone()
    };
    assert_eq!(of("LLMNode"), json!(["m1"]));
    assert_eq!(of("AgentNode"), json!(["m1"]));
    assert_eq!(of("HttpNode"), Value::Null);
    server.terminate();
    let stdout = server.end().await.stdout;
    let lines = format!(
        "Model: local/m1\nProvider local: {}, no key (LOCAL_API_KEY)\n",
        local.url()
    );
    assert!(stdout.contains(&lines), "{stdout}");
}

#[tokio::test]
async fn the_option_for_the_model_is_that_of_the_default_provider() {
    let (first, second) = tokio::join!(Provider::echoing(), Provider::echoing());
    let mut program = program();
    program.args([
        "--provider",
        &first.named("a"),
        "--provider",
        &second.named("b"),
        "--model",
        "m9",
    ]);
    let server = Server::start(program.env("A_MODEL", "m1")).await;
    let report = server
        .outcome(&asking(&[Value::Null, json!("b/")]), Value::Null)
        .await;
    assert_eq!(step(&report, "n0")["output"], "m9 says \"q0\"");
    let error = &step(&report, "n1")["error"];
    assert_eq!(error["code"], "invalid_request", "{report}");
    assert!(second.received().is_empty());
}

#[tokio::test]
async fn a_provider_that_is_down_fails_its_steps_only() {
    // Nothing listens on port 9 of this machine.
    let mut program = program();
    program.args([
        "--provider",
        "down=http://127.0.0.1:9/v1",
        "--model-connect-time",
        "2s",
    ]);
    let server = Server::start(program.env("DOWN_API_KEY", LOCAL_KEY)).await;
    assert_eq!(server.get("/readyz").await.status(), 200);
    let report = server
        .outcome(&asking(&[json!("down/m1")]), Value::Null)
        .await;
    let error = &step(&report, "n0")["error"];
    assert_eq!(error["code"], "connection_failed", "{report}");
    let detail = word(&error["detail"]);
    assert!(
        detail.contains("127.0.0.1:9") && !detail.contains(LOCAL_KEY),
        "{detail}"
    );
    assert_eq!(report["status"], "completed");
}

/// Calls the first tool until there is a result, then repeats it.
fn calling(body: &Value) -> (u16, Value) {
    let messages = body["messages"].as_array().unwrap();
    let last = messages.last().unwrap();
    if last["role"] == "tool" {
        let text = format!("it says {}", word(&last["content"]));
        return (200, json!({"role": "assistant", "content": text}));
    }
    let name = &body["tools"][0]["function"]["name"];
    let call = json!({"id": "call_1", "type": "function",
        "function": {"name": name, "arguments": "{\"number\": \"A-17\"}"}});
    (
        200,
        json!({"role": "assistant", "content": null, "tool_calls": [call]}),
    )
}

fn refusing(_: &Value) -> (u16, Value) {
    let message = "registry.ollama.ai/library/gemma3:4b does not support tools";
    (
        400,
        json!({"error": {"message": message, "type": "api_error"}}),
    )
}

/// An agent with one tool.
fn agent(model: &str) -> Value {
    let tool = json!({"name": "order", "description": "Finds an order.",
        "input": {"type": "object", "properties": {"number": {"type": "string"}}},
        "nodes": [{"id": "get", "type": "TransformNode", "data": {"value": {"state": "sent", "number": "{{ args.number }}"}}}]});
    json!({"nodes": [{"id": "support", "type": "AgentNode", "retry": 1,
        "data": {"prompt": "Where is A-17?", "model": model, "tools": [tool]}}]})
}

#[tokio::test]
async fn an_agent_calls_its_tools_at_another_provider() {
    let local = Provider::with(calling).await;
    let mut program = program();
    program.args(["--provider", &local.named("local")]);
    let server = Server::start(&mut program).await;
    let report = server.outcome(&agent("local/qwen3:8b"), Value::Null).await;
    assert_eq!(report["status"], "completed", "{report}");
    let said = word(&report["output"]);
    assert!(
        said.starts_with("it says ") && said.contains("A-17") && said.contains("sent"),
        "{said}"
    );
    let bodies = local.bodies();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0]["tools"][0]["function"]["name"], "order");
    let roles = bodies[1]["messages"].as_array().unwrap().iter();
    let roles: Vec<&str> = roles.map(|message| word(&message["role"])).collect();
    assert_eq!(roles, ["user", "assistant", "tool"]);
}

#[tokio::test]
async fn a_model_without_tools_is_an_error_with_a_hint() {
    let local = Provider::with(refusing).await;
    let mut program = program();
    program.args(["--provider", &local.named("local")]);
    let server = Server::start(&mut program).await;
    let report = server.outcome(&agent("local/gemma3:4b"), Value::Null).await;
    assert_eq!(report["status"], "failed");
    let error = &report["error"];
    assert!(
        word(&error["detail"]).contains("does not support tools"),
        "{report}"
    );
    assert!(word(&error["hint"]).contains("tools"), "{report}");
    assert_eq!(local.received().len(), 1);
}

#[tokio::test]
async fn a_file_has_further_settings_of_providers() {
    let local = Provider::echoing().await;
    let file = json!({
        "local": {"url": local.url(), "model": "m1", "models": ["m1", "a/m2"], "in_flight": 2, "first_byte_time": "10m",
            "headers": {"x-title": "tests", "api-key": {"$secret": "LOCAL_HEADER"}},
            "max_tokens_field": "max_new_tokens", "extra": {"keep_alive": "5m"}},
    });
    let file = File::new("providers.json", &format!("// Providers.\n{file}"));
    let prices = File::new("prices.json", r#"{"local/m1": {"input": 1, "output": 2}}"#);
    let mut program = program();
    program
        .arg("--provider-file")
        .arg(file.path())
        .arg("--prices")
        .arg(prices.path());
    let server = Server::start(program.env("LOCAL_HEADER", LOCAL_KEY)).await;
    let mut spec = asking(&[Value::Null, json!("a/m2")]);
    spec["nodes"][0]["data"]["max_output_tokens"] = json!(50);
    let report = server.outcome(&spec, Value::Null).await;
    assert_eq!(
        step(&report, "n1")["output"],
        "a/m2 says \"q1\"",
        "{report}"
    );
    assert_eq!(step(&report, "n0")["cost"]["usd"], 0.00002, "{report}");
    let mut received = local.received();
    received.sort_by_key(|(_, body)| body["model"].to_string());
    let (headers, body) = &received[1];
    assert_eq!(
        (&headers["x-title"], &headers["api-key"]),
        (&"tests".parse().unwrap(), &LOCAL_KEY.parse().unwrap())
    );
    assert!(headers.get("authorization").is_none());
    assert_eq!(
        (&body["max_new_tokens"], &body["keep_alive"]),
        (&json!(50), &json!("5m"))
    );
    let types = server.get("/api/node-types").await.text().await.unwrap();
    assert!(types.contains(r#""models":["m1","a/m2"]"#), "{types}");
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_refused_with_a_reason() {
    let url = "http://127.0.0.1:9/v1";
    let cases: [(Value, &[&str], &str); 11] = [
        (
            json!({}),
            &["--provider", "local"],
            "expected a name and a URL, such as local=",
        ),
        (
            json!({}),
            &["--provider", "a/b=http://x"],
            "`a/b`: expected a letter, and then",
        ),
        (
            json!({}),
            &["--provider", "workflow=http://x"],
            "WORKFLOW_API_KEY is the key of this service",
        ),
        (
            json!({}),
            &["--provider", "gemini=http://x"],
            "choose another name",
        ),
        (
            json!({}),
            &["--provider", "a=http://u:hidden-password@x"],
            "cannot use the provider `a`: the base URL is invalid",
        ),
        (
            json!({"a": {"url": url}}),
            &["--provider", "a=http://x"],
            "the same variable, A_API_KEY",
        ),
        (
            json!({"a-b": {"url": url}, "a_b": {"url": url}}),
            &[],
            "`a-b` has the same variable, A_B_API_KEY",
        ),
        (
            json!({"a": {"url": url, "modell": "x"}}),
            &[],
            "`a`: unknown field `modell`, expected one of",
        ),
        (json!({"a": {"url": url, "time": 5}}), &[], "`a`: "),
        (
            json!({"a": {"url": url, "headers": {"k": {"$secret": "NOT_SET"}}}}),
            &[],
            "needs the variable NOT_SET",
        ),
        (
            json!([]),
            &[],
            "expected an object with a provider for each name",
        ),
    ];
    for (file, arguments, reason) in cases {
        let file = File::new("providers.json", &file.to_string());
        let mut program = program();
        program.args(["--memory", "--addr", "127.0.0.1:0", "--simulate"]);
        let refused = output(
            program
                .args(arguments)
                .arg("--provider-file")
                .arg(file.path()),
        )
        .await;
        let stderr = text(refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{reason}: {stderr}");
        assert!(stderr.contains(reason), "{reason}: {stderr}");
        assert!(!stderr.contains("hidden-password"), "{stderr}");
    }
}

#[tokio::test]
async fn a_key_of_the_environment_is_not_sent_to_an_address_of_the_env_file() {
    let local = Provider::echoing().await;
    let address = format!(
        "WORKFLOW_PROVIDER={}\nLOCAL_MODEL=m1\n",
        local.named("local")
    );
    for (more, expected) in [
        ("", ""),
        ("LOCAL_API_KEY=of-the-file\n", "Bearer of-the-file"),
    ] {
        let file = File::new("keys.env", &format!("{address}{more}"));
        let mut program = program();
        program.arg("--env-file").arg(file.path());
        let server = Server::start(program.env("LOCAL_API_KEY", LOCAL_KEY)).await;
        server.outcome(&asking(&[Value::Null]), Value::Null).await;
        assert_eq!(keys(&local.received()).last(), Some(&expected));
    }
}

#[tokio::test]
async fn providers_are_simulated_too() {
    let file = json!({"local": {"url": "http://127.0.0.1:9/v1", "models": ["hf.co/qwen3:8b"]}});
    let file = File::new("providers.json", &file.to_string());
    let mut program = program();
    program.args(["--simulate", "--simulate-pace", "0ms"]);
    let server = Server::start(program.arg("--provider-file").arg(file.path())).await;
    let spec = asking(&[
        json!("local/hf.co/qwen3:8b"),
        json!("local/m2"),
        Value::Null,
    ]);
    let report = server.outcome(&spec, Value::Null).await;
    for node in ["n0", "n1", "n2"] {
        let said = &step(&report, node)["output"];
        assert!(
            said.as_str().is_some_and(|it| it.ends_with("(Simulated.)")),
            "{report}"
        );
    }
    let report = server.outcome(&agent("local/qwen3:8b"), Value::Null).await;
    assert!(word(&report["output"]).contains("order found"), "{report}");
    let types = server.get("/api/node-types").await.text().await.unwrap();
    assert!(
        types.contains(r#""models":["gemini-3.8-flash","local/hf.co/qwen3:8b"]"#),
        "{types}"
    );
}

#[tokio::test]
async fn a_prediction_names_the_models_of_each_provider_and_their_prices() {
    let mut spec = asking(&[json!("local/m1"), json!("gemini-3.8-flash")]);
    spec["nodes"][0]["data"]["max_output_tokens"] = json!(1000);
    spec["nodes"].as_array_mut().unwrap().truncate(1);
    let file = File::new("workflow.json", &spec.to_string());
    let prices = File::new(
        "prices.json",
        r#"{"local/m1": {"input": 1, "output": 2, "context": 1000}}"#,
    );
    let mut check = program();
    check
        .arg("check")
        .arg(file.path())
        .args(["--provider", "local=http://127.0.0.1:9/v1"]);
    let checked = output(check.arg("--prices").arg(prices.path())).await;
    let said = text(checked.stdout);
    assert_eq!(text(checked.stderr), "");
    assert!(said.contains("cost: at most $0.0"), "{said}");
    assert!(said.contains("m1"), "{said}");
}

#[tokio::test]
async fn the_example_of_a_file_can_be_read() {
    let example = support::in_repository("examples/providers.json");
    assert!(fs::exists(&example).unwrap());
    let mut check = program();
    check
        .arg("check")
        .arg(support::example_file("explain"))
        .args(["--input", "Tides", "--simulate"]);
    check
        .env("AZURE_KEY", "the-key-of-azure")
        .arg("--provider-file")
        .arg(example);
    let checked = output(&mut check).await;
    assert_eq!(
        (checked.status.code(), text(checked.stderr)),
        (Some(0), String::new())
    );
}
