//! One request, one answer.

mod api;
mod builder;
mod credential;
mod exchange;
mod peer;
mod settings;
mod span;

pub use self::builder::{DEFAULT_BASE_URL, DEFAULT_MODEL, GeminiClientBuilder};

use std::fmt;

use futures::{Stream, StreamExt, TryStreamExt, stream, stream::BoxStream};

use self::{api::Api, exchange::Exchange};
use crate::{
    error::{ConfigError, GeminiError},
    reply::{Chunk, Reply},
    request::{GenerateRequest, Method},
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
    api: Api,
}

/// An answer on its way.
pub(crate) type Chunks = BoxStream<'static, Result<Chunk, GeminiError>>;

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

    /// The model asked when a request names none.
    pub fn model(&self) -> &str {
        self.api.model()
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
        let exchange = Exchange::new(self.api.clone(), method, request);
        stream::try_unfold(exchange, Exchange::advance).boxed()
    }

    /// Adds what the client sends with every request that does not say otherwise.
    pub(crate) fn fill(&self, request: &mut GenerateRequest) {
        self.api.fill(request);
    }

    /// Whether a [retry](GenerateRequest::with_retry) would be sent now, without waiting for the client's
    /// [retry budget](GeminiClientBuilder::with_retry_budget).
    pub fn grants_retry(&self) -> bool {
        self.api.gate().grants_retry()
    }

    /// Whether the client makes retries at all: its budget is not 0.
    pub(crate) fn has_retries(&self) -> bool {
        self.api.gate().has_retries()
    }
}

impl GeminiClientBuilder {
    /// Checks all settings and builds the client. Nothing is sent.
    ///
    /// # Errors
    /// [`ConfigError`]: the key is missing or cannot be a header, the base URL is not usable, a limit
    /// is 0, or a variable has a value that cannot be used.
    pub fn build(self) -> Result<GeminiClient, ConfigError> {
        let api = Api::new(self.settings()?)?;
        Ok(GeminiClient { api })
    }
}

impl fmt::Debug for GeminiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.api.fmt_as("GeminiClient", f)
    }
}
