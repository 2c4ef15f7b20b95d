//! The client: settings, credentials, and the exchange of requests and answers.
//!
//! Owns the HTTP connections and the order of steps for each request: check it, admit it
//! ([`limits`](crate::limits)), send it, and read the answer ([`stream`](crate::stream)). Used by
//! `model` for workflows, and directly by applications. It must never retry a request, and
//! never put the key into an error or a log line.

mod api;
mod builder;
mod credential;
mod environment;
mod exchange;
mod settings;
mod span;

pub use self::builder::{DEFAULT_BASE_URL, DEFAULT_MODEL, GeminiClientBuilder};

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU32},
};

use futures::{Stream, StreamExt, TryStreamExt, stream, stream::BoxStream};
use workflow_llm::{ProviderInfo, gate::RequestLimits};

use self::{api::Api, exchange::Exchange};
use crate::{
    error::{ConfigError, GeminiError},
    reply::{Chunk, Reply},
    request::{GenerateRequest, Method},
};

/// A client for the Gemini API. Cheap to clone; clones share connections, rate limits and the retry
/// budget.
///
/// It sends each request once. The caller decides about retries, by [`GeminiError::is_retryable`],
/// [`GeminiError::retry_limit`] and [`GeminiError::retry_after`].
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
    api: Api,
    info: Arc<ProviderInfo>,
}

/// An answer as a stream of its chunks: one [`Chunk::Done`] or one error ends it.
pub(crate) type Chunks = BoxStream<'static, Result<Chunk, GeminiError>>;

impl GeminiClient {
    /// Creates a client with the settings of the environment; see [`GeminiClientBuilder::from_env`].
    ///
    /// # Errors
    /// [`ConfigError`] if there is no API key, or if a variable has an invalid value.
    pub fn from_env() -> Result<Self, ConfigError> {
        GeminiClientBuilder::from_env().build()
    }

    /// Returns a builder with default settings. It does not read the environment.
    pub fn builder() -> GeminiClientBuilder {
        GeminiClientBuilder::default()
    }

    /// The model for requests that name none.
    pub fn model(&self) -> &str {
        self.api.model()
    }

    /// Sends a request and returns the complete answer.
    ///
    /// # Errors
    /// [`GeminiError`] if the request is invalid, is not admitted, fails, or brings neither text nor calls.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection, or leaves the queue if the request still waits. Tokens that the
    /// model has written by then are billed.
    pub async fn generate(&self, request: &GenerateRequest) -> Result<Reply, GeminiError> {
        let mut chunks = self.ask(Method::Whole, request.clone());
        while let Some(chunk) = chunks.try_next().await? {
            if let Chunk::Done(reply) = chunk {
                return Ok(*reply);
            }
        }
        Err(GeminiError::Interrupted { source: None })
    }

    /// Sends a request and streams the answer while the model writes it.
    ///
    /// Nothing is sent until the stream is polled. The stream ends with one [`Chunk::Done`] or one
    /// error, and yields `None` after that.
    ///
    /// ```no_run
    /// use futures::TryStreamExt;
    /// use workflow_gemini::{Chunk, GeminiClient, GenerateRequest};
    ///
    /// # async fn print() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = GeminiClient::from_env()?;
    /// let mut chunks = client.stream(&GenerateRequest::new("Why is the sky blue?"));
    /// while let Some(chunk) = chunks.try_next().await? {
    ///     if let Chunk::Text(text) = chunk {
    ///         print!("{text}");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The stream yields the same [`GeminiError`]s as [`generate`](Self::generate), also after
    /// chunks of text. Text before an error is not an answer and has to be discarded.
    ///
    /// # Cancellation
    /// Dropping the stream closes the connection, or leaves the queue if the request still waits. A stream that is
    /// neither polled nor dropped keeps its slot, or its position in the queue, and delays other requests.
    pub fn stream(
        &self,
        request: &GenerateRequest,
    ) -> impl Stream<Item = Result<Chunk, GeminiError>> + Send + Unpin + use<> {
        self.ask(Method::Streamed, request.clone())
    }

    /// Sends a request by either method. With [`Method::Whole`] all chunks are available at once.
    ///
    /// The stream owns the request, so it is `'static`: the caller may drop the client.
    pub(crate) fn ask(&self, method: Method, request: GenerateRequest) -> Chunks {
        self.ask_counted(method, request, Arc::default())
    }

    /// As [`ask`](Self::ask); counts the requests in `sent` when they are sent.
    pub(crate) fn ask_counted(
        &self,
        method: Method,
        mut request: GenerateRequest,
        sent: Arc<AtomicU32>,
    ) -> Chunks {
        self.fill(&mut request);
        let exchange = Exchange::new(self.api.clone(), method, request, sent);
        stream::try_unfold(exchange, Exchange::advance).boxed()
    }

    /// What the models of this client have in common.
    pub(crate) fn info(&self) -> &ProviderInfo {
        &self.info
    }

    /// Sets the client's defaults where the request sets nothing.
    pub(crate) fn fill(&self, request: &mut GenerateRequest) {
        self.api.fill(request);
    }

    /// Whether a [retry](GenerateRequest::with_retry) could be sent now, without waiting for the
    /// client's [retry budget](GeminiClientBuilder::with_retry_budget).
    ///
    /// The answer is a snapshot: another request may take the last token of the budget first.
    pub fn grants_retry(&self) -> bool {
        self.api.gate().grants_retry()
    }

    /// The limits on requests in flight, and per minute, that apply now.
    pub fn limits(&self) -> RequestLimits {
        self.api.gate().request_limits()
    }

    /// Changes the limits that [`with_max_in_flight`](GeminiClientBuilder::with_max_in_flight) and
    /// [`with_max_per_minute`](GeminiClientBuilder::with_max_per_minute) have set, for all clones of the client: for a
    /// program that shares a quota with others. Requests in flight stay so; those that wait are admitted by the new limits. A
    /// limit of 0 counts as 1.
    pub fn set_limits(&self, in_flight: usize, per_minute: Option<u32>) {
        self.api.gate().set_limits(in_flight, per_minute);
    }

    /// Whether the client allows retries at all, that is, its budget is not 0.
    pub(crate) fn has_retries(&self) -> bool {
        self.api.gate().has_retries()
    }
}

impl GeminiClientBuilder {
    /// Checks all settings and builds the client. Nothing is sent.
    ///
    /// # Errors
    /// [`ConfigError`] if the key is missing or has characters that are not allowed in a header, the
    /// base URL is invalid, a limit is 0, a variable has an invalid value, or the HTTP client cannot be
    /// set up.
    pub fn build(self) -> Result<GeminiClient, ConfigError> {
        let api = Api::new(self.settings()?)?;
        let info = Arc::new(api.info());
        Ok(GeminiClient { api, info })
    }
}

impl fmt::Debug for GeminiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.api.fmt_as("GeminiClient", f)
    }
}
