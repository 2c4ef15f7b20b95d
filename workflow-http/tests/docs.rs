//! The documentation: its contents, the tutorial, the language and the API reference.

mod support;

use support::Api;
use workflow_core::error::FaultCode;
use workflow_http::Options;

const PAGES: [&str; 4] = ["/docs", "/docs/tutorial", "/docs/language", "/docs/api"];

/// The targets of a page's links.
fn links(page: &str) -> Vec<&str> {
    let after = page.split("href=\"").skip(1);
    after.filter_map(|rest| rest.split('"').next()).collect()
}

/// The path of a link on a page at this path (RFC 3986, section 5.2), and its fragment.
fn resolved<'a>(at: &str, link: &'a str) -> (String, Option<&'a str>) {
    let (path, fragment) = match link.split_once('#') {
        Some((path, fragment)) => (path, Some(fragment)),
        None => (link, None),
    };
    if path.is_empty() || path.starts_with('/') {
        let path = if path.is_empty() { at } else { path };
        return (path.to_owned(), fragment);
    }
    let mut folders: Vec<&str> = at.split('/').collect();
    folders.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(folders.pop()),
            part => folders.push(part),
        }
    }
    (folders.join("/"), fragment)
}

#[tokio::test]
async fn every_link_leads_to_a_page_and_a_place_in_it() {
    let api = Api::new();
    let mut followed = 0;
    for at in PAGES {
        let page = api.get(at).await;
        assert_eq!(page.status, 200, "{at}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        for link in links(&page.text) {
            if link.starts_with("http") {
                continue;
            }
            let (path, fragment) = resolved(at, link);
            // The root is the page of the service, which this router may not have.
            if path == "/" {
                continue;
            }
            let target = api.get(&path).await;
            assert_eq!(target.status, 200, "{at}: {link}");
            if let Some(id) = fragment {
                let id = format!("id=\"{id}\"");
                assert_eq!(target.text.matches(&id).count(), 1, "{at}: {link}");
            }
            followed += 1;
        }
    }
    assert!(followed > 100, "{followed}");
}

#[tokio::test]
async fn every_fault_and_node_type_has_a_place_in_the_language() {
    let page = Api::new().get("/docs/language").await.text;
    let faults = FaultCode::ALL.iter().map(|code| format!("faults-{code}"));
    let types = [
        "PromptNode",
        "TransformNode",
        "LLMNode",
        "HttpNode",
        "MapNode",
        "LoopNode",
        "WorkflowNode",
        "HumanNode",
        "DelayNode",
    ];
    let types = types.map(|name| format!("node-types-{name}"));
    for id in faults.chain(types) {
        let place = format!("<td><code id=\"{id}\">");
        assert_eq!(page.matches(&place).count(), 1, "{id}");
    }
    assert!(page.contains("<h2 id=\"faults\">Faults</h2>"));
}

#[tokio::test]
async fn the_tutorial_shows_its_snippets_as_they_are() {
    let page = Api::new().get("/docs/tutorial").await.text;
    let source = include_str!("../../docs/TUTORIAL.md");
    assert_eq!(
        page.matches("<pre ").count(),
        source.matches("\n```").count() / 2
    );
    assert!(page.contains("aria-label=\"support.json\""));
    assert!(page.contains("workflow-server run support.json --simulate"));
}

#[tokio::test]
async fn the_reference_has_every_operation_and_schema() {
    let api = Api::new();
    let page = api.get("/docs/api").await;
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
async fn the_reference_has_links_to_all_its_parts() {
    let page = Api::new().get("/docs/api").await.text;
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
async fn no_page_has_a_script_or_loads_anything() {
    for at in PAGES {
        let page = Api::new().get(at).await;
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-"),
            "{policy}"
        );
        let loading = [
            "<script", "<link", "<img", "src=", " style=", "@import", "url(",
        ];
        for loading in loading {
            assert!(!page.text.contains(loading), "{at}: {loading}");
        }
    }
}

#[tokio::test]
async fn without_a_key_the_reference_explains_keys_and_lists_no_node_types() {
    let options =
        Options::default().with_api_key("0123456789abcdef0123456789abcdef".parse().unwrap());
    let page = Api::with(options).get("/docs/api").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("X-API-Key: KEY"));
    assert!(page.text.contains("-H &quot;x-api-key: $KEY&quot;"));
    assert!(!page.text.contains("LLMNode"), "that is for who has a key");
}
