//! Every response that is not a success is a problem.

mod support;

use axum::{
    body::Body,
    http::header::{CONTENT_TYPE, HOST, ORIGIN},
};
use serde_json::json;
use support::{Answer, Api, hiding, request, two_steps, with_body};
use workflow_http::{Limits, Options};

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

#[tokio::test]
async fn an_invalid_workflow_is_refused_with_all_faults() {
    let api = Api::new();
    let spec = json!({"nmae": "x", "nodes": [
        {"id": "a", "type": "LLMNod"},
        {"id": "a", "type": "PromptNode", "data": {"template": "{{ b.output }}"}},
    ]});
    let answer = api.post("/api/workflows", spec).await;
    answer.problem();
    insta::assert_snapshot!(answer.text, @r##"{"type":"/problems/invalid-workflow","title":"The workflow is not valid","code":"invalid_workflow","detail":"4 faults in the workflow","errors":[{"code":"unknown_field","pointer":"#/nmae","detail":"`nmae` is not a field here","hint":"did you mean `name`?"},{"code":"duplicate_id","pointer":"#/nodes/1/id","detail":"`a` is already the id of node 0","hint":"give each node an id of its own"},{"code":"unknown_type","pointer":"#/nodes/0/type","detail":"`LLMNod` is not a node type","hint":"did you mean `LLMNode`?"},{"code":"unknown_reference","pointer":"#/nodes/1/data/template","detail":"`b` is not a node of this workflow"}],"status":422}"##);
    assert_eq!(api.get("/api/workflows").await.json()["items"], json!([]));
}

#[tokio::test]
async fn json_of_a_wrong_shape_is_reported_with_a_pointer() {
    let api = Api::new();
    for spec in ["[]", "3", "null", "\"x\""] {
        let answer = api.post("/api/workflows", spec).await;
        assert_eq!(answer.refusal(), (422, "invalid_workflow".into()), "{spec}");
    }
    let workflow = api.create(two_steps()).await;
    let run = async |body: &str| api.post(&format!("{workflow}/runs"), body).await;
    insta::assert_snapshot!(run("{}").await.text, @r##"{"type":"/problems/invalid-body","title":"The body is not valid","code":"invalid_body","detail":"1 fault in the body","errors":[{"code":"missing_field","pointer":"#/input","detail":"`input` is missing","hint":"the body is like {\"input\": \"Quantum Computing\"}, and may have `version`, `metadata` and `budget`"}],"status":422}"##);
    insta::assert_snapshot!(run(r#"{"inptu":1,"version":"x"}"#).await.text, @r##"{"type":"/problems/invalid-body","title":"The body is not valid","code":"invalid_body","detail":"3 faults in the body","errors":[{"code":"missing_field","pointer":"#/input","detail":"`input` is missing","hint":"the body is like {\"input\": \"Quantum Computing\"}, and may have `version`, `metadata` and `budget`"},{"code":"invalid_value","pointer":"#/version","detail":"\"x\" is not the number of a version","hint":"the body is like {\"input\": \"Quantum Computing\"}, and may have `version`, `metadata` and `budget`"},{"code":"unknown_field","pointer":"#/inptu","detail":"`inptu` is not a field here","hint":"the body is like {\"input\": \"Quantum Computing\"}, and may have `version`, `metadata` and `budget`"}],"status":422}"##);
    for body in [
        "[]",
        "{}",
        r#"{"input":1,"more":2}"#,
        r#"{"input":1,"version":-1}"#,
    ] {
        assert_eq!(
            run(body).await.refusal(),
            (422, "invalid_body".into()),
            "{body}"
        );
    }
    assert_eq!(run(r#"{"input":null}"#).await.status, 202);
    assert_eq!(
        run(r#"{"input":1,"version":7}"#).await.refusal(),
        (404, "unknown_version".into())
    );
}

#[tokio::test]
async fn invalid_json_is_reported_with_line_and_column() {
    let api = Api::new();
    let answer = api.post("/api/workflows", "{\n  \"nodes\": [,]\n}").await;
    answer.problem();
    insta::assert_snapshot!(answer.text, @r#"{"type":"/problems/invalid-json","title":"The body is not JSON","code":"invalid_json","detail":"expected value at line 2 column 13","status":400}"#);
    for body in ["", "{", "input=1", "{\"nodes\": []} more"] {
        assert_eq!(
            api.post("/api/workflows", body).await.refusal(),
            (400, "invalid_json".into())
        );
    }
    let deep = api.post("/api/workflows", "[".repeat(100_000)).await;
    assert_eq!(deep.refusal(), (400, "json_too_deep".into()));
    let latin = request("POST", "/api/workflows")
        .body(Body::from(&b"{\"name\":\"\xe9\"}"[..]))
        .unwrap();
    assert_eq!(api.ask(latin).await.refusal(), (400, "invalid_json".into()));
}

#[tokio::test]
async fn json_that_a_parser_would_drop_or_change_is_refused() {
    let api = Api::new();
    let workflow = api.create(two_steps()).await;
    let run = api
        .post(&format!("{workflow}/runs"), r#"{"input":1}"#)
        .await;
    let run = run.json()["links"]["self"].as_str().unwrap().to_owned();
    let wait = format!("{run}/waits/{NOBODY}");
    let (start, retry) = (format!("{workflow}/runs"), format!("{run}/retry"));
    let stream = format!("{workflow}/run");
    let spec = |more: &str| {
        two_steps()
            .to_string()
            .replacen('{', &format!("{{{more},"), 1)
    };
    let kinds = [
        (r#""a":1,"a":2"#, "duplicate_field", "a"),
        (r#""a":{"b":18446744073709551616}"#, "invalid_value", "a/b"),
        (r#""a":[0,1e-400]"#, "invalid_value", "a/1"),
    ];
    for (members, code, place) in kinds {
        let whole = format!("{{{members}}}");
        for (path, body, refusal, at) in [
            ("/api/workflows", spec(members), "invalid_workflow", "#"),
            (
                &start,
                format!(r#"{{"input":{whole}}}"#),
                "invalid_body",
                "#/input",
            ),
            (
                &stream,
                format!(r#"{{"input":{whole}}}"#),
                "invalid_body",
                "#/input",
            ),
            (
                &start,
                format!(r#"{{"input":1,"metadata":{whole}}}"#),
                "invalid_body",
                "#/metadata",
            ),
            (
                &retry,
                format!(r#"{{"input":{whole}}}"#),
                "invalid_body",
                "#/input",
            ),
            (&wait, whole.clone(), "invalid_body", "#"),
        ] {
            let answer = api.post(path, &body).await;
            assert_eq!(answer.refusal(), (422, refusal.into()), "{path} {body}");
            let error = &answer.json()["errors"][0];
            assert_eq!(error["code"], code, "{path} {body}");
            assert_eq!(error["pointer"], format!("{at}/{place}"), "{path} {body}");
        }
        let put = with_body(request("PUT", &workflow), spec(members));
        assert_eq!(
            api.ask(put).await.refusal(),
            (422, "invalid_workflow".into())
        );
        let checked = api.post("/api/workflows/validate", spec(members)).await;
        assert_eq!(checked.json()["valid"], false);
        assert_eq!(checked.json()["errors"][0]["code"], code);
    }
    let marked = format!("\u{feff}{}", two_steps());
    assert_eq!(api.post("/api/workflows", marked).await.status, 201);
}

#[tokio::test]
async fn a_body_is_limited_to_one_mebibyte() {
    let api = Api::new();
    let spec = two_steps().to_string();
    let padded = |bytes: usize| spec.clone() + &" ".repeat(bytes - spec.len());
    assert_eq!(
        api.post("/api/workflows", padded(1024 * 1024)).await.status,
        201
    );
    let over = padded(1024 * 1024 + 1);
    assert_eq!(
        api.post("/api/workflows", &over).await.refusal(),
        (413, "body_too_large".into())
    );

    let pieces = over
        .as_bytes()
        .chunks(64 * 1024)
        .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()));
    let pieces: Vec<_> = pieces.collect();
    let unsized_body = Body::from_stream(futures::stream::iter(pieces));
    let answer = api
        .ask(
            request("POST", "/api/workflows")
                .body(unsized_body)
                .unwrap(),
        )
        .await;
    assert_eq!(answer.refusal(), (413, "body_too_large".into()));

    let small = Api::with(Options::default().with_limits(Limits::default().with_body_bytes(10)));
    assert_eq!(
        small.post("/api/workflows", &spec).await.refusal(),
        (413, "body_too_large".into())
    );
}

async fn with_type(api: &Api, content_type: Option<&str>, origin: Option<&str>) -> Answer {
    let mut request = request("POST", "/api/workflows").header(HOST, "flows.example:8000");
    if let Some(content_type) = content_type {
        request = request.header(CONTENT_TYPE, content_type);
    }
    if let Some(origin) = origin {
        request = request.header(ORIGIN, origin);
    }
    api.ask(with_body(request, two_steps().to_string())).await
}

#[tokio::test]
async fn a_body_has_a_json_type_or_none() {
    let api = Api::new();
    let form = "application/x-www-form-urlencoded";
    for taken in [
        Some("application/json"),
        Some("Application/JSON; charset=utf-8"),
        Some("application/merge-patch+json"),
        Some(form),
        None,
    ] {
        assert_eq!(with_type(&api, taken, None).await.status, 201, "{taken:?}");
    }
    for refused in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/xml",
        "",
    ] {
        let answer = with_type(&api, Some(refused), None).await;
        assert_eq!(
            answer.refusal(),
            (415, "unsupported_media_type".into()),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_page_of_another_site_cannot_post_a_form() {
    let form = Some("application/x-www-form-urlencoded");
    let evil = "http://evil.example";
    let other = Some(evil);
    let api = Api::new();
    for unsaid in [form, None] {
        assert_eq!(
            with_type(&api, unsaid, other).await.refusal(),
            (415, "unsupported_media_type".into())
        );
        assert_eq!(with_type(&api, unsaid, Some("null")).await.status, 415);
        assert_eq!(
            with_type(&api, unsaid, Some("http://flows.example:8000"))
                .await
                .status,
            201
        );
    }
    assert_eq!(
        with_type(&api, Some("application/json"), other)
            .await
            .status,
        201
    );
    let origin = evil.parse().unwrap();
    let open = Api::with(Options::default().with_cors_origin(origin));
    assert_eq!(with_type(&open, form, other).await.status, 201);
}

#[tokio::test]
async fn unknown_resources_are_not_found() {
    let api = Api::new();
    for id in [NOBODY, "7", "not-a-uuid", "%FF"] {
        let workflow = format!("/api/workflows/{id}");
        let run = format!("/api/runs/{id}");
        let no_workflow = (404, "unknown_workflow".to_owned());
        let no_run = (404, "unknown_run".to_owned());
        assert_eq!(api.get(&workflow).await.refusal(), no_workflow, "{id}");
        assert_eq!(api.delete(&workflow).await.refusal(), no_workflow, "{id}");
        for start in ["run", "runs"] {
            let answer = api
                .post(&format!("{workflow}/{start}"), r#"{"input":1}"#)
                .await;
            assert_eq!(answer.refusal(), no_workflow, "{id}");
        }
        assert_eq!(api.get(&run).await.refusal(), no_run, "{id}");
        assert_eq!(
            api.get(&format!("{run}/events")).await.refusal(),
            no_run,
            "{id}"
        );
        assert_eq!(
            api.get(&format!("{run}/events?after=3")).await.refusal(),
            no_run,
            "{id}"
        );
        assert_eq!(
            api.post(&format!("{run}/cancel"), "").await.refusal(),
            no_run,
            "{id}"
        );
    }
    for path in [
        "/nowhere",
        "/api",
        "/api/workflows/",
        "/api/runs/x/y",
        "/../etc/passwd",
    ] {
        assert_eq!(
            api.get(path).await.refusal(),
            (404, "not_found".into()),
            "{path}"
        );
    }
    insta::assert_snapshot!(api.get(&format!("/api/runs/{NOBODY}")).await.text, @r#"{"type":"/problems/unknown-run","title":"There is no such run","code":"unknown_run","detail":"there is no run 018f0000-0000-7000-8000-000000000000","status":404}"#);
}

#[tokio::test]
async fn a_wrong_method_gets_the_allowed_ones() {
    let _hiding = hiding();
    let api = Api::new();
    let delete = api.delete("/api/workflows").await;
    assert_eq!(delete.refusal(), (405, "method_not_allowed".into()));
    assert_eq!(delete.header("allow"), "POST,GET,HEAD");
    insta::assert_snapshot!(delete.text, @r#"{"type":"/problems/method-not-allowed","title":"This method is not served here","code":"method_not_allowed","detail":"DELETE is not served at /api/workflows","status":405}"#);
    let get = api.get(&format!("/api/workflows/{NOBODY}/run")).await;
    assert_eq!(get.refusal(), (405, "method_not_allowed".into()));
    assert_eq!(get.header("allow"), "POST");
}

#[tokio::test]
async fn head_is_served_where_get_is() {
    let api = Api::new();
    let run = api.start().await;
    for path in [
        "/healthz",
        "/api/node-types",
        "/api/workflows",
        "/api/runs",
        &run,
        &format!("{run}/events"),
    ] {
        let answer = api
            .ask(with_body(request("HEAD", path), Body::empty()))
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (200, ""),
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_unknown_parameter_is_refused_by_name() {
    let api = Api::new();
    let run = api.start().await;
    for (path, parameters) in [
        (
            "/api/runs?satus=failed",
            "its parameters are `workflow_id`, `status`, `q`, `limit`, `cursor`",
        ),
        (
            "/api/runs?limit=3&page=2",
            "its parameters are `workflow_id`",
        ),
        (
            "/api/workflows?status=failed",
            "its parameters are `limit`, `cursor`",
        ),
        (&*format!("{run}?version=1"), "it has no parameters"),
        (
            &*format!("{run}/events?from=3"),
            "its parameters are `after`, `limit`",
        ),
        ("/api/node-types?x", "it has no parameters"),
        ("/api/openapi.json?=&x=1", "it has no parameters"),
    ] {
        let answer = api.get(path).await;
        assert_eq!(
            answer.refusal(),
            (400, "unknown_parameter".into()),
            "{path}"
        );
        let detail = answer.problem()["detail"].to_string();
        assert!(detail.contains(parameters), "{path}: {detail}");
    }
    for path in [
        "/api/runs?",
        "/api/runs?&limit=3&",
        "/healthz?x=1",
        "/readyz?probe=2",
        "/docs?x",
    ] {
        assert_eq!(api.get(path).await.status, 200, "{path}");
    }
    let post = api.post("/api/workflows?dry_run=true", two_steps()).await;
    assert_eq!(post.refusal(), (400, "unknown_parameter".into()));
}

#[tokio::test]
async fn an_invalid_query_is_refused_with_its_field() {
    let api = Api::new();
    insta::assert_snapshot!(api.get("/api/runs?status=done").await.text, @r#"{"type":"/problems/invalid-query","title":"The query is not valid","code":"invalid_query","detail":"Failed to deserialize query string: status: unknown variant `done`, expected one of `queued`, `running`, `waiting`, `completed`, `failed`, `cancelled`","status":400}"#);
    for query in [
        "runs?limit=0",
        "runs?limit=201",
        "runs?limit=x",
        "runs?workflow_id=7",
        "workflows?limit=-1",
        &format!("workflows/{NOBODY}?version=x"),
    ] {
        assert_eq!(
            api.get(&format!("/api/{query}")).await.refusal(),
            (400, "invalid_query".into()),
            "{query}"
        );
    }
    for list in ["runs", "workflows"] {
        assert_eq!(
            api.get(&format!("/api/{list}?cursor=x")).await.refusal(),
            (400, "bad_cursor".into())
        );
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_one_list_with_its_filters() {
    let api = Api::new();
    let mut workflows = Vec::new();
    for _ in 0..2 {
        let workflow = api.create(two_steps()).await;
        for _ in 0..2 {
            let runs = format!("{workflow}/runs");
            let started = api.post(&runs, json!({"input": "x"})).await;
            assert_eq!(started.status, 202);
        }
        let update = request("PUT", &workflow).header(CONTENT_TYPE, "application/json");
        let updated = api.ask(update.body(two_steps().to_string().into()).unwrap());
        assert_eq!(updated.await.status, 200);
        workflows.push(workflow);
    }
    let ids = workflows
        .iter()
        .map(|path| path.rsplit('/').next().unwrap());
    let of_workflow = |id: &str| format!("runs?workflow_id={id}&limit=1");
    let versions = |id: &str| format!("workflows/{id}/versions?limit=1");
    let mut lists = vec!["runs?limit=1".to_owned(), "workflows?limit=1".to_owned()];
    lists.extend(["runs?limit=1&q=x".to_owned()]);
    for id in ids {
        lists.extend([of_workflow(id), versions(id)]);
    }
    for list in &lists {
        let page = api.get(&format!("/api/{list}")).await.json();
        let cursor = page["next_cursor"].as_str().unwrap();
        for other in &lists {
            let answer = api.get(&format!("/api/{other}&cursor={cursor}")).await;
            if other == list {
                assert_eq!(answer.json()["items"].as_array().unwrap().len(), 1);
            } else {
                let expected = (400, "bad_cursor".into());
                assert_eq!(answer.refusal(), expected, "{other} by {list}");
            }
        }
    }
}
