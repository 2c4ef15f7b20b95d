//! The OpenAPI document is correct and complete. `support/contract.rs` checks all responses of all tests against it.

mod support;

use std::{collections::BTreeSet, sync::Arc};

use axum::{Router, body::Body};
use serde_json::Value;
use support::{Answer, Api, document_of, request, with_body};
use workflow_core::{LocalEngine, Registry, RunId};
use workflow_http::Options;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

async fn document(api: &Api) -> Value {
    api.get("/api/openapi.json").await.json()
}

/// A path of the document with values for its parameters.
fn filled(path: &str) -> String {
    path.replace("{id}", NOBODY)
        .replace("{path}", "each/2/sum")
        .replace("{wait_id}", "w1")
}

/// Every operation: its path in the document, its method, and its description.
fn operations(document: &Value) -> Vec<(&str, String, &Value)> {
    let paths = document["paths"].as_object().expect("there are paths");
    paths
        .iter()
        .flat_map(|(path, documented)| {
            let documented = documented.as_object().expect("a path has methods");
            let methods = documented.iter().filter(|(name, _)| *name != "parameters");
            methods.map(move |(name, it)| (path.as_str(), name.to_uppercase(), it))
        })
        .collect()
}

async fn ask(api: &Api, method: &str, path: &str) -> Answer {
    api.ask(with_body(request(method, path), "")).await
}

#[tokio::test]
async fn every_operation_is_documented() {
    let document = document(&Api::new()).await;
    let documented: Vec<String> = operations(&document)
        .into_iter()
        .map(|(path, method, documented)| {
            format!(
                "{method} {path} {}",
                documented["operationId"].as_str().unwrap()
            )
        })
        .collect();
    insta::assert_snapshot!(documented.join("\n"), @r"
    POST /api/workflows createWorkflow
    GET /api/workflows listWorkflows
    POST /api/workflows/validate validateWorkflow
    GET /api/workflows/{id} getWorkflow
    PUT /api/workflows/{id} updateWorkflow
    DELETE /api/workflows/{id} deleteWorkflow
    GET /api/workflows/{id}/versions listVersions
    POST /api/workflows/{id}/plan planRun
    POST /api/workflows/{id}/run runWorkflow
    POST /api/workflows/{id}/runs startRun
    GET /api/runs listRuns
    GET /api/runs/{id} getRun
    DELETE /api/runs/{id} deleteRun
    POST /api/runs/{id}/retry retryRun
    POST /api/runs/{id}/plan planRetry
    GET /api/runs/{id}/steps/{path} getStep
    GET /api/runs/{id}/events followRun
    GET /api/runs/{id}/diff/{other} diffRuns
    POST /api/runs/{id}/evaluate evaluate
    POST /api/runs/{id}/cancel cancelRun
    POST /api/runs/{id}/waits/{wait_id} answerWait
    GET /api/schema/workflow.json getWorkflowSchema
    GET /api/openapi.json getDescription
    GET /api/node-types listNodeTypes
    GET /healthz isAlive
    GET /readyz isReady
    GET /metrics getMetrics
    GET /docs getDocumentation
    GET /docs/tutorial getTutorial
    GET /docs/language getLanguage
    GET /docs/api getDescriptionPage
    ");
}

#[tokio::test]
async fn the_router_serves_the_documented_operations_only() {
    let api = Api::with(Options::default().with_metrics(Arc::default()));
    let document = document(&api).await;
    for path in document["paths"].as_object().unwrap().keys() {
        let of_path = operations(&document)
            .into_iter()
            .filter(|(it, ..)| it == path);
        let mut documented: BTreeSet<String> = of_path.map(|(_, method, _)| method).collect();
        if documented.contains("GET") {
            documented.insert("HEAD".to_owned());
        }
        let at = filled(path);
        let options = ask(&api, "OPTIONS", &at).await;
        assert_eq!(
            (options.status.as_u16(), options.text.as_str()),
            (204, ""),
            "{path}"
        );
        let allowed = |answer: &Answer| -> BTreeSet<String> {
            answer
                .header("allow")
                .split(',')
                .map(str::to_owned)
                .collect()
        };
        assert_eq!(allowed(&options), documented, "{path}");
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE"] {
            let answer = ask(&api, method, &at).await;
            assert_eq!(
                answer.status != 405,
                documented.contains(method),
                "{method} {path}"
            );
            if answer.status == 405 {
                assert_eq!(allowed(&answer), documented, "{method} {path}");
            } else if method != "HEAD" && answer.status == 404 {
                assert_ne!(answer.problem()["code"], "not_found", "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_is_required_where_the_document_says_so() {
    let api = Api::with(Options::default().with_api_key(KEY.parse().unwrap()));
    assert_eq!(api.get("/api/openapi.json").await.status, 401);
    let keyed = request("GET", "/api/openapi.json").header("x-api-key", KEY);
    let document = api.ask(with_body(keyed, "")).await.json();
    assert!(document["security"].is_array());
    let mut open = Vec::new();
    for (path, method, documented) in operations(&document) {
        let answer = ask(&api, &method, &filled(path)).await;
        if documented["security"].is_array() {
            assert_eq!(answer.status, 200, "{method} {path}");
            open.push(path);
        } else {
            assert_eq!(
                answer.refusal(),
                (401, "unauthorized".into()),
                "{method} {path}"
            );
        }
    }
    assert_eq!(
        open,
        [
            "/healthz",
            "/readyz",
            "/docs",
            "/docs/tutorial",
            "/docs/language",
            "/docs/api"
        ]
    );
}

#[tokio::test]
async fn without_a_key_the_document_has_no_security() {
    assert!(document(&Api::new()).await["security"].is_null());
}

#[tokio::test]
async fn every_problem_code_is_documented_at_its_operations() {
    let document = document(&Api::new()).await;
    let mut documented = BTreeSet::new();
    for (_, _, operation) in operations(&document) {
        for answer in operation["responses"].as_object().unwrap().values() {
            let schema = &answer["content"]["application/problem+json"]["schema"];
            let codes = schema["properties"]["code"]["enum"].as_array();
            documented.extend(
                codes
                    .into_iter()
                    .flatten()
                    .map(|code| code.as_str().unwrap()),
            );
        }
    }
    // The codes of requests that reach no operation.
    documented.extend(["not_found", "method_not_allowed"]);
    let codes = &document["components"]["schemas"]["HttpProblem"]["properties"]["code"]["enum"];
    let every: BTreeSet<&str> = codes
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code.as_str().unwrap())
        .collect();
    assert_eq!(documented, every);
}

#[tokio::test]
async fn references_resolve_and_no_component_is_unused() {
    let document = document(&Api::new()).await;
    let mut used = BTreeSet::new();
    references(&document, &mut used);
    for pointer in &used {
        let place = pointer
            .strip_prefix('#')
            .expect("the document is self-contained");
        assert!(document.pointer(place).is_some(), "there is no {pointer}");
    }
    for kind in ["schemas", "headers", "parameters"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            let pointer = format!("#/components/{kind}/{name}");
            assert!(used.contains(&pointer), "nothing uses {pointer}");
        }
    }
}

#[tokio::test]
async fn links_refer_to_operations() {
    let document = document(&Api::new()).await;
    let every = operations(&document);
    let ids: BTreeSet<&str> = every
        .iter()
        .map(|(.., documented)| documented["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), every.len(), "each is named once");
    let mut links = 0;
    for (.., documented) in &every {
        for answer in documented["responses"].as_object().unwrap().values() {
            for (name, link) in answer["links"].as_object().into_iter().flatten() {
                links += 1;
                assert_eq!(link["operationId"], name.as_str());
                assert!(ids.contains(name.as_str()), "{name}");
            }
        }
    }
    assert!(links > 0);
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => {
            found.extend(
                members
                    .get("$ref")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            members
                .values()
                .for_each(|member| references(member, found));
        }
        _ => {}
    }
}

#[tokio::test]
async fn links_begin_with_the_base_path() {
    let api = Api::with(Options::default().with_base_path("/flows"));
    let router = Router::new().nest("/flows", api.router.clone());
    let document = document_of(api.router.clone());
    assert_eq!(document["servers"][0]["url"], "/flows");
    assert_eq!(document["externalDocs"]["url"], "/flows/docs");
    let asked = request("GET", "/flows/docs/api")
        .body(Body::empty())
        .unwrap();
    let nested = Api { router, ..api };
    let page = nested.ask(asked).await;
    assert!(page.text.contains("href=\"/flows/api/openapi.json\""));
}

/// The examples of the document are one sequence of requests. This test sends them to a service with built-in nodes.
#[tokio::test(start_paused = true)]
async fn the_examples_are_real_requests_and_responses() {
    let engine = Arc::new(LocalEngine::builder(Registry::default()).build());
    let router = workflow_http::router(engine, Options::default());
    let api = Api {
        router,
        ..Api::new()
    };
    let mut story = Story {
        document: document(&api).await,
        api,
    };
    let stored = story.play("createWorkflow", "/api/workflows").await;
    let workflow = format!("/api/workflows/{}", stored["id"].as_str().unwrap());
    story.play("listWorkflows", "/api/workflows").await;
    story.play("getWorkflow", &workflow).await;
    story
        .play("validateWorkflow", "/api/workflows/validate")
        .await;
    story
        .play("listVersions", &format!("{workflow}/versions"))
        .await;
    let started = story.play("startRun", &format!("{workflow}/runs")).await;
    let run = started["links"]["self"].as_str().unwrap().to_owned();
    support::idle().await;
    let waiting = story.play("getRun", &run).await;
    story.play("listRuns", "/api/runs").await;
    story.play("getStep", &format!("{run}/steps/draft")).await;
    let wait = waiting["waits"][0]["wait_id"].as_str().unwrap();
    story
        .play("answerWait", &format!("{run}/waits/{wait}"))
        .await;
    support::idle().await;
    story.play("followRun", &format!("{run}/events")).await;
    let again = story.play("retryRun", &format!("{run}/retry")).await;
    support::idle().await;
    story
        .play("cancelRun", again["links"]["cancel"].as_str().unwrap())
        .await;
    let again = again["id"].as_str().unwrap();
    story.play("diffRuns", &format!("{run}/diff/{again}")).await;
    story.play("evaluate", &format!("{run}/evaluate")).await;
    story.check_streams(&workflow, &run).await;
    story.play("isAlive", "/healthz").await;
    story.play("isReady", "/readyz").await;
}

struct Story {
    api: Api,
    document: Value,
}

impl Story {
    /// Sends the example of an operation, and compares the response with its example.
    async fn play(&mut self, id: &str, path: &str) -> Value {
        let every = operations(&self.document);
        let mut every = every.into_iter();
        let (_, method, documented) = every
            .find(|(_, _, documented)| documented["operationId"] == id)
            .expect(id);
        let body = &documented["requestBody"]["content"]["application/json"]["example"];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let asked = request(&method, path)
            .header("content-type", "application/json")
            .header("accept", "application/json");
        let answer = self.api.ask(with_body(asked, body)).await;
        let example = &documented["responses"][answer.status.as_str()]["content"]["application/json"]
            ["example"];
        assert!(answer.status.is_success(), "{id}: {}", answer.text);
        assert_eq!(hidden(&answer.json()), hidden(example), "{id}");
        answer.json()
    }
}

impl Story {
    /// Compares the examples of streams with real streams.
    async fn check_streams(&self, workflow: &str, run: &str) {
        let events = self.api.get(&format!("{run}/events")).await.text;
        let documented = data(&self.stream_of("followRun"));
        assert!(!documented.is_empty());
        for event in documented {
            assert!(data(&events).contains(&event), "{event} is not in {events}");
        }
        let body = r#"{"input": {"name": "Ada"}}"#;
        let asked = with_body(request("POST", &format!("{workflow}/run")), body);
        let mut frames = self.api.stream(asked).await;
        let documented = data(&self.stream_of("runWorkflow"));
        assert!(!documented.is_empty());
        for frame in documented {
            assert_eq!(
                frame,
                hidden(&frames.event().await.expect("there are more frames").1)
            );
        }
    }

    /// The example of an operation's stream.
    fn stream_of(&self, id: &str) -> String {
        let every = operations(&self.document);
        let (.., documented) = every
            .into_iter()
            .find(|(.., documented)| documented["operationId"] == id)
            .expect(id);
        let media = &documented["responses"]["200"]["content"]["text/event-stream"];
        media["example"].as_str().expect("it is a text").to_owned()
    }
}

/// The data of each event of a stream, without values that differ from run to run.
fn data(stream: &str) -> Vec<Value> {
    let data = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| hidden(&serde_json::from_str(data).expect("data is JSON")))
        .collect()
}

/// The value without values that differ from run to run: ids, times and durations.
fn hidden(value: &Value) -> Value {
    match value {
        Value::String(text) if text.parse::<RunId>().is_ok() => "[id]".into(),
        Value::String(text) if text.len() == 27 && text.ends_with('Z') => "[time]".into(),
        Value::String(text) if text.starts_with('/') => {
            let parts = text.split_inclusive(['/', '?']).map(|part| {
                let id = part.trim_end_matches(['/', '?']);
                match id.parse::<RunId>() {
                    Ok(_) => part.replace(id, "[id]"),
                    Err(_) => part.to_owned(),
                }
            });
            parts.collect::<String>().into()
        }
        Value::Array(items) => items.iter().map(hidden).collect(),
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !name.ends_with("_ms") && *name != "spans")
            .map(|(name, member)| (name.clone(), hidden(member)))
            .collect(),
        other => other.clone(),
    }
}
