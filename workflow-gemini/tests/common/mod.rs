//! Shared helpers of the tests.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

pub(crate) mod check;
pub(crate) mod fault;
pub(crate) mod raw;

use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::method};
use workflow_gemini::{GeminiClient, GeminiClientBuilder};

/// A key that must not appear in any output.
pub(crate) const KEY: &str = "AIzaSy-not-a-real-key-0123456789";

pub(crate) fn builder(base_url: &str) -> GeminiClientBuilder {
    GeminiClient::builder()
        .with_api_key(KEY)
        .with_base_url(base_url)
}

pub(crate) fn client(base_url: &str) -> GeminiClient {
    builder(base_url).build().unwrap()
}

/// Sends this answer to every request that the API accepts, and refuses others as the API does.
pub(crate) struct Checked(pub(crate) ResponseTemplate);

impl Respond for Checked {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        match check::refusal(&request.body) {
            Some(refusal) => json(400, refusal),
            None => self.0.clone(),
        }
    }
}

/// A server that sends this answer to every request that the API accepts.
pub(crate) async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(Checked(answer))
        .mount(&server)
        .await;
    server
}

pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json; charset=UTF-8")
}

pub(crate) fn sse(body: impl Into<Vec<u8>>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "text/event-stream")
}

/// The only request that the server received.
pub(crate) async fn only_request(server: &MockServer) -> Request {
    let mut requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}
