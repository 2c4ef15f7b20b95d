//! The events of a run: replay, then live.

mod support;

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode, header::ACCEPT},
};
use futures::future::join_all;
use serde_json::{Value, json};
use support::{Answer, Api, Frames, Wire, hiding, request, serve, with_body};
use tokio::time::{Instant, advance};

fn after(run: &str, last_event_id: &str) -> Request<Body> {
    let request = request("GET", &format!("{run}/events?after=1"));
    with_body(
        request.header("Last-Event-ID", last_event_id),
        Body::empty(),
    )
}

async fn ended(api: &Api) -> String {
    let run = api.start().await;
    api.script.finish("done");
    api.events(&run).await.until("run.completed").await;
    run
}

#[tokio::test]
async fn the_log_is_replayed_then_followed() {
    let _hiding = hiding();
    let api = Api::new();
    let run = api.start().await;
    let mut frames = api.events(&run).await;
    while frames.until("node.started").await["node"] != "llm_step" {}
    api.script.say("It ");
    let (name, delta) = frames.event().await.unwrap();
    assert_eq!(
        (name.as_str(), &delta["delta"], &delta["offset"]),
        ("node.delta", &json!("It "), &json!(0))
    );
    api.script.say("is.");
    let (_, delta) = frames.event().await.unwrap();
    assert_eq!(
        (&delta["delta"], &delta["offset"]),
        (&json!("is."), &json!(3))
    );
    api.script.finish("It is.");
    assert_eq!(frames.rest().await.len(), 2);

    let frames = api.events(&run).await.rest().await;
    insta::assert_snapshot!(frames.concat(), @r#"
    : ok
    retry: 1000

    id: 1
    event: run.created
    data: {"seq":1,"run_id":"[id]","time":"[time]","type":"run.created","workflow_id":"[id]","version":1,"spec_hash":"[hash]","input":"Rust","nodes":[{"id":"prompt_step","type":"PromptNode","needs":[]},{"id":"llm_step","type":"LLMNode","needs":["prompt_step"]}],"log_format":2}

    id: 2
    event: run.started
    data: {"seq":2,"run_id":"[id]","time":"[time]","type":"run.started"}

    id: 3
    event: node.started
    data: {"seq":3,"run_id":"[id]","time":"[time]","type":"node.started","node":"prompt_step","path":"prompt_step","attempt":1,"max_attempts":1}

    id: 4
    event: node.completed
    data: {"seq":4,"run_id":"[id]","time":"[time]","type":"node.completed","node":"prompt_step","path":"prompt_step","attempt":1,"output":"Explain Rust","duration_ms":[ms]}

    id: 5
    event: node.started
    data: {"seq":5,"run_id":"[id]","time":"[time]","type":"node.started","node":"llm_step","path":"llm_step","attempt":1,"max_attempts":5}

    id: 6
    event: node.completed
    data: {"seq":6,"run_id":"[id]","time":"[time]","type":"node.completed","node":"llm_step","path":"llm_step","attempt":1,"output":"It is.","duration_ms":[ms],"first_delta_ms":[ms]}

    id: 7
    event: run.completed
    data: {"seq":7,"run_id":"[id]","time":"[time]","type":"run.completed","output":"It is.","usage":{"input_tokens":0,"output_tokens":0},"duration_ms":[ms]}
    "#);
}

#[tokio::test]
async fn a_reader_that_joins_mid_stream_gets_the_text_so_far_as_one_delta() {
    let _hiding = hiding();
    let api = Api::new();
    let run = api.start().await;
    let mut first = api.events(&run).await;
    for piece in ["It ", "is "] {
        api.script.say(piece);
        assert_eq!(first.until("node.delta").await["delta"], piece);
    }

    let mut second = api.stream(after(&run, "5")).await;
    assert_eq!(second.next().await.unwrap(), ": ok\nretry: 1000\n\n");
    insta::assert_snapshot!(second.next().await.unwrap(), @r#"
    event: node.delta
    data: {"type":"node.delta","run_id":"[id]","node":"llm_step","path":"llm_step","attempt":1,"kind":"text","delta":"It is ","offset":0}
    "#);
    api.script.say("so.");
    let (_, delta) = second.event().await.unwrap();
    assert_eq!(
        (&delta["delta"], &delta["offset"]),
        (&json!("so."), &json!(6))
    );
}

#[tokio::test]
async fn a_reader_resumes_after_its_last_event() {
    let api = Api::new();
    let run = ended(&api).await;

    let frames = api.stream(after(&run, "3")).await.rest().await;
    let ids: Vec<_> = frames
        .iter()
        .filter_map(|frame| frame.lines().find_map(|line| line.strip_prefix("id: ")))
        .collect();
    assert_eq!(ids, ["4", "5", "6", "7"], "Last-Event-ID wins over ?after");

    let over = api.ask(after(&run, "7")).await;
    assert_eq!(
        (over.status, over.text.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
}

#[tokio::test]
async fn an_invalid_position_is_refused() {
    let api = Api::new();
    let run = ended(&api).await;
    for wrong in ["x", "-1", "3.5", ""] {
        assert_eq!(
            api.ask(after(&run, wrong)).await.refusal(),
            (400, "invalid_event_id".into()),
            "{wrong:?}"
        );
    }
    assert_eq!(
        api.ask(after(&run, "8")).await.refusal(),
        (400, "beyond_the_end".into())
    );
    let query = |query: &str| format!("{run}/events?{query}");
    assert_eq!(
        api.get(&query("after=8")).await.refusal(),
        (400, "beyond_the_end".into())
    );
    assert_eq!(
        api.get(&query("after=x")).await.refusal(),
        (400, "invalid_query".into())
    );
    assert_eq!(
        api.get(&query("after=7")).await.status,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn the_log_can_be_read_page_by_page() {
    let api = Api::new();
    let run = ended(&api).await;
    let page = async |query: &str| -> Answer {
        let request =
            request("GET", &format!("{run}/events{query}")).header(ACCEPT, "application/json");
        api.ask(with_body(request, Body::empty())).await
    };
    let seqs = |page: &Answer| -> Vec<u64> {
        let page = page.json();
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["seq"].as_u64().unwrap())
            .collect()
    };

    let first = page("?limit=4").await;
    assert_eq!(seqs(&first), [1, 2, 3, 4]);
    assert_eq!(first.json()["next_cursor"], "4");
    assert_eq!(first.header("vary"), "accept");
    let second = page("?after=4&limit=3").await;
    assert_eq!(seqs(&second), [5, 6, 7]);
    assert_eq!(
        second.json()["next_cursor"],
        Value::Null,
        "the run has ended"
    );
    assert_eq!(
        page("?after=8").await.refusal(),
        (400, "beyond_the_end".into())
    );
    assert_eq!(
        page("?limit=201").await.refusal(),
        (400, "invalid_query".into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_sends_heartbeats() {
    let api = Api::new();
    let run = api.start().await;
    let mut frames = api.events(&run).await;
    while frames.until("node.started").await["node"] != "llm_step" {}
    let silent_since = tokio::time::Instant::now();
    assert_eq!(frames.next().await.unwrap(), ": hb\n\n");
    assert_eq!(silent_since.elapsed().as_secs(), 5);
    assert_eq!(frames.next().await.unwrap(), ": hb\n\n");
    assert_eq!(silent_since.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn ten_readers_get_the_same_events() {
    let api = Api::new();
    let run = api.start().await;
    let readers: Vec<Frames> = join_all((0..10).map(|_| api.events(&run))).await;
    api.script.say("It is.");
    api.script.finish("It is.");
    let logs = join_all(readers.into_iter().map(Frames::rest)).await;
    for log in logs {
        let ids: Vec<_> = log
            .iter()
            .filter(|frame| frame.starts_with("id: "))
            .collect();
        assert_eq!(ids.len(), 7);
        assert!(
            log.last()
                .unwrap()
                .starts_with("id: 7\nevent: run.completed\n")
        );
    }
}

#[tokio::test]
async fn a_reader_that_disconnects_does_not_affect_others() {
    let api = Api::new();
    let run = api.start().await;
    drop(api.events(&run).await);
    let mut stays = api.events(&run).await;
    drop(api.events(&run).await);
    api.script.finish("done");
    stays.until("run.completed").await;
}

#[tokio::test]
async fn streams_end_when_the_service_shuts_down() {
    let api = Api::new();
    let run = api.start().await;
    let mut frames = api.events(&run).await;
    while frames.until("node.started").await["node"] != "llm_step" {}
    api.shutdown.cancel();
    assert_eq!(frames.next().await, None);
}

#[tokio::test]
async fn the_bytes_on_the_wire_are_an_event_stream() {
    let api = Api::new();
    let run = ended(&api).await;
    let (address, _serving) = serve(&api).await;
    let mut wire = Wire::get(address, &format!("{run}/events"), &[]).await;
    let head = wire.head().await;
    assert_eq!(head[0], "http/1.1 200 ok");
    for header in [
        "content-type: text/event-stream",
        "cache-control: no-cache, no-transform",
        "x-accel-buffering: no",
    ] {
        assert!(
            head.iter().any(|line| line == header),
            "{header} in {head:#?}"
        );
    }
    assert!(!head.iter().any(|line| line.starts_with("content-encoding")));
    let frames = wire.frames().await;
    assert_eq!(frames[0], ": ok\nretry: 1000\n\n");
    assert_eq!(frames.len(), 8);
}

#[tokio::test]
async fn frames_that_are_ready_at_once_are_one_chunk() {
    let api = Api::new();
    let run = ended(&api).await;
    let (address, _serving) = serve(&api).await;
    let mut wire = Wire::get(address, &format!("{run}/events"), &[]).await;
    wire.head().await;
    let chunk = wire.chunk().await.unwrap();
    assert_eq!(chunk.matches("\n\n").count(), 8, "{chunk}");
    assert_eq!(wire.chunk().await, None);
}

#[tokio::test(start_paused = true)]
async fn heartbeats_are_counted_from_the_last_frame() {
    let api = Api::new();
    let run = api.start().await;
    let mut frames = api.events(&run).await;
    let heartbeat = async |frames: &mut Frames| {
        let since = Instant::now();
        while frames.next().await.unwrap() != ": hb\n\n" {}
        since.elapsed().as_secs()
    };
    assert_eq!(heartbeat(&mut frames).await, 5);
    assert_eq!(heartbeat(&mut frames).await, 5);
    advance(Duration::from_secs(3)).await;
    api.script.say("It ");
    frames.until("node.delta").await;
    assert_eq!(heartbeat(&mut frames).await, 5);
    assert_eq!(heartbeat(&mut frames).await, 5);
}
