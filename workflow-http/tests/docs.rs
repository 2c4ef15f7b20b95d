//! `/docs`, the API reference.

mod support;

use support::Api;
use workflow_http::Options;

#[tokio::test]
async fn the_reference_has_every_operation_and_schema() {
    let api = Api::new();
    let page = api.get("/docs").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let document = api.get("/api/openapi.json").await.json();
    for path in document["paths"].as_object().unwrap().values() {
        for operation in path.as_object().unwrap().values() {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            assert!(
                page.text.contains(&format!("<section id=\"{id}\">")),
                "{id}"
            );
        }
    }
    assert!(page.text.contains("<section id=\"schema-node.completed\">"));
    assert!(
        page.text
            .contains("curl -X POST http://localhost:8000/api/workflows ")
    );
}

#[tokio::test]
async fn every_link_has_a_target() {
    let page = Api::new().get("/docs").await.text;
    let within: Vec<&str> = page
        .split("href=\"#")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(within.len() > 50, "{}", within.len());
    for id in within {
        assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
    }
}

#[tokio::test]
async fn the_reference_has_no_script_and_loads_nothing() {
    let page = Api::new().get("/docs").await;
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    for loading in [
        "<script", "<link", "<img", "src=", "style=", "@import", "url(",
    ] {
        assert!(!page.text.contains(loading), "{loading}");
    }
}

#[tokio::test]
async fn without_a_key_the_reference_explains_keys_and_lists_no_node_types() {
    let options =
        Options::default().with_api_key("0123456789abcdef0123456789abcdef".parse().unwrap());
    let page = Api::with(options).get("/docs").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("X-API-Key: KEY"));
    assert!(page.text.contains("-H &quot;x-api-key: $KEY&quot;"));
    assert!(!page.text.contains("LLMNode"), "that is for who has a key");
}
