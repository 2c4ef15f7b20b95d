//! The page that tells of the API.

mod support;

use support::Api;
use workflow_http::Options;

#[tokio::test]
async fn the_page_tells_of_every_operation_and_schema() {
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
async fn every_link_leads_somewhere() {
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
async fn the_page_has_no_script_and_loads_nothing() {
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
async fn who_has_no_key_learns_how_to_show_one_and_not_which_node_types_there_are() {
    let options =
        Options::default().with_api_key("0123456789abcdef0123456789abcdef".parse().unwrap());
    let page = Api::with(options).get("/docs").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("X-API-Key: KEY"));
    assert!(page.text.contains("-H &quot;x-api-key: $KEY&quot;"));
    assert!(!page.text.contains("LLMNode"), "that is for who has a key");
}
