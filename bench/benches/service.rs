//! The service compared to a bare handler that does the same: five frames while the run progresses, and
//! one call to the model.
//!
//! The model is a server on loopback that answers at once, the same for both sides.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]
#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Sse, sse::Event},
    routing::post,
};
use futures::{
    future::join_all,
    stream::{self, Stream, StreamExt},
};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};
use workflow_bench::{compare, runtimes};
use workflow_core::{LocalEngine, Registry, Workflows};
use workflow_gemini::GeminiClient;
use workflow_http::Options;

/// The number of concurrent clients.
const CLIENTS: u32 = 32;

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
        runs(&runtime);
    }
}

fn runs(runtime: &Runtime) {
    let (floor, ours) = runtime.block_on(async {
        let model = serve(Router::new().fallback(answer)).await;
        (floor(model).await, ours(model).await)
    });
    let client = Client::builder().tcp_nodelay(true).build().unwrap();
    compare(
        "one after the other",
        REQUESTS,
        || runtime.block_on(ask(&client, &floor, REQUESTS)),
        || runtime.block_on(ask(&client, &ours, REQUESTS)),
    );
    let crowd = |url: &str| {
        runtime.block_on(async {
            join_all((0..CLIENTS).map(|_| ask(&client, url, REQUESTS))).await;
        });
    };
    compare(
        &format!("{CLIENTS} clients at once"),
        CLIENTS * REQUESTS,
        || crowd(&floor),
        || crowd(&ours),
    );
}

async fn answer() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/event-stream")], ANSWER)
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        workflow_http::serve(listener, router, &Options::default())
            .await
            .unwrap();
    });
    address
}

/// The least code that does the same: three frames, a request to the model, two more frames.
async fn floor(model: SocketAddr) -> String {
    let url = format!("http://{model}/v1beta/models/gemini:streamGenerateContent?alt=sse");
    let handler = Router::new()
        .route("/run", post(run))
        .with_state((Client::new(), url));
    format!("http://{}/run", serve(handler).await)
}

async fn run(
    State((client, url)): State<(Client, String)>,
    Json(body): Json<Value>,
) -> Sse<impl Stream<Item = Result<Event, axum::Error>>> {
    let prompt = format!("Explain: {}", body["input"].as_str().unwrap());
    let begun = [
        step("prompt_step", "Running", None),
        step("prompt_step", "Success", Some(&prompt)),
        step("llm_step", "Running", None),
    ];
    let request = json!({"contents": [{"role": "user", "parts": [{"text": prompt}]}]});
    let done = async move {
        let answered = client.post(url).json(&request).send().await.unwrap();
        let answer = text_of(&answered.text().await.unwrap());
        let end = json!({"type": "workflowStatus", "status": "Completed"});
        stream::iter([step("llm_step", "Success", Some(&answer)), end])
    };
    let frames = stream::iter(begun).chain(stream::once(done).flatten());
    Sse::new(frames.map(|frame| Event::default().json_data(frame)))
}

/// The text of a streamed answer.
fn text_of(answer: &str) -> String {
    let pieces = answer
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let texts = pieces.map(|piece| {
        let piece: Value = serde_json::from_str(piece).unwrap();
        let text = piece.pointer("/candidates/0/content/parts/0/text");
        text.and_then(Value::as_str).unwrap().to_owned()
    });
    texts.collect()
}

fn step(node: &str, status: &str, output: Option<&str>) -> Value {
    json!({"nodeId": node, "status": status, "message": "", "output": output, "error": null})
}

/// The complete service with a two-step workflow.
async fn ours(model: SocketAddr) -> String {
    let client = GeminiClient::builder()
        .with_api_key("none")
        .with_base_url(format!("http://{model}"))
        .build()
        .unwrap();
    let mut registry = Registry::default();
    workflow_gemini::register(&mut registry, client);
    let engine = LocalEngine::builder(registry).build();
    let spec = json!({"nodes": [
        {"id": "prompt_step", "type": "PromptNode", "data": {"template": "Explain: {{input}}"}},
        {"id": "llm_step", "type": "LLMNode", "data": {}},
    ]});
    let workflow = engine.create_workflow(spec).await.unwrap();
    let router = workflow_http::router(Arc::new(engine), Options::default());
    format!(
        "http://{}/api/workflows/{}/run",
        serve(router).await,
        workflow.record.id
    )
}

async fn ask(client: &Client, url: &str, times: u32) {
    for _ in 0..times {
        let answered = client
            .post(url)
            .json(&json!({"input": "Quantum Computing"}))
            .send()
            .await
            .unwrap();
        let frames = answered.text().await.unwrap();
        assert_eq!(frames.matches("}\n\n").count(), 5, "{frames}");
    }
}
