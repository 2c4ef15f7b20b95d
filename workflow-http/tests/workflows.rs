//! Workflows over REST.

mod support;

use axum::http::StatusCode;
use serde_json::json;
use support::{Api, hiding, two_steps};

#[tokio::test]
async fn a_workflow_is_created_read_listed_and_deleted() {
    let _hiding = hiding();
    let api = Api::new();

    let created = api.post("/api/workflows", two_steps()).await;
    assert_eq!(created.status, StatusCode::CREATED);
    insta::assert_snapshot!(created.text, @r#"{"id":"[id]","name":"Explain","version":1,"created_at":"[time]","spec":{"name":"Explain","nodes":[{"id":"prompt_step","type":"PromptNode","data":{"template":"Explain {{ input }}"}},{"id":"llm_step","type":"LLMNode","data":{}}]}}"#);
    let path = created.header("location");
    assert_eq!(
        path,
        format!("/api/workflows/{}", created.json()["id"].as_str().unwrap())
    );

    assert_eq!(api.get(path).await.json(), created.json());
    assert_eq!(
        api.get(&format!("{path}?version=1")).await.json(),
        created.json()
    );
    assert_eq!(
        api.get(&format!("{path}?version=2")).await.refusal(),
        (404, "unknown_version".into())
    );

    let list = api.get("/api/workflows").await.json();
    let mut item = created.json();
    item.as_object_mut().unwrap().remove("spec");
    assert_eq!(list, json!({"items": [item], "next_cursor": null}));

    let deleted = api.delete(path).await;
    assert_eq!(
        (deleted.status, deleted.text.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
    assert_eq!(api.get("/api/workflows").await.json()["items"], json!([]));
    assert_eq!(
        api.delete(path).await.refusal(),
        (404, "unknown_workflow".into())
    );
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let api = Api::new();
    for _ in 0..3 {
        api.create(two_steps()).await;
    }
    let first = api.get("/api/workflows?limit=2").await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = api
        .get(&format!("/api/workflows?limit=2&cursor={cursor}"))
        .await
        .json();
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_eq!(second["next_cursor"], json!(null));
}

#[tokio::test]
async fn validation_stores_nothing_and_returns_the_graph() {
    let api = Api::new();

    let valid = api.post("/api/workflows/validate", two_steps()).await;
    assert_eq!(valid.status, StatusCode::OK);
    insta::assert_snapshot!(valid.text, @r#"{"valid":true,"errors":[],"warnings":[],"graph":{"nodes":[{"id":"prompt_step","type":"PromptNode","needs":[]},{"id":"llm_step","type":"LLMNode","needs":["prompt_step"]}],"edges":[{"from":"prompt_step","to":"llm_step"}]}}"#);

    let cycle = json!({"nodes": [
        {"id": "a", "type": "LLMNode", "needs": ["b"]},
        {"id": "b", "type": "LLMNode", "needs": ["a"]},
    ]});
    let invalid = api.post("/api/workflows/validate", cycle).await;
    assert_eq!(invalid.status, StatusCode::OK);
    insta::assert_snapshot!(invalid.text, @r##"{"valid":false,"errors":[{"code":"cycle","pointer":"#/nodes/0/needs/0","detail":"b -> a -> b","hint":"remove one of these from `needs`"}],"warnings":[],"graph":null}"##);

    assert_eq!(api.get("/api/workflows").await.json()["items"], json!([]));
}

#[tokio::test]
async fn the_limits_are_those_of_the_built_engine() {
    let api = Api::of(workflow_http::Options::default(), |engine| {
        let executor = workflow_core::Executor::new();
        engine.with_max_running(3).with_max_queued(4).with_executor(
            executor
                .with_concurrent_steps(5)
                .with_max_events(600)
                .with_max_map_items(7),
        )
    });
    let limits = api.get("/api/node-types").await.json()["limits"].clone();
    let expected = [
        ("concurrent_runs", 3),
        ("queued_runs", 4),
        ("concurrent_steps", 5),
        ("events", 600),
        ("map_items", 7),
    ];
    for (name, limit) in expected {
        assert_eq!(limits[name], limit, "{name}");
    }
}

#[tokio::test]
async fn the_catalog_has_node_types_and_limits() {
    let api = Api::with(workflow_http::Options::default().with_simulated(true));
    let catalog = api.get("/api/node-types").await.json();
    let types: Vec<_> = catalog["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["type"])
        .collect();
    assert_eq!(
        types,
        [
            "DelayNode",
            "HumanNode",
            "LLMNode",
            "LoopNode",
            "MapNode",
            "PromptNode",
            "SwitchNode",
            "TransformNode",
            "WorkflowNode"
        ]
    );
    assert_eq!(catalog["items"][2]["activity"], "Calling Gemini API");
    // The types of this test have no hints, the built-in ones have some.
    assert_eq!(
        catalog["items"][2]["display"],
        json!({"streams_text": false})
    );
    assert_eq!(
        catalog["items"][2]["models"],
        json!(["m1", "local/qwen3:8b"])
    );
    assert!(catalog["items"][1].get("models").is_none());
    assert_eq!(
        catalog["items"][0]["display"],
        json!({"label": "Delay", "icon": "delay", "streams_text": false})
    );
    assert_eq!(
        catalog["items"][5]["schema"]["properties"]["template"]["x-workflow"],
        "template"
    );
    assert_eq!(catalog["limits"]["body_bytes"], 1024 * 1024);
    assert_eq!(catalog["limits"]["concurrent_steps"], 16);
    assert_eq!(catalog["simulated"], true);
    assert_eq!(api.get("/healthz").await.text, r#"{"status":"ok"}"#);
}
