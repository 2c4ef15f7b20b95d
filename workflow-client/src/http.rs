//! [`Http`]: requests and their responses, repeated as long as that is safe and may help.

use std::time::{Duration, SystemTime};

use reqwest::{
    Method, RequestBuilder, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, LOCATION},
};
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};
use url::Url;
use workflow_core::error::Problem;
use workflow_httpkit::{BodyReader, ReadError, Secret, excerpt_of_refusal, retry_after};

use crate::{backoff::Backoff, error::Error};

/// The most bytes of a response. A report of a run has 16 MiB of outputs, and its own input and output.
const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// The most characters of a response that is no problem document, in an error.
const MAX_EXCERPT_CHARS: usize = 200;

/// A request that can be sent several times.
#[derive(Debug)]
pub(crate) struct Call {
    method: Method,
    path: String,
    body: Option<Vec<u8>>,
    headers: Vec<(&'static str, String)>,
    /// What is attempted, for errors.
    attempt: &'static str,
    is_repeatable: bool,
}

impl Call {
    /// A request to a path below `api/`. `attempt` begins its errors, such as `failed to start the run`.
    pub(crate) fn new(method: Method, path: impl Into<String>, attempt: &'static str) -> Self {
        Self {
            method,
            path: path.into(),
            body: None,
            headers: Vec::new(),
            attempt,
            is_repeatable: true,
        }
    }

    pub(crate) fn with_json(mut self, json: &impl serde::Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(json).map_err(|error| {
            Error::protocol(self.attempt, "the value cannot be written as JSON").with_source(error)
        })?;
        self.body = Some(body);
        Ok(self)
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Marks a request whose effect would double if it was repeated after a lost response.
    pub(crate) fn not_repeatable(mut self) -> Self {
        self.is_repeatable = false;
        self
    }
}

/// The connections to one server. A clone shares them.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    pub(crate) client: reqwest::Client,
    pub(crate) base_url: Url,
    pub(crate) key: Option<Secret>,
    pub(crate) times: Times,
}

/// The times of a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// How long a request or stream is retried without success.
    pub(crate) retry_for: Duration,
    /// How long one request and its response may take.
    pub(crate) request: Duration,
    /// How long a stream may be silent.
    pub(crate) silence: Duration,
}

impl Http {
    pub(crate) fn backoff(&self) -> Backoff {
        Backoff::new(self.times.retry_for)
    }

    /// Sends a request until it succeeds, or fails for good. Returns the JSON of the response.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        let mut backoff = self.backoff();
        loop {
            let error = match self.try_call(&call).await {
                Ok(body) => return parse(call.attempt, &body),
                Err(error) if !call.is_repeatable && !error.took_no_effect() => return Err(error),
                Err(error) => error,
            };
            sleep(backoff.failed(error)?).await;
        }
    }

    async fn try_call(&self, call: &Call) -> Result<Vec<u8>, Error> {
        let mut request = self.request(call.method.clone(), &call.path, call.attempt)?;
        request = request.header(ACCEPT, "application/json");
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = &call.body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        let exchange = async {
            let response = self.respond(request, call.attempt).await?;
            let mut body = BodyReader::new(response, MAX_RESPONSE_BYTES);
            let body = body.whole().await;
            body.map_err(|error| match error {
                ReadError::TooLarge(_) => {
                    Error::protocol(call.attempt, "the response is too large").with_source(error)
                }
                ReadError::Interrupted(_) => Error::unreachable(call.attempt, error),
            })
        };
        let exchange = timeout(self.times.request, exchange).await;
        exchange.unwrap_or_else(|elapsed| Err(Error::unreachable(call.attempt, elapsed)))
    }

    /// A request with the API key.
    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        attempt: &str,
    ) -> Result<RequestBuilder, Error> {
        let url = self.base_url.join(&format!("api/{path}"));
        let url = url.map_err(|error| {
            Error::protocol(attempt, "the path is not part of a URL").with_source(error)
        })?;
        let request = self.client.request(method, url);
        Ok(match &self.key {
            Some(key) => {
                let (name, value) = key.header();
                request.header(name, value)
            }
            None => request,
        })
    }

    /// Sends a request. A response that is not a success is an error.
    pub(crate) async fn respond(
        &self,
        request: RequestBuilder,
        attempt: &str,
    ) -> Result<Response, Error> {
        // Without its URL: the path is in no message, and the source says what failed.
        let response = request.send().await;
        let response = response.map_err(|error| match error.without_url() {
            // For example, an idempotency key with a line break. It would fail each time.
            error if error.is_builder() => {
                Error::protocol(attempt, "the request is not valid HTTP").with_source(error)
            }
            error => Error::unreachable(attempt, error),
        })?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status if status.is_redirection() => Err(redirected(attempt, &response)),
            status => Err(self.refusal(status, response, attempt).await),
        }
    }

    async fn refusal(&self, status: StatusCode, response: Response, attempt: &str) -> Error {
        let wait = retry_after(response.headers(), SystemTime::now());
        let is_problem = is_problem(response.headers());
        let body = BodyReader::new(response, MAX_RESPONSE_BYTES)
            .refusal()
            .await;
        let problem = serde_json::from_slice(&body).ok().filter(|_| is_problem);
        let problem = problem.unwrap_or_else(|| self.unknown_problem(status, &body));
        let wait = wait.or(problem.retry_after_ms.map(Duration::from_millis));
        Error::refused(attempt, status.as_u16(), problem, wait)
    }

    /// The problem for a response that has none, such as that of a proxy.
    fn unknown_problem(&self, status: StatusCode, body: &[u8]) -> Problem {
        let redactor = self.key.as_ref().map(|key| key.redactor().clone());
        let text = excerpt_of_refusal(body, &redactor.unwrap_or_default(), MAX_EXCERPT_CHARS);
        let detail = if text.is_empty() {
            format!("the response is {status}")
        } else {
            format!("the response is {status}: {text}")
        };
        Problem::new("unexpected_response", detail)
    }
}

fn is_problem(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    media_type.is_some_and(|value| value.starts_with("application/problem+json"))
}

fn redirected(attempt: &str, response: &Response) -> Error {
    let target = response.headers().get(LOCATION);
    let target = target
        .and_then(|target| target.to_str().ok())
        .unwrap_or("another URL");
    Error::protocol(
        attempt,
        format!("the server redirects to {target}: use that as the base URL"),
    )
}

pub(crate) fn parse<T: DeserializeOwned>(attempt: &str, body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| {
        Error::protocol(
            attempt,
            "the response is not that of a workflow server of this version",
        )
        .with_source(error)
    })
}
