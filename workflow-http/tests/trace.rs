//! Each request has ids, which its response contains.

mod support;

use support::{Api, Wire, serve};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The parts of the `traceparent` of the response: trace, request, flags.
async fn answered(more: &[&str]) -> [String; 3] {
    let api = Api::new();
    let (address, _serving) = serve(&api).await;
    let answer = Wire::get(address, "/healthz", more).await.answer().await;
    let parts: Vec<&str> = answer.header("traceparent").split('-').collect();
    let [version, trace, request, flags] = parts[..] else {
        panic!("{parts:?}");
    };
    assert_eq!(version, "00");
    assert_eq!(request, answer.header("x-request-id"));
    let is_hex = |text: &str| text.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
    assert!(trace.len() == 32 && is_hex(trace), "{trace}");
    assert!(request.len() == 16 && is_hex(request), "{request}");
    [trace, request, flags].map(str::to_owned)
}

#[tokio::test]
async fn a_request_continues_the_trace_of_its_caller() {
    let [trace, request, flags] = answered(&[&format!("traceparent: {PARENT}")]).await;
    assert_eq!(trace, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_ne!(request, "00f067aa0ba902b7");
    assert_eq!(flags, "01");
    let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-08-what-the-future-brings";
    let [trace, _, flags] = answered(&[&format!("traceparent: {later}")]).await;
    assert_eq!(
        (trace.as_str(), flags.as_str()),
        ("4bf92f3577b34da6a3ce929d0e0e4736", "00")
    );
}

#[tokio::test]
async fn a_malformed_traceparent_is_ignored() {
    for malformed in [
        "",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
    ] {
        let [trace, ..] = answered(&[&format!("traceparent: {malformed}")]).await;
        assert!(!trace.starts_with("4bf92f3577b34da6"), "{malformed}");
    }
    let twice = format!("traceparent: {PARENT}");
    let [trace, ..] = answered(&[&twice, &twice]).await;
    assert!(
        !trace.starts_with("4bf92f3577b34da6"),
        "two parents are none"
    );
}

#[tokio::test]
async fn each_request_has_its_own_id() {
    let [first, second] = [answered(&[]).await, answered(&[]).await];
    assert_ne!(first[0], second[0]);
    assert_ne!(first[1], second[1]);
}
