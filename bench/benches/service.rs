//! The service compared to a bare axum handler that streams the same bytes and makes the same request to the model.
//!
//! The model is a server on loopback that answers at once, the same for both sides. Clients, model and both services are in
//! this process, with the allocator of `workflow-server`.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]
#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::sync::Arc;

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::header::{ACCEPT, CONTENT_TYPE},
    response::IntoResponse,
    routing::post,
    serve::ListenerExt,
};
use futures::{
    future::join_all,
    stream::{self, StreamExt},
};
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};
use workflow_bench::{compare, compare_rates, runtimes};
use workflow_core::{LocalEngine, Registry, RunId, Workflows, value::Timestamp};
use workflow_gemini::GeminiClient;
use workflow_http::Options;

/// The allocator of `workflow-server`.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The number of concurrent clients.
const CLIENTS: u32 = 64;

/// The number of requests per client in a round.
const REQUESTS: u32 = 20;

/// The model's answer.
const ANSWER: &str = concat!(
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hi\"}]},\"index\":0}],",
    "\"usageMetadata\":{\"promptTokenCount\":4,\"totalTokenCount\":4},\"modelVersion\":\"gemini\"}\r\n\r\n",
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\" there\"}]},\"finishReason\":\"STOP\"}],",
    "\"usageMetadata\":{\"promptTokenCount\":4,\"candidatesTokenCount\":2,\"totalTokenCount\":6},\"modelVersion\":\"gemini\"}\r\n\r\n",
);

fn main() {
    for (name, runtime) in runtimes() {
        println!("\n{name} runtime, per two-step run");
        let model = runtime.block_on(serve_bare(Router::new().fallback(answer)));
        for (name, last, stream) in [
            ("simple stream", "LLMNode", "run"),
            ("event stream", "LLMNode", "runs"),
            ("simple stream, no model", "PromptNode", "run"),
        ] {
            runs(&runtime, name, &model, last, stream);
        }
    }
}

/// Compares runs whose last step has this type, and whose stream has this form.
fn runs(runtime: &Runtime, name: &str, model: &str, last: &str, stream: &str) {
    let client = Client::builder().tcp_nodelay(true).build().unwrap();
    let (floor, ours) = runtime.block_on(async {
        let ours = serve_ours(model, last, stream).await;
        let recorded = ask(&client, &ours).await;
        let model = (last == "LLMNode").then_some(model);
        (serve_floor(model, recorded).await, ours)
    });
    let requests = async |url: &str| {
        for _ in 0..REQUESTS {
            ask(&client, url).await;
        }
    };
    let one = |url: &str| runtime.block_on(requests(url));
    compare(
        &format!("{name}, one after the other"),
        REQUESTS,
        || one(&floor),
        || one(&ours),
    );
    let crowd = |url: &str| {
        runtime.block_on(async { join_all((0..CLIENTS).map(|_| requests(url))).await });
    };
    compare_rates(
        &format!("{name}, {CLIENTS} clients"),
        CLIENTS * REQUESTS,
        || crowd(&floor),
        || crowd(&ours),
    );
}

/// Starts a run, and returns its stream.
async fn ask(client: &Client, url: &str) -> String {
    let request = client
        .post(url)
        .header(ACCEPT, "text/event-stream")
        .json(&json!({"input": "Quantum Computing"}));
    let stream = text(request).await;
    assert!(stream.contains("ompleted\""), "{stream}");
    stream
}

async fn text(request: RequestBuilder) -> String {
    let response = request.send().await.unwrap();
    response.error_for_status().unwrap().text().await.unwrap()
}

async fn answer() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/event-stream")], ANSWER)
}

/// Serves a router without anything around it; returns the URL.
async fn serve_bare(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    url
}

/// The complete service with a two-step workflow; returns the URL that starts a run of it.
async fn serve_ours(model: &str, last: &str, stream: &str) -> String {
    let client = GeminiClient::builder()
        .with_api_key("none")
        .with_base_url(model)
        .build()
        .unwrap();
    let mut registry = Registry::default();
    workflow_gemini::register(&mut registry, client);
    let engine = LocalEngine::builder(registry).build();
    let data = match last {
        "PromptNode" => json!({"template": "{{ prompt_step.output }}!"}),
        _ => json!({}),
    };
    let spec = json!({"nodes": [
        {"id": "prompt_step", "type": "PromptNode", "data": {"template": "Explain: {{input}}"}},
        {"id": "last_step", "type": last, "data": data},
    ]});
    let workflow = engine.create_workflow(spec).await.unwrap().record.id;
    let router = workflow_http::router(Arc::new(engine), Options::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async {
        let options = Options::default();
        workflow_http::serve(listener, router, &options)
            .await
            .unwrap();
    });
    format!("http://{address}/api/workflows/{workflow}/{stream}")
}

/// The least code that streams the same: the frames of a recorded run, with the id, the times and the answer of each run.
struct Floor {
    client: Client,
    model: Option<String>,
    /// The run that was recorded.
    run: String,
    /// The frames up to the start of the last step.
    before: Vec<String>,
    after: Vec<String>,
}

/// Serves the floor of this recorded stream; returns the URL that starts a run.
async fn serve_floor(model: Option<&str>, recorded: String) -> String {
    let mut before: Vec<_> = recorded
        .split_inclusive("\n\n")
        .map(str::to_owned)
        .collect();
    let started = |frame: &String| {
        frame.contains("last_step\",\"status\":\"running") || frame.contains("node.started")
    };
    let last = before.iter().rposition(started).unwrap();
    let after = before.split_off(last + 1);
    let run = recorded.split_once("\"run_id\":\"");
    let run = run.map_or("no id", |(_, rest)| &rest[..36]).to_owned();
    let path = "/v1beta/models/gemini:streamGenerateContent?alt=sse";
    let floor = Floor {
        client: Client::new(),
        model: model.map(|model| format!("{model}{path}")),
        run,
        before,
        after,
    };
    let router = Router::new()
        .route("/run", post(run_floor))
        .with_state(Arc::new(floor));
    format!("{}/run", serve_bare(router).await)
}

async fn run_floor(State(floor): State<Arc<Floor>>, Json(body): Json<Value>) -> impl IntoResponse {
    let run = RunId::new().to_string();
    let prompt = format!("Explain: {}", body["input"].as_str().unwrap());
    let frame = |floor: &Floor, frame: &String, run: &str| {
        Bytes::from(stamped(frame).replace(&floor.run, run))
    };
    let before: Vec<_> = floor
        .before
        .iter()
        .map(|it| frame(&floor, it, &run))
        .collect();
    let done = async move {
        let answer = match &floor.model {
            Some(model) => {
                let request = json!({"contents": [{"role": "user", "parts": [{"text": prompt}]}]});
                text_of(&text(floor.client.post(model).json(&request)).await)
            }
            None => format!("{prompt}!"),
        };
        let answer = serde_json::to_string(&answer).unwrap();
        let after = floor.after.iter().map(|it| {
            let with_answer = it.replace("\"Hi there\"", &answer);
            frame(&floor, &with_answer, &run)
        });
        stream::iter(after.collect::<Vec<_>>())
    };
    let frames = stream::iter(before).chain(stream::once(done).flatten());
    let body = Body::from_stream(frames.map(Ok::<_, axum::Error>));
    ([(CONTENT_TYPE, "text/event-stream")], body)
}

/// A frame with the current time.
fn stamped(frame: &str) -> String {
    const TIMES: [&str; 2] = ["\"timestamp\":\"", "\"time\":\""];
    let start = TIMES
        .iter()
        .find_map(|name| Some(frame.find(name)? + name.len()));
    let Some(start) = start else {
        return frame.to_owned();
    };
    let rest = frame[start..].split_once('"').unwrap().1;
    format!("{}{}\"{rest}", &frame[..start], Timestamp::now())
}

/// A chunk of the model's answer, as far as it is needed.
#[derive(Deserialize)]
struct Chunk {
    candidates: [Candidate; 1],
}

#[derive(Deserialize)]
struct Candidate {
    content: Content,
}

#[derive(Deserialize)]
struct Content {
    parts: [Part; 1],
}

#[derive(Deserialize)]
struct Part {
    text: String,
}

/// The text of a streamed answer.
fn text_of(answer: &str) -> String {
    let chunks = answer
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let texts = chunks.map(|chunk| {
        let Chunk {
            candidates: [chunk],
        } = serde_json::from_str(chunk).unwrap();
        let [part] = chunk.content.parts;
        part.text
    });
    texts.collect()
}
