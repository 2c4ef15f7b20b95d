//! One request, one answer.

mod builder;
mod credential;
mod exchange;
mod peer;
mod settings;
mod span;

pub(crate) use self::settings::Timeouts;
pub use self::{
    builder::{DEFAULT_BASE_URL, DEFAULT_MODEL, GeminiClientBuilder},
    settings::ConfigError,
};

use std::{borrow::Cow, fmt, sync::Arc, time::SystemTime};

use futures::{Stream, StreamExt, TryStreamExt, stream, stream::BoxStream};
use reqwest::{RequestBuilder, Response, Url, header::HeaderMap, redirect};

use self::{
    exchange::Exchange,
    settings::{Settings, is_loopback},
    span::Observed,
};
use crate::{
    error::{ApiError, GeminiError},
    http::{Secret, wished_wait},
    limits::{Entry, Gate, Permit},
    reply::{Chunk, Reply},
    request::{GenerateRequest, Question, ServiceTier},
    stream::{Body, Clock},
};

/// A client of the Gemini API. Cheap to clone; clones share connections.
///
/// It sends a request once. To send it again is for the caller to decide, by
/// [`GeminiError::is_retryable`] and [`GeminiError::retry_after`].
///
/// ```no_run
/// use workflow_gemini::{GeminiClient, GenerateRequest};
///
/// # async fn ask() -> Result<(), Box<dyn std::error::Error>> {
/// let client = GeminiClient::from_env()?;
/// let reply = client.generate(&GenerateRequest::new("Why is the sky blue?")).await?;
/// assert!(!reply.text.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct GeminiClient {
    http: reqwest::Client,
    settings: Arc<Settings>,
    gate: Arc<Gate>,
}

/// An answer on its way.
pub(crate) type Chunks = BoxStream<'static, Result<Chunk, GeminiError>>;

/// The two ways to get an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Method {
    Whole,
    Streamed,
}

impl GeminiClient {
    /// A client as the environment says; see [`GeminiClientBuilder::from_env`].
    ///
    /// # Errors
    /// [`ConfigError`]: there is no key, or the environment holds something unusable.
    pub fn from_env() -> Result<Self, ConfigError> {
        GeminiClientBuilder::from_env().build()
    }

    /// Collects what a client is made from, without looking at the environment.
    pub fn builder() -> GeminiClientBuilder {
        GeminiClientBuilder::default()
    }

    pub(crate) fn new(settings: Settings) -> Result<Self, ConfigError> {
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

    /// The model asked when a request names none.
    pub fn model(&self) -> &str {
        &self.settings.model
    }

    /// Asks and waits for the whole answer.
    ///
    /// # Errors
    /// [`GeminiError`]; an answer without text is one, too.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection. What the model has written is lost, and billed.
    pub async fn generate(&self, request: &GenerateRequest) -> Result<Reply, GeminiError> {
        let mut chunks = self.ask(Method::Whole, request);
        while let Some(chunk) = chunks.try_next().await? {
            if let Chunk::Done(reply) = chunk {
                return Ok(*reply);
            }
        }
        Err(GeminiError::Interrupted { source: None })
    }

    /// Asks and passes the answer on as it is written. Nothing is sent until the stream is polled.
    ///
    /// The stream ends with one [`Chunk::Done`] or one error, and yields `None` after that.
    ///
    /// # Errors
    /// The stream yields [`GeminiError`] as [`generate`](Self::generate) returns it, also after
    /// pieces of text: those are no answer then.
    ///
    /// # Cancellation
    /// Dropping the stream closes the connection.
    pub fn stream(
        &self,
        request: &GenerateRequest,
    ) -> impl Stream<Item = Result<Chunk, GeminiError>> + Send + Unpin + use<> {
        self.ask(Method::Streamed, request)
    }

    /// Asks in either way. A whole answer comes in pieces, too, but all at once.
    pub(crate) fn ask(&self, method: Method, request: &GenerateRequest) -> Chunks {
        let mut request = request.clone();
        self.fill(&mut request);
        let exchange = Exchange::new(self.clone(), method, request);
        stream::try_unfold(exchange, Exchange::advance).boxed()
    }

    /// Adds what the client sends with every request that does not say otherwise.
    pub(crate) fn fill(&self, request: &mut GenerateRequest) {
        request.store = request.store.or(self.settings.store);
    }

    /// Whether a [retry](GenerateRequest::as_retry) would be sent now, without waiting for the client's
    /// [retry budget](GeminiClientBuilder::retry_budget).
    pub fn grants_retry(&self) -> bool {
        self.gate.grants_retry()
    }

    /// Whether the client makes retries at all: its budget is not 0.
    pub(crate) fn has_retries(&self) -> bool {
        self.gate.has_retries()
    }

    pub(crate) fn observed(&self) -> &Observed {
        &self.settings.observed
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The name of the model a request asks, without `models/`.
    pub(crate) fn model_of<'a>(&'a self, request: &'a GenerateRequest) -> &'a str {
        let model = request.model.as_deref().unwrap_or(self.model()).trim();
        model.strip_prefix("models/").unwrap_or(model)
    }

    pub(crate) fn max_reply_bytes(&self) -> usize {
        self.settings.max_reply_bytes
    }

    /// Lets a request wait until it may be sent, unless it makes no sense.
    pub(crate) fn enter(
        &self,
        method: Method,
        request: &GenerateRequest,
        is_retry: bool,
    ) -> Result<Entry, GeminiError> {
        let model = self.model_of(request);
        request.check(model)?;
        self.url(method, model)?;
        Entry::new(Arc::clone(&self.gate), model, is_retry)
    }

    /// Sends a request that was admitted; the body of the answer if it is a 200. With a token, asks for
    /// the rest of an answer.
    pub(crate) async fn call(
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
            let wish = wished_wait(response.headers(), SystemTime::now());
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
        if model.is_empty() {
            return Err(invalid("the model's name is empty"));
        }
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

impl fmt::Debug for GeminiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeminiClient")
            .field("credential", &self.settings.credential)
            .field("address", &self.settings.address.as_str())
            .field("model", &self.settings.model)
            .finish_non_exhaustive()
    }
}
