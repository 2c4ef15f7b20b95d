//! All steps of a client with a simulated model: create, run, follow, disconnect, reconnect.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use serde_json::{Value, json};
use support::{Server, data, explain, simulated};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const INPUT: &str = r#"{"input":"Quantum Computing"}"#;

async fn run_simple_stream(server: &Server) -> reqwest::Response {
    let workflow = server.create(&explain()).await;
    server
        .post(&format!("/api/workflows/{workflow}/run"), INPUT)
        .await
}

fn names(events: &[Value]) -> Vec<&str> {
    let events = events.iter().filter(|event| event["type"] != "node.delta");
    events
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_simple_stream_has_five_frames_with_data_only() {
    let server = simulated("1ms").await;
    let stream = run_simple_stream(&server).await.text().await.unwrap();
    let mut lines = stream
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(':'));
    assert!(lines.all(|line| line.starts_with("data: ")), "{stream}");

    let frames = data(&stream);
    let statuses: Vec<(&str, &str)> = frames
        .iter()
        .map(|frame| {
            (
                frame["nodeId"].as_str().unwrap_or(""),
                frame["status"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        statuses,
        [
            ("prompt_step", "running"),
            ("prompt_step", "success"),
            ("llm_step", "running"),
            ("llm_step", "success"),
            ("", "completed"),
        ]
    );
    let prompt = "Explain this concept in one simple sentence: Quantum Computing";
    assert_eq!(frames[1]["output"], prompt);
    let answer = frames[3]["output"].as_str().unwrap();
    assert!(
        answer.starts_with("Quantum Computing ") && answer.ends_with(" (Simulated.)"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_run_can_be_read_twice_and_from_the_middle() {
    let server = simulated("1ms").await;
    let run = server.begin(&explain(), &"Quantum Computing".into()).await;
    let all = server.events(&run).await;
    let expected = [
        "run.created",
        "run.started",
        "node.started",
        "node.completed",
        "node.started",
        "node.completed",
        "run.completed",
    ];
    assert_eq!(names(&all), expected);
    let deltas = all.iter().filter_map(|event| event["delta"].as_str());
    let output = &all.last().unwrap()["output"];
    assert_eq!(&json!(deltas.collect::<String>()), output);

    let rest = server.events_after(&run, 3).await;
    assert_eq!(names(&rest), expected[3..]);
    assert_eq!(rest[0]["seq"], 4);
    assert!(server.events_after(&run, 7).await.is_empty());

    let report = server.report(&run).await;
    assert_eq!(report["status"], "completed");
    assert_eq!(report["usage"]["input_tokens"], 16);
    assert_eq!(report["steps"][1]["model"], "gemini-3.8-flash-simulated");
    assert_eq!(report["steps"][1]["finish_reason"], "STOP");
}

#[tokio::test]
async fn a_run_continues_when_its_client_disconnects() {
    let server = simulated("20ms").await;
    let mut stream = run_simple_stream(&server).await;
    let run = stream.headers()["x-run-id"].to_str().unwrap().to_owned();
    stream.chunk().await.unwrap();
    drop(stream);
    assert_eq!(server.report(&run).await["status"], "running");
    assert_eq!(
        *names(&server.events(&run).await).last().unwrap(),
        "run.completed"
    );
}

#[tokio::test]
async fn invalid_requests_are_refused_and_do_not_affect_others() {
    let server = simulated("1ms").await;
    let running = server.begin(&explain(), &"Tides".into()).await;
    let unknown = "/api/workflows/00000000-0000-7000-8000-000000000000/run";
    assert_eq!(server.post(unknown, INPUT).await.status(), 404);
    for (body, status, code) in [
        ("{", 400, "invalid_json"),
        ("[]", 422, "invalid_workflow"),
        (r#"{"nodes": [], "nods": 1}"#, 422, "invalid_workflow"),
    ] {
        let answer = server.post("/api/workflows", body.to_owned()).await;
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert_eq!(answer.status(), status);
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], code, "{problem}");
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty())
        );
    }
    assert_eq!(
        *names(&server.events(&running).await).last().unwrap(),
        "run.completed"
    );
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_before_it_is_sent() {
    let server = simulated("0ms").await;
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST /api/workflows HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        (1 << 20) + 1
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 1024];
    let read = socket.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("\"code\":\"body_too_large\""), "{answer}");
}
