//! [`FakeGemini`]: the server.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::method};

use super::{request::FakeRequest, turn::FakeTurn};
use crate::{ConfigError, GeminiClient};

/// A Gemini API on this machine that answers by a script, with and without streaming.
///
/// It refuses what the API refuses, with the API's own messages where they are known: bodies of a wrong shape, signatures that are missing,
/// were moved or belong to another model, contents that were split or merged, responses in a wrong number or order, a conversation that ends
/// with the model, a mode of calling without functions, and functions together with what the model cannot combine them with. A refusal takes
/// nothing from the script.
///
/// The server stops when it is dropped.
pub struct FakeGemini {
    server: MockServer,
    seen: Arc<Mutex<Vec<FakeRequest>>>,
}

impl FakeGemini {
    /// Starts a server that answers the valid requests with these turns, in their order. A request after the last turn is refused with 400.
    pub async fn start(turns: impl IntoIterator<Item = FakeTurn>) -> Self {
        let mut turns: VecDeque<FakeTurn> = turns.into_iter().collect();
        let end = || FakeTurn::error(400, "INVALID_ARGUMENT", "the script of the fake has ended");
        Self::with_script(move |_| turns.pop_front().unwrap_or_else(end)).await
    }

    /// Starts a server that answers each valid request with the turn that `script` returns for it.
    pub async fn with_script(
        script: impl FnMut(&FakeRequest) -> FakeTurn + Send + 'static,
    ) -> Self {
        let server = MockServer::start().await;
        let seen = Arc::default();
        let responder = Responder {
            script: Mutex::new(Box::new(script)),
            seen: Arc::clone(&seen),
        };
        Mock::given(method("POST"))
            .respond_with(responder)
            .mount(&server)
            .await;
        Self { server, seen }
    }

    /// The base URL, for a client of one's own.
    pub fn base_url(&self) -> String {
        self.server.uri()
    }

    /// A client of this server with the default settings.
    ///
    /// # Errors
    /// As [`GeminiClientBuilder::build`](crate::GeminiClientBuilder::build).
    pub fn client(&self) -> Result<GeminiClient, ConfigError> {
        GeminiClient::builder()
            .with_api_key("a key of the fake")
            .with_base_url(self.base_url())
            .build()
    }

    /// All requests so far, also those that were refused.
    pub fn requests(&self) -> Vec<FakeRequest> {
        locked(&self.seen).clone()
    }

    /// The messages of the refusals so far.
    pub fn refusals(&self) -> Vec<String> {
        let seen = locked(&self.seen);
        seen.iter().filter_map(|it| it.refusal.clone()).collect()
    }
}

impl fmt::Debug for FakeGemini {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeGemini")
            .field("base_url", &self.base_url())
            .finish_non_exhaustive()
    }
}

type Script = Box<dyn FnMut(&FakeRequest) -> FakeTurn + Send>;

struct Responder {
    script: Mutex<Script>,
    seen: Arc<Mutex<Vec<FakeRequest>>>,
}

impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let request = FakeRequest::read(request);
        locked(&self.seen).push(request.clone());
        if let Some(message) = &request.refusal {
            let refusal = FakeTurn::error(400, "INVALID_ARGUMENT", message);
            return respond(&refusal, &request);
        }
        let turn = (*locked(&self.script))(&request);
        respond(&turn, &request)
    }
}

fn respond(turn: &FakeTurn, request: &FakeRequest) -> ResponseTemplate {
    let response = match turn.refusal() {
        Some((status, body)) => ResponseTemplate::new(status).set_body_json(body),
        None if request.is_streamed => {
            let mut events = String::new();
            for event in turn.events(request) {
                events.push_str("data: ");
                events.push_str(&event.to_string());
                events.push_str("\r\n\r\n");
            }
            ResponseTemplate::new(200).set_body_raw(events, "text/event-stream")
        }
        None => ResponseTemplate::new(200).set_body_json(turn.response(request)),
    };
    response.set_delay(turn.delay())
}

/// A script that panics fails its own request only.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
