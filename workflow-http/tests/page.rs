//! The embedded web page.
#![cfg(feature = "ui")]

mod support;

use axum::{
    Router,
    body::Body,
    http::{StatusCode, header::IF_NONE_MATCH},
};
use support::{Api, request, with_body};
use workflow_http::Options;

#[tokio::test]
async fn the_page_and_its_files_are_served_with_their_types() {
    let api = Api::new();
    for (path, content_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/theme.js", "text/javascript; charset=utf-8"),
        ("/assets/app.js", "text/javascript; charset=utf-8"),
        ("/assets/app.css", "text/css; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
    ] {
        let file = api.get(path).await;
        assert_eq!(file.status, StatusCode::OK, "{path}");
        assert_eq!(file.header("content-type"), content_type, "{path}");
        assert!(!file.text.is_empty(), "{path}");
    }
    assert_eq!(
        api.get("/assets/none.js").await.refusal(),
        (404, "not_found".into())
    );
}

#[tokio::test]
async fn the_page_loads_nothing_from_other_hosts() {
    let page = Api::new().get("/").await;
    assert_eq!(
        page.header("content-security-policy"),
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
    );
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-cache");
}

#[tokio::test]
async fn a_cached_file_is_not_sent_again() {
    let api = Api::new();
    let first = api.get("/assets/app.js").await;
    let etag = first.header("etag");
    assert!(etag.starts_with('"'), "{etag}");
    let again = request("GET", "/assets/app.js").header(IF_NONE_MATCH, etag);
    let again = api.ask(with_body(again, Body::empty())).await;
    assert_eq!(
        (again.status, again.text.as_str()),
        (StatusCode::NOT_MODIFIED, "")
    );
    assert_eq!(again.header("etag"), etag);
}

#[tokio::test]
async fn the_page_is_read_only() {
    let api = Api::new();
    let head = api
        .ask(request("HEAD", "/").body(Body::empty()).unwrap())
        .await;
    assert_eq!(head.status, StatusCode::OK);
    let post = api.post("/theme.js", "{}").await;
    assert_eq!(post.refusal(), (405, "method_not_allowed".into()));
    assert_eq!(post.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn below_a_base_path_the_root_redirects_to_a_trailing_slash() {
    let mut api = Api::with(Options::default().with_base_path("/flows"));
    api.router = Router::new().nest_service("/flows", std::mem::take(&mut api.router));
    let without = api.get("/flows").await;
    assert_eq!(without.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(without.header("location"), "/flows/");
    assert_eq!(
        api.get("/flows/").await.header("content-type"),
        "text/html; charset=utf-8"
    );
    assert_eq!(
        api.get("/flows/assets/app.css").await.status,
        StatusCode::OK
    );
}
