//! Faults of `data` are found when a workflow is created, each with its place.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use common::{local, registry};
use serde_json::{Value, json};
use workflow_core::{Workflow, error::FaultCode};
use workflow_fetch::{ConfigError, HttpClient};

/// The faults of a node with a `url` and these fields.
fn faults(more: &Value) -> Vec<String> {
    let mut data = json!({"url": "https://example.com"});
    let fields = data.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    let nodes = json!({"nodes": [{"id": "call", "type": "HttpNode", "data": data}]});
    let registry = registry(local("https://example.com"));
    let Err(refused) = Workflow::from_spec(&nodes, &registry) else {
        return Vec::new();
    };
    let place = |pointer: &str| pointer.replace("#/nodes/0/data", "");
    let faults = refused.faults().iter();
    faults
        .map(|fault| format!("{} {}", fault.code, place(&fault.pointer)))
        .collect()
}

#[test]
fn faults_have_their_places() {
    for (more, expected) in [
        (json!({"methd": "GET"}), "unknown_field /methd"),
        (json!({"method": "TRACE"}), "invalid_value /method"),
        (json!({"method": "{{ input }}"}), "not_a_template /method"),
        (json!({"url": 7}), "invalid_value /url"),
        (json!({"url": "{{ inptu }}"}), "unknown_reference /url"),
        (json!({"url": "{{ input"}), "template_syntax /url"),
        (
            json!({"query": {"q": "{{ inptu }}"}}),
            "unknown_reference /query/q",
        ),
        (json!({"query": {"page": 1}}), "invalid_value /query/page"),
        (
            json!({"headers": {"x-a": "{{ inptu }}"}}),
            "unknown_reference /headers/x-a",
        ),
        (json!({"headers": {"x-a": 1}}), "invalid_value /headers/x-a"),
        (
            json!({"headers": {"x a": "b"}}),
            "invalid_value /headers/x a",
        ),
        (
            json!({"headers": {"Host": "b"}}),
            "invalid_value /headers/Host",
        ),
        (
            json!({"headers": {"X-A": "b", "x-a": "c"}}),
            "invalid_value /headers/x-a",
        ),
        (
            json!({"headers": {"x-a": {"$secret": "a b"}}}),
            "invalid_value /headers/x-a",
        ),
        (
            json!({"headers": {"x-a": {"secret": "A"}}}),
            "invalid_value /headers/x-a",
        ),
        (
            json!({"method": "PUT", "json": {"a": ["{{ inptu }}"]}}),
            "unknown_reference /json/a/0",
        ),
        (
            json!({"method": "PUT", "json": {"a": {"$secret": "A"}}}),
            "secret_not_allowed /json/a",
        ),
        (
            json!({"method": "PUT", "body": "{{ inptu }}"}),
            "unknown_reference /body",
        ),
        (
            json!({"method": "PUT", "body": "", "json": null}),
            "invalid_value ",
        ),
        (json!({"body": "no body in a GET"}), "invalid_value "),
        (json!({"expect_status": []}), "invalid_value /expect_status"),
        (json!({"expect_status": 99}), "invalid_value /expect_status"),
        (
            json!({"expect_status": ["2xx", "6xx"]}),
            "invalid_value /expect_status",
        ),
        (
            json!({"expect_status": "{{ input }}"}),
            "not_a_template /expect_status",
        ),
    ] {
        let found = faults(&more);
        assert!(found.contains(&expected.to_owned()), "{more}: {found:?}");
    }
}

#[test]
fn valid_data_is_accepted() {
    for more in [
        json!({}),
        json!({"method": "GET", "query": {}, "headers": {}}),
        json!({"headers": {"authorization": {"$secret": "CMS_TOKEN"}, "accept": "{{ input }}"}}),
        json!({"method": "POST", "json": null}),
        json!({"method": "DELETE", "body": "{{ input }}"}),
        json!({"expect_status": [200, "4xx"]}),
    ] {
        assert_eq!(faults(&more), [""; 0], "{more}");
    }
}

#[test]
fn fields_of_the_output_are_checked() {
    let reads = |field: &str| {
        let nodes = json!({"nodes": [
            {"id": "call", "type": "HttpNode", "data": {"url": "https://example.com"}},
            {"id": "say", "type": "PromptNode", "data": {"template": format!("{{{{ call.output.{field} }}}}")}},
        ]});
        Workflow::from_spec(&nodes, &registry(local("https://example.com")))
    };
    for field in ["status", "headers.etag", "body", "body.items[0].title"] {
        assert!(reads(field).is_ok(), "{field}");
    }
    let refused = reads("bdy").unwrap_err();
    assert_eq!(refused.faults()[0].code, FaultCode::UnknownFieldReference);
    assert!(refused.faults()[0].detail.contains("`body`"));
}

#[test]
fn the_url_is_required() {
    let nodes = json!({"nodes": [{"id": "call", "type": "HttpNode"}]});
    let refused = Workflow::from_spec(&nodes, &registry(local("https://example.com"))).unwrap_err();
    assert_eq!(refused.faults().len(), 1);
    assert!(refused.faults()[0].detail.contains("`url` is missing"));
}

#[test]
fn invalid_origins_and_ranges_are_refused() {
    let origin = HttpClient::builder()
        .with_origin("https://example.com/path")
        .build();
    assert!(matches!(origin, Err(ConfigError::InvalidOrigin { .. })));
    let origin = "https://cms.example.com";
    let with = |text| {
        let client = HttpClient::builder().with_origin(origin);
        client
            .with_private_addresses("https://CMS.example.com:443/", text)
            .build()
    };
    for text in ["localhost", "10.0.0.0/33", ""] {
        let is_refused = matches!(with(text), Err(ConfigError::InvalidAddresses { .. }));
        assert!(is_refused, "{text}");
    }
    for (text, expected) in [
        (
            "10.1.2.3/8",
            "`10.1.2.3/8` is an address within a range: write `10.0.0.0/8` for the range, `10.1.2.3` for the address",
        ),
        (
            "0.0.0.0/0",
            "`0.0.0.0/0` allows every address: name the networks that are needed",
        ),
        (
            "::/0",
            "`::/0` allows every address: name the networks that are needed",
        ),
    ] {
        assert_eq!(with(text).unwrap_err().to_string(), expected);
    }
    for text in ["10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8"] {
        assert!(with(text).is_ok(), "{text}");
    }
    let other = HttpClient::builder()
        .with_origin(origin)
        .with_private_addresses("http://cms.example.com", "10.0.0.1")
        .build();
    assert_eq!(
        other.unwrap_err().to_string(),
        "private addresses are allowed for http://cms.example.com, which is not an allowed origin: allow it, too"
    );
}
