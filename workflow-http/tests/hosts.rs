//! The accepted host names, and the pages that may write.

#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use support::{Api, Wire, request, serve, two_steps, with_body};
use workflow_http::{Host, InvalidHost, Options};

const KEY: &str = "0123456789abcdef";

/// The status of a request to this host name.
async fn served(options: Options, host: &str) -> u16 {
    let api = Api::with(options);
    let (address, _serving) = serve(&api).await;
    let head = ["GET /docs HTTP/1.1", &format!("Host: {host}")];
    let answer = Wire::send(address, &head, "").await.answer().await;
    if answer.status != 200 {
        assert_eq!(answer.refusal(), (403, "host_not_allowed".into()));
    }
    answer.status.as_u16()
}

#[tokio::test]
async fn allowed_names_are_served_at_any_port() {
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
async fn with_a_key_any_name_is_served_until_one_is_listed() {
    let keyed = Options::default().with_api_key(KEY.parse().unwrap());
    assert_eq!(served(keyed, "anything.example").await, 200);
    assert_eq!(served(Options::default(), "anything.example").await, 403);
}

#[tokio::test]
async fn a_request_must_have_one_host() {
    let api = Api::new();
    let (address, _serving) = serve(&api).await;
    let two = [
        "GET /docs HTTP/1.1",
        "Host: localhost",
        "Host: evil.example",
    ];
    assert_eq!(
        Wire::send(address, &two, "").await.answer().await.status,
        403
    );
    let none = ["GET /docs HTTP/1.1"];
    assert_eq!(
        Wire::send(address, &none, "").await.answer().await.status,
        403
    );
}

#[tokio::test]
async fn a_router_with_a_guard_checks_by_itself() {
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

#[tokio::test]
async fn probes_are_served_under_any_name() {
    for options in [
        Options::default(),
        Options::default().with_allowed_host("flows.example.com".parse().unwrap()),
        Options::default().with_base_path("/flows"),
    ] {
        let base = if format!("{options:?}").contains("\"/flows\"") {
            "/flows"
        } else {
            ""
        };
        let mut api = Api::with(options);
        api.router = axum::Router::new()
            .nest_service("/flows", api.router.clone())
            .fallback_service(api.router.clone());
        let (address, _serving) = serve(&api).await;
        for (path, status) in [
            ("/healthz", 200),
            ("/readyz", 200),
            ("/docs", 403),
            ("/api/runs", 403),
            ("/metrics", 403),
            ("/healthzz", 403),
            ("/", 403),
        ] {
            let line = format!("GET {base}{path} HTTP/1.1");
            let head = [line.as_str(), "Host: 10.1.2.3:8000"];
            let answer = Wire::send(address, &head, "").await.answer().await;
            assert_eq!(answer.status, status, "{base}{path}");
        }
    }
}

/// Sends a write with this origin to a service that accepts any name.
async fn written(host: &str, origin: &str) -> support::Answer {
    let options = Options::default().with_api_key(KEY.parse().unwrap());
    let options = options.with_cors_origin("https://other.example:443".parse().unwrap());
    let api = Api::with(options.with_guard());
    let request = request("POST", "/api/workflows")
        .header("host", host)
        .header("origin", origin)
        .header("x-api-key", KEY)
        .header("content-type", "application/json");
    api.ask(with_body(request, two_steps().to_string())).await
}

#[tokio::test]
async fn the_default_port_of_a_scheme_may_be_omitted() {
    for (host, origin) in [
        ("x.example:443", "https://x.example"),
        ("x.example", "https://x.example:443"),
        ("X.example:80", "http://x.example"),
        ("x.example:8443", "https://x.example:8443"),
        ("[2001:db8::1]:443", "https://[2001:db8::1]"),
        ("y.example", "https://other.example"),
    ] {
        assert_eq!(written(host, origin).await.status, 201, "{host} {origin}");
    }
    for (host, origin) in [
        ("x.example:80", "https://x.example"),
        ("x.example:443", "http://x.example"),
        ("x.example:4430", "https://x.example"),
        ("x.example", "https://x.example:8443"),
        ("x.example:443", "null"),
        ("y.example", "http://other.example"),
    ] {
        let refused = written(host, origin).await;
        assert_eq!(
            refused.refusal(),
            (403, "foreign_origin".into()),
            "{host} {origin}"
        );
        let detail = refused.problem()["detail"].to_string();
        for named in [host, origin, "--cors-origin"] {
            assert!(detail.contains(named), "{detail}");
        }
    }
}

#[tokio::test]
async fn a_refusal_names_host_and_setting_and_is_readable_for_allowed_sites() {
    let site = "http://localhost:3000";
    let options = Options::default()
        .with_allowed_host("flows.example.com".parse().unwrap())
        .with_cors_origin(site.parse().unwrap());
    let api = Api::with(options);
    let (address, _serving) = serve(&api).await;
    let long = format!("GET /api/runs?{} HTTP/1.1", "q".repeat(9000));
    for (line, host, status) in [
        ("GET /api/runs HTTP/1.1", "evil.example", 403),
        (&*long, "localhost", 414),
    ] {
        for (origin, allowed) in [(site, site), ("http://evil.example", "")] {
            let host = format!("Host: {host}");
            let head = [line, &host, &format!("Origin: {origin}")];
            let answer = Wire::send(address, &head, "").await.answer().await;
            assert_eq!(answer.status, status);
            assert_eq!(
                answer.header("access-control-allow-origin"),
                allowed,
                "{status}"
            );
            assert!(answer.header("vary").contains("origin"), "{status}");
            if status == 403 {
                let detail = answer.problem()["detail"].to_string();
                for named in ["evil.example", "flows.example.com", "--allowed-host"] {
                    assert!(detail.contains(named), "{detail}");
                }
            }
        }
    }
}
