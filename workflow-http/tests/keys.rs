//! API keys and their rate limit.

mod support;

use axum::http::{HeaderValue, request::Builder};
use support::{Answer, Api, request, with_body};
use tokio::time::{Duration, advance};
use workflow_http::{ApiKey, Limits, Options};

const KEY: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";

fn keyed(limits: Limits) -> Api {
    let key = |text: &str| text.parse::<ApiKey>().expect("it is long enough");
    let options = Options::default()
        .with_api_key(key(KEY))
        .with_api_key(key(OTHER));
    Api::with(options.with_limits(limits))
}

async fn ask(api: &Api, request: Builder) -> Answer {
    api.ask(with_body(request, "")).await
}

async fn runs(api: &Api, name: &str, value: &str) -> Answer {
    ask(api, request("GET", "/api/runs").header(name, value)).await
}

#[tokio::test]
async fn without_a_key_nothing_is_served_but_probes_and_the_page() {
    let api = keyed(Limits::default());
    for (method, path) in [
        ("GET", "/api/runs"),
        ("HEAD", "/api/runs"),
        ("POST", "/api/workflows"),
        ("OPTIONS", "/api/workflows"),
        ("GET", "/api/node-types"),
        ("GET", "/api/nowhere"),
        ("GET", "/healthz/"),
        ("GET", "//api/runs"),
    ] {
        let refused = ask(&api, request(method, path)).await;
        assert_eq!(refused.status, 401, "{method} {path}");
        assert_eq!(refused.header("www-authenticate"), "Bearer", "{path}");
    }
    assert_eq!(api.get("/api/runs").await.refusal().1, "unauthorized");
    assert_eq!(api.get("/healthz").await.status, 200);
    #[cfg(feature = "ui")]
    for path in ["/", "/index.html", "/assets/app.js", "/theme.js"] {
        assert_eq!(api.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn each_key_is_accepted_in_either_header() {
    let api = keyed(Limits::default());
    for key in [KEY, OTHER] {
        for (name, value) in [
            ("authorization", format!("Bearer {key}")),
            ("authorization", format!("bearer {key}")),
            ("x-api-key", key.to_owned()),
        ] {
            assert_eq!(runs(&api, name, &value).await.status, 200, "{name}");
        }
    }
}

#[tokio::test]
async fn an_invalid_key_is_refused_and_not_repeated() {
    let api = keyed(Limits::default());
    for (name, value) in [
        ("authorization", format!("Bearer {KEY}x")),
        ("authorization", format!("Bearer {}", &KEY[1..])),
        ("authorization", "Bearer ".to_owned()),
        ("x-api-key", KEY.to_uppercase()),
        ("x-api-key", format!("{KEY},{OTHER}")),
        ("x-api-key", String::new()),
    ] {
        let refused = runs(&api, name, &value).await;
        assert_eq!(refused.refusal(), (401, "unauthorized".into()), "{value}");
        let challenge = refused.header("www-authenticate");
        assert_eq!(challenge, "Bearer error=\"invalid_token\"");
        assert!(!refused.text.contains(&KEY[1..16]), "{}", refused.text);
    }
    for basic in [format!("Basic {KEY}"), KEY.to_owned(), String::new()] {
        let refused = runs(&api, "authorization", &basic).await;
        assert_eq!(refused.header("www-authenticate"), "Bearer", "{basic}");
    }
    let strange = HeaderValue::from_bytes(b"Bearer \xff\xfe").unwrap();
    let strange = request("GET", "/api/runs").header("authorization", strange);
    assert_eq!(ask(&api, strange).await.status, 401);
    let in_url = format!("/api/runs?api_key={KEY}&access_token={KEY}");
    assert_eq!(api.get(&in_url).await.status, 401);
}

#[tokio::test]
async fn a_short_key_is_invalid() {
    for weak in [
        "",
        "secret",
        "fifteen-letters",
        "has spaces in it, many",
        "schlüsselschlüssel",
    ] {
        let refused = weak.parse::<ApiKey>().unwrap_err().to_string();
        assert!(refused.contains("openssl rand -hex 32"), "{refused}");
    }
    assert!("x".repeat(257).parse::<ApiKey>().is_err());
    assert!("x".repeat(16).parse::<ApiKey>().is_ok());
}

#[tokio::test]
async fn options_show_no_key() {
    let options = Options::default().with_api_key(KEY.parse().unwrap());
    let shown = format!("{options:?} {options:#?}");
    assert!(shown.contains("ApiKey(***)"), "{shown}");
    assert!(!shown.contains(&KEY[..8]), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn requests_per_key_are_limited() {
    let api = keyed(Limits::default().with_requests_per_minute(30));
    for _ in 0..30 {
        assert_eq!(runs(&api, "x-api-key", KEY).await.status, 200);
    }
    let refused = runs(&api, "x-api-key", KEY).await;
    assert_eq!(refused.refusal(), (429, "too_many_requests".into()));
    assert_eq!(refused.header("retry-after"), "2");
    assert_eq!(
        refused.problem()["detail"],
        "the limit of 30 requests per minute with one API key is exceeded; retry later"
    );
    assert_eq!(runs(&api, "x-api-key", OTHER).await.status, 200);
    assert_eq!(api.get("/healthz").await.status, 200);

    advance(Duration::from_secs(2)).await;
    assert_eq!(runs(&api, "x-api-key", KEY).await.status, 200);
    assert_eq!(runs(&api, "x-api-key", KEY).await.status, 429);
    advance(Duration::from_secs(600)).await;
    for _ in 0..30 {
        assert_eq!(runs(&api, "x-api-key", KEY).await.status, 200);
    }
    assert_eq!(runs(&api, "x-api-key", KEY).await.status, 429);
}

#[tokio::test]
async fn a_preflight_request_needs_no_key() {
    let options = Options::default().with_api_key(KEY.parse().unwrap());
    let api = Api::with(options.with_cors_origin("http://localhost:3000".parse().unwrap()));
    let preflight = request("OPTIONS", "/api/runs")
        .header("origin", "http://localhost:3000")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "x-api-key");
    let allowed = ask(&api, preflight).await;
    assert_eq!(allowed.status, 200);
    let headers = allowed.header("access-control-allow-headers");
    assert!(headers.contains("x-api-key"), "{headers}");
    let unkeyed = request("GET", "/api/runs").header("origin", "http://localhost:3000");
    let unkeyed = ask(&api, unkeyed).await;
    assert_eq!(unkeyed.status, 401);
    let origin = unkeyed.header("access-control-allow-origin");
    assert_eq!(origin, "http://localhost:3000", "it can read why");
}
