//! Under which names a service answers, and which pages may write to it.

mod support;

use support::{Api, Wire, request, serve, two_steps, with_body};
use workflow_http::{Host, InvalidHost, Options};

const KEY: &str = "0123456789abcdef";

/// The status of a request to a service at a name.
async fn served(options: Options, host: &str) -> u16 {
    let api = Api::with(options);
    let (address, _serving) = serve(&api).await;
    let head = ["GET /healthz HTTP/1.1", &format!("Host: {host}")];
    let answer = Wire::send(address, &head, "").await.answer().await;
    if answer.status != 200 {
        assert_eq!(answer.refusal(), (403, "host_not_allowed".into()));
    }
    answer.status.as_u16()
}

#[tokio::test]
async fn names_that_are_allowed_are_served_at_any_port() {
    let options = || {
        let name = "flows.example.com".parse().unwrap();
        let address = "[2001:db8::1]".parse().unwrap();
        let options = Options::default().with_allowed_host(name);
        options.with_allowed_host(address)
    };
    for host in [
        "flows.example.com",
        "Flows.Example.com:8443",
        "[2001:db8::1]:80",
        "localhost",
    ] {
        assert_eq!(served(options(), host).await, 200, "{host}");
        let keyed = options().with_api_key(KEY.parse().unwrap());
        assert_eq!(served(keyed, host).await, 200, "{host}");
    }
    for host in [
        "example.com",
        "www.flows.example.com",
        "flows.example.com.evil.example",
        "[2001:db8::2]",
    ] {
        assert_eq!(served(options(), host).await, 403, "{host}");
        let keyed = options().with_api_key(KEY.parse().unwrap());
        assert_eq!(served(keyed, host).await, 403, "{host}");
    }
}

#[tokio::test]
async fn with_a_key_any_name_is_served_until_some_are_given() {
    let keyed = Options::default().with_api_key(KEY.parse().unwrap());
    assert_eq!(served(keyed, "anything.example").await, 200);
    assert_eq!(served(Options::default(), "anything.example").await, 403);
}

#[tokio::test]
async fn a_request_names_one_host() {
    let api = Api::new();
    let (address, _serving) = serve(&api).await;
    let two = [
        "GET /healthz HTTP/1.1",
        "Host: localhost",
        "Host: evil.example",
    ];
    assert_eq!(
        Wire::send(address, &two, "").await.answer().await.status,
        403
    );
    let none = ["GET /healthz HTTP/1.1"];
    assert_eq!(
        Wire::send(address, &none, "").await.answer().await.status,
        403
    );
}

#[tokio::test]
async fn a_router_checks_when_it_is_told_to() {
    let ask = async |api: &Api, host: &str, origin: &str| {
        let request = request("POST", "/api/workflows").header("host", host);
        let request = request.header("content-type", "application/json");
        let request = request.header("origin", origin);
        let answer = api.ask(with_body(request, two_steps().to_string())).await;
        answer.status.as_u16()
    };
    let evil = ("evil.example", "http://other.example");
    assert_eq!(ask(&Api::new(), evil.0, evil.1).await, 201);
    let guarded = Api::with(Options::default().with_guard());
    assert_eq!(ask(&guarded, evil.0, "http://evil.example").await, 403);
    assert_eq!(ask(&guarded, "localhost", evil.1).await, 403);
    assert_eq!(
        ask(&guarded, "localhost:8000", "http://localhost:8000").await,
        201
    );
}

#[test]
fn a_host_is_a_name_or_an_address() {
    for host in ["flows.example.com", "FLOWS", "10.0.0.7", "[::1]"] {
        assert!(host.parse::<Host>().is_ok(), "{host}");
    }
    for text in [
        "",
        "a b",
        "http://flows.example.com",
        "flows.example.com/",
        "me@flows",
        "flows:80",
        "::1",
    ] {
        assert_eq!(text.parse::<Host>(), Err(InvalidHost), "{text:?}");
    }
}
