//! HTTP requests to the API, and the check of the status.
//!
//! Each call sends one request. Redirects are not followed, because the key must not reach another host.

use std::{sync::Arc, time::SystemTime};

use reqwest::{StatusCode, header::CONTENT_TYPE, redirect};
use serde_json::Value;
use workflow_httpkit::{
    BodyReader, Clock, MAX_REFUSAL_BYTES, is_loopback, lenient_retry_after, without_cut_secret,
};
use workflow_llm::{
    ModelError, ModelRequest,
    gate::{Gate, GateLimits},
};

use super::{reader::AnswerReader, settings::Settings};
use crate::{
    error::{CallFacts, ConfigError, Failure, Refusal},
    request,
};

/// The state that all clones of a client share: connections, settings and limits.
#[derive(Clone)]
pub(super) struct Api {
    http: reqwest::Client,
    settings: Arc<Settings>,
    gate: Arc<Gate<Refusal>>,
}

impl Api {
    /// Sets up the HTTP client.
    ///
    /// # Errors
    /// [`ConfigError::Http`].
    pub(super) fn new(settings: Settings, limits: GateLimits) -> Result<Self, ConfigError> {
        let mut http = reqwest::Client::builder()
            .connect_timeout(settings.timeouts.connect)
            .redirect(redirect::Policy::none())
            .default_headers(settings.headers.clone())
            // `reqwest` sends no `User-Agent` by itself. With one, the API and gateways can identify the client.
            .user_agent(concat!("workflow-openai/", env!("CARGO_PKG_VERSION")));
        // As `Peer` does, so that errors name the host that is really connected to.
        if is_loopback(&settings.url) {
            http = http.no_proxy();
        }
        let http = http.build();
        let http = http.map_err(|error| ConfigError::Http(error.without_url().into()))?;
        Ok(Self {
            http,
            settings: Arc::new(settings),
            gate: Arc::new(Gate::new(limits)),
        })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The limits, shared by all clones.
    pub(super) fn gate(&self) -> &Arc<Gate<Refusal>> {
        &self.gate
    }

    /// The model of a request, or else the client's. Limits are counted by this name.
    pub(super) fn model_of<'a>(&'a self, request: &'a ModelRequest) -> &'a str {
        let model = request.model.as_deref().map(str::trim);
        let model = model.filter(|model| !model.is_empty());
        model.unwrap_or_else(|| self.settings.info.default_model().trim())
    }

    /// The body of a request.
    pub(super) fn body(&self, request: &ModelRequest) -> Result<Value, ModelError> {
        let provider = self.settings.info.name();
        request::body(
            request,
            self.model_of(request),
            provider,
            &self.settings.dialect,
        )
    }

    /// Sends a request, and returns the answer of status 200 as soon as its head was received. Any other status is a refusal, including
    /// redirects and the other 2xx statuses. `facts` gets the provider's name of the request.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    pub(super) async fn call(
        &self,
        body: Vec<u8>,
        facts: &mut CallFacts,
    ) -> Result<AnswerReader, Failure> {
        let mut clock = Clock::start(self.settings.timeouts);
        let request = self.http.post(self.settings.url.clone());
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        let response = clock.first_byte(request.send()).await?;
        let response = response.map_err(|error| {
            if error.is_connect() && error.is_timeout() {
                return clock
                    .connect_error(self.settings.errors.peer.to_string())
                    .into();
            }
            Failure::Connection(error)
        })?;
        let headers = response.headers();
        let id = headers.get("x-request-id").and_then(|it| it.to_str().ok());
        facts.request_id = id.map(|id| self.settings.errors.shown(id));
        let status = response.status();
        if status == StatusCode::OK {
            return Ok(AnswerReader::new(
                response,
                clock,
                self.settings.max_reply_bytes,
            ));
        }
        let headers = headers.clone();
        let retry_after = lenient_retry_after(&headers, SystemTime::now());
        // The status is what matters, so an incomplete body is better than its error. It obeys the same timeout.
        let mut reader = BodyReader::new(response, self.settings.max_reply_bytes);
        let body = clock.more(reader.refusal()).await.unwrap_or_default();
        let redactor = &self.settings.errors.redactor;
        let body = without_cut_secret(&body, MAX_REFUSAL_BYTES, redactor);
        Err(Refusal::from_answer(status.as_u16(), &headers, body, retry_after).into())
    }
}
