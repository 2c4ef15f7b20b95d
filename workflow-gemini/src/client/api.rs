//! The methods of the API, each request sent once.

use std::{borrow::Cow, fmt, sync::Arc, time::SystemTime};

use reqwest::{RequestBuilder, Response, Url, header::HeaderMap, redirect};
use workflow_httpkit::{Secret, lenient_retry_after};

use super::{peer::is_loopback, settings::Settings, span::Observed};
use crate::{
    error::{ApiError, ConfigError, GeminiError},
    limits::{Entry, Gate, Permit},
    request::{GenerateRequest, Method, Question, ServiceTier},
    stream::{Body, Clock},
};

/// What the clones of a client share: connections, settings and limits.
#[derive(Clone)]
pub(super) struct Api {
    http: reqwest::Client,
    settings: Arc<Settings>,
    gate: Arc<Gate<ApiError>>,
}

impl Api {
    pub(super) fn new(settings: Settings) -> Result<Self, ConfigError> {
        let mut http = reqwest::Client::builder()
            .connect_timeout(settings.timeouts.connect)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("workflow-gemini/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&settings.address) {
            http = http.no_proxy();
        }
        let http = http
            .build()
            .map_err(|error| ConfigError::Http(error.without_url().into()))?;
        let gate = Arc::new(Gate::new(settings.limits));
        let settings = Arc::new(settings);
        Ok(Self {
            http,
            settings,
            gate,
        })
    }

    /// The model of requests that name none.
    pub(super) fn model(&self) -> &str {
        &self.settings.model
    }

    /// Adds what the client sends with every request that does not say otherwise.
    pub(super) fn fill(&self, request: &mut GenerateRequest) {
        request.store = request.store.or(self.settings.store);
        request.service_tier = request.service_tier.or(self.settings.service_tier);
    }

    pub(super) fn observed(&self) -> &Observed {
        &self.settings.observed
    }

    pub(super) fn gate(&self) -> &Gate<ApiError> {
        &self.gate
    }

    /// The name of the model a request asks, without `models/`.
    pub(super) fn model_of<'a>(&'a self, request: &'a GenerateRequest) -> &'a str {
        let model = request.model.as_deref().unwrap_or(self.model()).trim();
        model.strip_prefix("models/").unwrap_or(model)
    }

    pub(super) fn max_reply_bytes(&self) -> usize {
        self.settings.max_reply_bytes
    }

    /// Lets a request wait until it may be sent, unless it makes no sense.
    pub(super) fn enter(
        &self,
        request: &GenerateRequest,
        is_retry: bool,
    ) -> Result<Entry<ApiError>, GeminiError> {
        let model = self.model_of(request);
        let invalid = |reason| GeminiError::InvalidRequest { reason };
        request.check(model).map_err(invalid)?;
        if model.is_empty() {
            return Err(invalid("the model's name is empty".into()));
        }
        Ok(Entry::new(Arc::clone(&self.gate), model, is_retry)?)
    }

    /// Sends a request that was admitted; the body of the answer if it is a 200. With a token, asks for
    /// the rest of an answer.
    pub(super) async fn call(
        &self,
        method: Method,
        request: &GenerateRequest,
        token: Option<&str>,
        room: usize,
        permit: Permit,
    ) -> Result<Body, GeminiError> {
        let url = self.url(method, self.model_of(request))?;
        let clock = Clock::start(self.settings.timeouts);
        let secret = clock
            .first_byte(self.settings.credential.secret())
            .await??;
        let body = async {
            let question = self.question(url, request, token).headers(header(&secret));
            let response = self.send(&clock, question).await?;
            let status = response.status();
            let wish = lenient_retry_after(response.headers(), SystemTime::now());
            let limits = (self.settings.max_reply_bytes, room);
            let mut body = Body::new(response, clock, limits, secret.clone(), permit);
            if status == reqwest::StatusCode::OK {
                return Ok(body);
            }
            let refusal = body.refusal().await;
            let error = ApiError::from_answer(status.as_u16(), &refusal, wish);
            let not_found = status == reqwest::StatusCode::NOT_FOUND;
            let hint = not_found.then(|| self.settings.version_hint.clone());
            Err(error.with_hint(hint.flatten()).into())
        };
        let body: Result<Body, GeminiError> = body.await;
        body.map_err(|error| error.presented(&secret))
    }

    fn question(&self, url: Url, request: &GenerateRequest, token: Option<&str>) -> RequestBuilder {
        let body = Question::new(request, token);
        // Vertex AI takes the tier as a header.
        let body = body.with_service_tier(!self.settings.observed.is_vertex());
        let question = self.http.post(url).json(&body);
        let question = match self.settings.timeouts.total {
            Some(total) => question.header("x-server-timeout", total.as_secs().max(1)),
            None => question,
        };
        match request
            .service_tier
            .and_then(ServiceTier::shared_request_type)
        {
            Some(tier) if self.settings.observed.is_vertex() => {
                question.header("x-vertex-ai-llm-shared-request-type", tier)
            }
            _ => question,
        }
    }

    fn url(&self, method: Method, model: &str) -> Result<Url, GeminiError> {
        let invalid = |reason| GeminiError::InvalidRequest {
            reason: Cow::Borrowed(reason),
        };
        let mut url = self.settings.address.clone();
        let verb = match method {
            Method::Whole => "generateContent",
            Method::Streamed => "streamGenerateContent",
        };
        url.path_segments_mut()
            .map_err(|()| invalid("the base URL cannot have a path"))?
            .push("models")
            .push(&format!("{model}:{verb}"));
        if matches!(method, Method::Streamed) {
            url.set_query(Some("alt=sse"));
        }
        Ok(url)
    }

    async fn send(&self, clock: &Clock, question: RequestBuilder) -> Result<Response, GeminiError> {
        let sent = clock.first_byte(question.send()).await?;
        sent.map_err(|error| {
            let peer = self.settings.peer.to_string();
            if error.is_connect() && error.is_timeout() {
                return clock.connect_error(peer);
            }
            let source = error.without_url().into();
            GeminiError::Connection { peer, source }
        })
    }
}

fn header(secret: &Secret) -> HeaderMap {
    HeaderMap::from_iter([secret.header()])
}

impl Api {
    pub(super) fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("credential", &self.settings.credential)
            .field("address", &self.settings.address.as_str())
            .field("model", &self.settings.model)
            .finish_non_exhaustive()
    }
}
