//! What the service says of itself is true, and all of it. That every answer is as it is told is seen
//! to in all tests, by `support/contract.rs`.

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

/// The path of a document with something in the place of its parameters.
fn filled(path: &str) -> String {
    path.replace("{id}", NOBODY)
        .replace("{path}", "each/2/sum")
        .replace("{wait_id}", "w1")
}

/// Every operation: the path as the document has it, the method, and what is told.
fn operations(document: &Value) -> Vec<(&str, String, &Value)> {
    let paths = document["paths"].as_object().expect("there are paths");
    paths
        .iter()
        .flat_map(|(path, told)| {
            let told = told.as_object().expect("a path has methods");
            let methods = told.iter().filter(|(name, _)| *name != "parameters");
            methods.map(move |(name, it)| (path.as_str(), name.to_uppercase(), it))
        })
        .collect()
}

async fn ask(api: &Api, method: &str, path: &str) -> Answer {
    api.ask(with_body(request(method, path), "")).await
}

#[tokio::test]
async fn every_operation_is_told() {
    let document = document(&Api::new()).await;
    let told: Vec<String> = operations(&document)
        .into_iter()
        .map(|(path, method, told)| {
            format!("{method} {path} {}", told["operationId"].as_str().unwrap())
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    POST /api/workflows createWorkflow
    GET /api/workflows listWorkflows
    POST /api/workflows/validate validateWorkflow
    GET /api/workflows/{id} getWorkflow
    PUT /api/workflows/{id} updateWorkflow
    DELETE /api/workflows/{id} deleteWorkflow
    GET /api/workflows/{id}/versions listVersions
    POST /api/workflows/{id}/run runWorkflow
    POST /api/workflows/{id}/runs startRun
    GET /api/runs listRuns
    GET /api/runs/{id} getRun
    DELETE /api/runs/{id} deleteRun
    POST /api/runs/{id}/retry retryRun
    GET /api/runs/{id}/steps/{path} getStep
    GET /api/runs/{id}/events followRun
    POST /api/runs/{id}/cancel cancelRun
    POST /api/runs/{id}/waits/{wait_id} answerWait
    GET /api/schema/workflow.json getWorkflowSchema
    GET /api/openapi.json getDescription
    GET /api/node-types listNodeTypes
    GET /healthz isAlive
    GET /readyz isReady
    GET /metrics getMetrics
    GET /docs getDescriptionPage
    ");
}

#[tokio::test]
async fn the_router_serves_what_is_told_and_nothing_else() {
    let api = Api::with(Options::default().with_metrics(Arc::default()));
    let document = document(&api).await;
    for path in document["paths"].as_object().unwrap().keys() {
        let of_path = operations(&document)
            .into_iter()
            .filter(|(it, ..)| it == path);
        let mut told: BTreeSet<String> = of_path.map(|(_, method, _)| method).collect();
        if told.contains("GET") {
            told.insert("HEAD".to_owned());
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
        assert_eq!(allowed(&options), told, "{path}");
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE"] {
            let answer = ask(&api, method, &at).await;
            assert_eq!(
                answer.status != 405,
                told.contains(method),
                "{method} {path}"
            );
            if answer.status == 405 {
                assert_eq!(allowed(&answer), told, "{method} {path}");
            } else if method != "HEAD" && answer.status == 404 {
                assert_ne!(answer.problem()["code"], "not_found", "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn with_a_key_it_is_asked_for_wherever_that_is_told() {
    let api = Api::with(Options::default().with_api_key(KEY.parse().unwrap()));
    assert_eq!(api.get("/api/openapi.json").await.status, 401);
    let keyed = request("GET", "/api/openapi.json").header("x-api-key", KEY);
    let document = api.ask(with_body(keyed, "")).await.json();
    assert!(document["security"].is_array());
    let mut open = Vec::new();
    for (path, method, told) in operations(&document) {
        let answer = ask(&api, &method, &filled(path)).await;
        if told["security"].is_array() {
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
    assert_eq!(open, ["/healthz", "/readyz", "/docs"]);
}

#[tokio::test]
async fn without_a_key_none_is_told() {
    assert!(document(&Api::new()).await["security"].is_null());
}

#[tokio::test]
async fn every_code_of_a_problem_is_told_where_it_happens() {
    let document = document(&Api::new()).await;
    let mut told = BTreeSet::new();
    for (_, _, operation) in operations(&document) {
        for answer in operation["responses"].as_object().unwrap().values() {
            let schema = &answer["content"]["application/problem+json"]["schema"];
            let codes = schema["properties"]["code"]["enum"].as_array();
            told.extend(
                codes
                    .into_iter()
                    .flatten()
                    .map(|code| code.as_str().unwrap()),
            );
        }
    }
    // Those of what no operation is about.
    told.extend(["not_found", "method_not_allowed"]);
    let codes = &document["components"]["schemas"]["HttpProblem"]["properties"]["code"]["enum"];
    let every: BTreeSet<&str> = codes
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code.as_str().unwrap())
        .collect();
    assert_eq!(told, every);
}

#[tokio::test]
async fn it_refers_to_what_is_there_and_has_nothing_that_is_not_used() {
    let document = document(&Api::new()).await;
    let mut used = BTreeSet::new();
    references(&document, &mut used);
    for pointer in &used {
        let place = pointer.strip_prefix('#').expect("it stands alone");
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
async fn links_lead_to_operations() {
    let document = document(&Api::new()).await;
    let every = operations(&document);
    let ids: BTreeSet<&str> = every
        .iter()
        .map(|(.., told)| told["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), every.len(), "each is named once");
    let mut links = 0;
    for (.., told) in &every {
        for answer in told["responses"].as_object().unwrap().values() {
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
    let asked = request("GET", "/flows/docs").body(Body::empty()).unwrap();
    let nested = Api { router, ..api };
    let page = nested.ask(asked).await;
    assert!(page.text.contains("href=\"/flows/api/openapi.json\""));
}

/// The examples of the document are told as one story, which is played here, by the nodes that every
/// service has.
#[tokio::test(start_paused = true)]
async fn the_examples_are_what_is_sent_and_answered() {
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
    let stored = story.plays("createWorkflow", "/api/workflows").await;
    let workflow = format!("/api/workflows/{}", stored["id"].as_str().unwrap());
    story.plays("listWorkflows", "/api/workflows").await;
    story.plays("getWorkflow", &workflow).await;
    story
        .plays("validateWorkflow", "/api/workflows/validate")
        .await;
    story
        .plays("listVersions", &format!("{workflow}/versions"))
        .await;
    let started = story.plays("startRun", &format!("{workflow}/runs")).await;
    let run = started["links"]["self"].as_str().unwrap().to_owned();
    support::idle().await;
    let waiting = story.plays("getRun", &run).await;
    story.plays("listRuns", "/api/runs").await;
    story.plays("getStep", &format!("{run}/steps/draft")).await;
    let wait = waiting["waits"][0]["wait_id"].as_str().unwrap();
    story
        .plays("answerWait", &format!("{run}/waits/{wait}"))
        .await;
    support::idle().await;
    story.plays("followRun", &format!("{run}/events")).await;
    let again = story.plays("retryRun", &format!("{run}/retry")).await;
    support::idle().await;
    story
        .plays("cancelRun", again["links"]["cancel"].as_str().unwrap())
        .await;
    story.tells(&workflow, &run).await;
    story.plays("isAlive", "/healthz").await;
    story.plays("isReady", "/readyz").await;
}

struct Story {
    api: Api,
    document: Value,
}

impl Story {
    /// Sends the example of an operation, and holds the answer to the example of its answer.
    async fn plays(&mut self, id: &str, path: &str) -> Value {
        let every = operations(&self.document);
        let mut every = every.into_iter();
        let (_, method, told) = every
            .find(|(_, _, told)| told["operationId"] == id)
            .expect(id);
        let body = &told["requestBody"]["content"]["application/json"]["example"];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let asked = request(&method, path)
            .header("content-type", "application/json")
            .header("accept", "application/json");
        let answer = self.api.ask(with_body(asked, body)).await;
        let example =
            &told["responses"][answer.status.as_str()]["content"]["application/json"]["example"];
        assert!(answer.status.is_success(), "{id}: {}", answer.text);
        assert_eq!(hidden(&answer.json()), hidden(example), "{id}");
        answer.json()
    }
}

impl Story {
    /// Holds the examples of streams to what they stream.
    async fn tells(&self, workflow: &str, run: &str) {
        let events = self.api.get(&format!("{run}/events")).await.text;
        let told = data(&self.stream_of("followRun"));
        assert!(!told.is_empty());
        for event in told {
            assert!(data(&events).contains(&event), "{event} is not in {events}");
        }
        let body = r#"{"input": {"name": "Ada"}}"#;
        let asked = with_body(request("POST", &format!("{workflow}/run")), body);
        let mut frames = self.api.stream(asked).await;
        let told = data(&self.stream_of("runWorkflow"));
        assert!(!told.is_empty());
        for frame in told {
            assert_eq!(
                frame,
                hidden(&frames.event().await.expect("there are more frames").1)
            );
        }
    }

    /// The example of the stream that an operation answers with.
    fn stream_of(&self, id: &str) -> String {
        let every = operations(&self.document);
        let (.., told) = every
            .into_iter()
            .find(|(.., told)| told["operationId"] == id)
            .expect(id);
        let media = &told["responses"]["200"]["content"]["text/event-stream"];
        media["example"].as_str().expect("it is a text").to_owned()
    }
}

/// The data of each event of a stream, without what is never the same twice.
fn data(stream: &str) -> Vec<Value> {
    let data = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| hidden(&serde_json::from_str(data).expect("data is JSON")))
        .collect()
}

/// The value without what is never the same twice: ids, times, and how long it took.
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
