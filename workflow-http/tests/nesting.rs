//! The router inside another application, and the pages of other sites.

mod support;

use axum::{
    Router,
    body::Body,
    http::header::{ORIGIN, USER_AGENT},
    routing::get,
};
use serde_json::json;
use support::{Api, request, two_steps, with_body};
use workflow_http::Options;

/// An application that nests the router in both ways of axum.
fn nested(nest: impl Fn(Router, Router) -> Router) -> Api {
    let mut api = Api::with(Options::default().with_base_path("/flows/"));
    let inner = std::mem::take(&mut api.router);
    let application = Router::new().route("/", get(async || "the application"));
    api.router = nest(application, inner);
    api
}

#[tokio::test]
async fn links_begin_with_the_base_path() {
    let api = nested(|application, inner| application.nest("/flows", inner));
    let created = api.post("/flows/api/workflows", two_steps()).await;
    let workflow = created.header("location").to_owned();
    assert!(workflow.starts_with("/flows/api/workflows/"), "{workflow}");
    api.script.finish("done");
    let run = api
        .post(&format!("{workflow}/runs"), json!({"input": 1}))
        .await;
    let path = run.header("location");
    let links = json!({
        "self": path,
        "events": format!("{path}/events"),
        "cancel": format!("{path}/cancel"),
        "retry": format!("{path}/retry"),
        "workflow": format!("{workflow}?version=1"),
    });
    assert_eq!(run.json()["links"], links);
    api.events(path).await.until("run.completed").await;
    assert_eq!(api.get(path).await.json()["links"], links);
}

#[tokio::test]
async fn the_application_has_paths_of_its_own() {
    let api = nested(|application, inner| application.nest_service("/flows", inner));
    assert_eq!(api.get("/").await.text, "the application");
    assert_eq!(api.get("/elsewhere").await.text, "");
    let unknown = api.get("/flows/elsewhere").await;
    assert_eq!(unknown.refusal(), (404, "not_found".into()));
    assert_eq!(
        unknown.problem()["detail"],
        "no resource at /flows/elsewhere"
    );
    assert_eq!(
        api.delete("/flows/api/runs").await.refusal(),
        (405, "method_not_allowed".into())
    );
}

#[tokio::test]
async fn only_listed_sites_are_allowed() {
    let site = "http://localhost:3000";
    let ask = async |api: &Api, origin: &str| {
        let request = request("OPTIONS", "/api/workflows")
            .header(ORIGIN, origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        api.ask(with_body(request, Body::empty())).await
    };
    let closed = ask(&Api::new(), site).await;
    assert_eq!(closed.status, 204);
    assert_eq!(closed.header("access-control-allow-origin"), "");

    let api = Api::with(Options::default().with_cors_origin(site.parse().unwrap()));
    let open = ask(&api, site).await;
    assert_eq!(open.status, 200);
    assert_eq!(open.header("access-control-allow-origin"), site);
    assert_eq!(
        open.header("access-control-allow-headers"),
        "authorization,content-type,if-match,last-event-id,traceparent,x-api-key,idempotency-key"
    );
    assert_eq!(
        ask(&api, "http://localhost:3001")
            .await
            .header("access-control-allow-origin"),
        ""
    );

    let read = request("GET", "/api/runs")
        .header(ORIGIN, site)
        .header(USER_AGENT, "test");
    let read = api.ask(with_body(read, Body::empty())).await;
    assert_eq!(
        read.header("access-control-expose-headers"),
        "etag,location,retry-after,traceparent,x-request-id,x-run-id"
    );
}
