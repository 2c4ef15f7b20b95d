//! Media types of responses, and methods of paths.

mod support;

use support::{Api, request, two_steps, with_body};

/// The status and media type of a run's events for a client that accepts this.
async fn form(api: &Api, events: &str, accept: &str) -> (u16, String) {
    let request = request("GET", events).header("accept", accept);
    let response = api.send(with_body(request, "")).await;
    let media_type = response.headers()["content-type"]
        .to_str()
        .expect("it is text");
    (response.status().as_u16(), media_type.to_owned())
}

#[tokio::test]
async fn events_come_in_the_preferred_media_type() {
    let api = Api::new();
    let events = format!("{}/events", api.start().await);
    let stream = "text/event-stream";
    let page = "application/json";
    for (accept, wanted) in [
        ("*/*", stream),
        ("text/*", stream),
        ("text/event-stream", stream),
        ("Text/Event-Stream", stream),
        ("application/json", page),
        ("application/*", page),
        ("application/json, text/plain, */*", page),
        ("application/json, text/event-stream", stream),
        ("application/json;q=0.9, text/event-stream;q=0.8", page),
        ("application/json;q=0.1, text/event-stream; q=0.2", stream),
        ("APPLICATION/*;Q=0.1, Text/*; Q=0.2", stream),
        ("text/event-stream;q=0, */*", page),
        ("*/*;q=0.1, application/json;q=0.5", page),
        ("text/html, application/json;charset=utf-8;q=0.5", page),
        ("application/json;q=nonsense", page),
        ("", stream),
        (", ,", stream),
    ] {
        let (status, media_type) = form(&api, &events, accept).await;
        assert_eq!((status, media_type.as_str()), (200, wanted), "{accept}");
    }
}

#[tokio::test]
async fn not_acceptable_lists_the_available_media_types() {
    let api = Api::new();
    let events = format!("{}/events", api.start().await);
    for accept in [
        "text/html",
        "image/*, text/plain",
        "*/*;q=0",
        "application/json;q=0",
    ] {
        let request = request("GET", &events).header("accept", accept);
        let refused = api.ask(with_body(request, "")).await;
        assert_eq!(
            refused.refusal(),
            (406, "not_acceptable".into()),
            "{accept}"
        );
        let detail = &refused.problem()["detail"];
        assert_eq!(
            detail,
            "the response is available as text/event-stream or application/json or application/x-ndjson"
        );
    }
}

#[tokio::test]
async fn every_path_lists_its_methods() {
    let api = Api::new();
    let workflow = api.create(two_steps()).await;
    let run = api.start().await;
    let paths = [
        ("/api/workflows".to_owned(), "POST,GET,HEAD"),
        ("/api/workflows/validate".to_owned(), "POST"),
        (format!("{workflow}/run"), "POST"),
        (format!("{workflow}/runs"), "POST"),
        ("/api/runs".to_owned(), "GET,HEAD"),
        (format!("{run}/steps/llm_step"), "GET,HEAD"),
        (format!("{run}/events"), "GET,HEAD"),
        (format!("{run}/cancel"), "POST"),
        (format!("{run}/waits/7"), "POST"),
        ("/api/schema/workflow.json".to_owned(), "GET,HEAD"),
        ("/api/node-types".to_owned(), "GET,HEAD"),
        ("/healthz".to_owned(), "GET,HEAD"),
        #[cfg(feature = "ui")]
        ("/".to_owned(), "GET,HEAD"),
    ];
    for (path, methods) in paths {
        let ask = async |method| api.ask(with_body(request(method, &path), "")).await;
        let options = ask("OPTIONS").await;
        assert_eq!(options.status, 204, "{path}");
        assert_eq!(options.header("allow"), methods, "{path}");
        for wrong in ["PATCH", "TRACE", "BREW"] {
            let refused = ask(wrong).await;
            assert_eq!(
                refused.refusal(),
                (405, "method_not_allowed".into()),
                "{wrong} {path}"
            );
            assert_eq!(refused.header("allow"), methods, "{path}");
        }
        if !methods.contains("GET") {
            assert_eq!(ask("HEAD").await.status, 405, "{path}");
        }
    }
    let nowhere = api.ask(with_body(request("OPTIONS", "/nowhere"), "")).await;
    assert_eq!(nowhere.refusal(), (404, "not_found".into()));
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let api = Api::new();
    let run = api.start().await;
    for path in [
        "/healthz",
        "/api/runs/7",
        "/nowhere",
        &format!("{run}/events"),
    ] {
        let ask = async |method| api.send(with_body(request(method, path), "")).await;
        let (head, get) = (ask("HEAD").await, ask("GET").await);
        assert_eq!(head.status(), get.status(), "{path}");
        assert_eq!(
            head.headers()["content-type"],
            get.headers()["content-type"],
            "{path}"
        );
        let body = axum::body::to_bytes(head.into_body(), 1).await;
        assert!(body.unwrap().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_path_that_is_not_utf8_is_a_problem_everywhere() {
    let api = Api::new();
    let run = api.start().await;
    for path in [
        "/api/runs/%FF",
        "/api/workflows/%FF",
        "/api/runs/%FF/events",
    ] {
        assert_eq!(api.get(path).await.refusal().0, 404, "{path}");
    }
    let wait = api.post(&format!("{run}/waits/%FF"), "1").await;
    assert_eq!(wait.refusal().0, 404);
}

#[tokio::test]
async fn every_response_forbids_content_sniffing() {
    let api = Api::new();
    for path in ["/api/runs", "/nowhere", "/healthz", "/"] {
        assert_eq!(
            api.get(path).await.header("x-content-type-options"),
            "nosniff",
            "{path}"
        );
    }
}
