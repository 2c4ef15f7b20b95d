//! HTTP requests to the API: URL, headers, body, and the check of the status.
//!
//! Used by [`Exchange`](super::exchange::Exchange) only. Each call sends one request. Redirects are
//! not followed, because the key must not reach another host.

use std::{borrow::Cow, fmt, sync::Arc, time::SystemTime};

use reqwest::{RequestBuilder, Response, Url, header::HeaderMap, redirect};
use workflow_httpkit::{Clock, Secret, is_loopback, lenient_retry_after};
use workflow_llm::{
    Continuation, ProviderInfo,
    gate::{Admission, Gate, Permit},
};

use super::{settings::Settings, span::Observed};
use crate::{
    error::{ApiError, ConfigError, GeminiError},
    request::{GenerateRequest, MAX_REQUESTS, Method, RequestBody, shared_request_type},
    stream::ResponseBody,
};

/// The most tokens of one streamed request; a longer answer is continued.
const STREAMED_TOKENS: u64 = 65_536;
/// The most tokens of one request that is not streamed.
const WHOLE_TOKENS: u64 = 32_768;

/// The state that all clones of a client share: connections, settings and limits.
///
/// A clone copies three reference counts; `reqwest::Client` holds its connection pool behind one, too. So an
/// [`Exchange`](super::exchange::Exchange) can own its `Api`, and a stream of the client can outlive the client.
#[derive(Clone)]
pub(super) struct Api {
    http: reqwest::Client,
    settings: Arc<Settings>,
    gate: Arc<Gate<ApiError>>,
}

impl Api {
    /// Sets up the HTTP client.
    ///
    /// # Errors
    /// [`ConfigError::Http`].
    pub(super) fn new(settings: Settings) -> Result<Self, ConfigError> {
        let mut http = reqwest::Client::builder()
            .connect_timeout(settings.timeouts.connect)
            .redirect(redirect::Policy::none())
            // `reqwest` sends no `User-Agent` by itself. With one, the API and gateways can identify the client.
            .user_agent(concat!("workflow-gemini/", env!("CARGO_PKG_VERSION")));
        // As `Peer` does, so that errors name the host that is really connected to.
        if is_loopback(&settings.address) {
            http = http.no_proxy();
        }
        let http = http
            .build()
            // Without the URL here and below: an error can be logged, and a gateway's URL may be private.
            .map_err(|error| ConfigError::Http(error.without_url().into()))?;
        let gate = Arc::new(Gate::new(settings.limits));
        let settings = Arc::new(settings);
        Ok(Self {
            http,
            settings,
            gate,
        })
    }

    /// The model for requests that name none.
    pub(super) fn model(&self) -> &str {
        &self.settings.model
    }

    /// What is known of the API. The provider is that of tables of prices.
    pub(super) fn info(&self) -> ProviderInfo {
        let settings = &self.settings;
        let provider = if settings.observed.is_vertex() {
            "vertex"
        } else {
            "gemini"
        };
        let endpoint = settings.endpoint_name.as_deref();
        let endpoint = endpoint.unwrap_or(settings.address.as_str());
        ProviderInfo::new(provider, endpoint, self.model())
            .with_label("Gemini API")
            .with_prices(settings.prices.clone())
            .with_service_tier(settings.service_tier)
            .with_continuation(Continuation::new(
                STREAMED_TOKENS,
                WHOLE_TOKENS,
                MAX_REQUESTS,
            ))
    }

    /// Sets the client's defaults where the request sets nothing.
    pub(super) fn fill(&self, request: &mut GenerateRequest) {
        request.store = request.store.or(self.settings.store);
        request.service_tier = request.service_tier.or(self.settings.service_tier);
    }

    /// The attributes that all spans of the client have in common.
    pub(super) fn observed(&self) -> &Observed {
        &self.settings.observed
    }

    /// The limits, shared by all clones.
    pub(super) fn gate(&self) -> &Gate<ApiError> {
        &self.gate
    }

    /// The model of a request, or else the client's, without `models/`. Limits are counted by this name. `models/x`
    /// and `x` are the same model in the API, so they must share their cool-down and their queue.
    pub(super) fn model_of<'a>(&'a self, request: &'a GenerateRequest) -> &'a str {
        let model = request.model.as_deref().unwrap_or(self.model()).trim();
        model.strip_prefix("models/").unwrap_or(model)
    }

    pub(super) fn max_reply_bytes(&self) -> usize {
        self.settings.max_reply_bytes
    }

    /// Checks a request and begins its admission. Fails without waiting if the request is invalid or its model
    /// cools down. The check comes first: an invalid request must not wait, and must not take a slot from a valid
    /// one.
    pub(super) fn admit(
        &self,
        request: &GenerateRequest,
        is_retry: bool,
    ) -> Result<Admission<ApiError>, GeminiError> {
        let model = self.model_of(request);
        let invalid = |reason| GeminiError::InvalidRequest { reason };
        request.check(model).map_err(invalid)?;
        if model.is_empty() {
            return Err(invalid("the model's name is empty".into()));
        }
        Ok(Admission::new(Arc::clone(&self.gate), model, is_retry)?)
    }

    /// Sends an admitted request and returns the body of a 200 answer.
    ///
    /// `token` continues an answer that is too long for one request. `bytes_left` is the part of
    /// `max_reply_bytes` that earlier requests of the same answer have left. The permit is held until
    /// the body is dropped, so an answer that is still being read counts as in flight.
    ///
    /// Any other status is a refusal, including redirects and the other 2xx statuses.
    ///
    /// # Errors
    /// Texts of the server are redacted here, since only this function has the credential before a [`ResponseBody`]
    /// holds it.
    ///
    /// # Cancellation
    /// Dropping the future drops the permit, which frees the slot, and closes the connection.
    pub(super) async fn call(
        &self,
        method: Method,
        request: &GenerateRequest,
        token: Option<&str>,
        bytes_left: usize,
        permit: Permit,
    ) -> Result<ResponseBody, GeminiError> {
        let url = self.url(method, self.model_of(request))?;
        let mut clock = Clock::start(self.settings.timeouts);
        // A slow token provider counts towards the first-byte timeout, too.
        // One `?` is for the timeout, the other for the provider.
        let secret = clock
            .first_byte(self.settings.credential.secret())
            .await??;
        let body = async {
            let request = self.request(url, request, token).headers(header(&secret));
            let response = self.send(&mut clock, request).await?;
            let status = response.status();
            let retry_after_header = lenient_retry_after(response.headers(), SystemTime::now());
            let limits = (self.settings.max_reply_bytes, bytes_left);
            // The body is read by one type in both cases, so a refusal obeys the same timeouts and limits.
            let mut body = ResponseBody::new(response, clock, limits, secret.clone(), permit);
            if status == reqwest::StatusCode::OK {
                return Ok(body);
            }
            let refusal = body.refusal().await;
            let error = ApiError::from_answer(status.as_u16(), &refusal, retry_after_header);
            let not_found = status == reqwest::StatusCode::NOT_FOUND;
            // A second version in the URL leads to 404. With another status the hint would mislead.
            let hint = not_found.then(|| self.settings.version_hint.clone());
            Err(error.with_hint(hint.flatten()).into())
        };
        let body: Result<ResponseBody, GeminiError> = body.await;
        body.map_err(|error| error.redacted(&secret))
    }

    /// The HTTP request, without the credential.
    ///
    /// `x-server-timeout` (whole seconds) makes the server stop at the client's total timeout, too; Google's own
    /// clients send the same header. A fraction of a second is cut off, and a total timeout below 1 s is sent as 1.
    fn request(&self, url: Url, request: &GenerateRequest, token: Option<&str>) -> RequestBuilder {
        // A request that continues an answer has the complete contents, and in addition the token.
        let body = RequestBody::new(request, token);
        // Vertex AI takes the tier as a header.
        let body = body.with_service_tier(!self.settings.observed.is_vertex());
        let builder = self.http.post(url).json(&body);
        let builder = match self.settings.timeouts.total {
            Some(total) => builder.header("x-server-timeout", total.as_secs().max(1)),
            None => builder,
        };
        match request.service_tier.and_then(shared_request_type) {
            Some(tier) if self.settings.observed.is_vertex() => {
                builder.header("x-vertex-ai-llm-shared-request-type", tier)
            }
            _ => builder,
        }
    }

    /// The URL of a method: `…/models/{model}:generateContent`. The model is one path segment, so a
    /// `/` or `?` in its name is escaped and cannot lead to another resource.
    ///
    /// `alt=sse` selects server-sent events. Without it, the streaming method sends one JSON array.
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

    /// Sends a request and waits for the head of its answer. `reqwest` reports a connect timeout as an ordinary
    /// error; it becomes a timeout with its limit here. Every other error of this phase is a failed connection,
    /// whatever its cause: DNS, TLS, a reset.
    async fn send(
        &self,
        clock: &mut Clock,
        request: RequestBuilder,
    ) -> Result<Response, GeminiError> {
        let sent = clock.first_byte(request.send()).await?;
        sent.map_err(|error| {
            let peer = self.settings.peer.to_string();
            if error.is_connect() && error.is_timeout() {
                return clock.connect_error(peer).into();
            }
            let source = error.without_url().into();
            GeminiError::Connection { peer, source }
        })
    }
}

/// The credential as a map, for `RequestBuilder::headers`: it replaces a header, while `header` would add a second
/// one.
fn header(secret: &Secret) -> HeaderMap {
    HeaderMap::from_iter([secret.header()])
}

impl Api {
    /// `Debug` output under the name of the public type.
    ///
    /// The address is safe to show: [`address`](super::settings::address) accepts no user name, password or query.
    pub(super) fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("credential", &self.settings.credential)
            .field("address", &self.settings.address.as_str())
            .field("model", &self.settings.model)
            .finish_non_exhaustive()
    }
}
