//! [`HttpClient`]: makes one call within the limits of its host.
//!
//! Every hop passes the [guard](crate::guard) first. All that leaves this module, outputs and errors, is
//! free of secrets.

use std::{
    error::Error,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use reqwest::{
    Response,
    header::{HeaderMap, HeaderName},
    redirect, retry,
};
use serde_json::Value;
use tokio::time::timeout;
use workflow_core::{NodeError, value::MAX_OUTPUT_BYTES};
use workflow_httpkit::{BodyReader, ReadError, Redactor, Secret, UnusableSecret, retry_after};

use crate::{
    address::Addresses,
    call::Call,
    config::ConfigError,
    error::{FetchError, ForbiddenAddress, Refusal},
    expect::Expected,
    guard::Guard,
    origin::Origin,
    reply::Reply,
    request::{HeaderContent, Request, Target},
    resolver::{CheckedResolver, Resolver},
    secret::Secrets,
    secret_url::SecretUrl,
};

/// The most redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// The HTTP client of `HttpNode`s. Cheap to clone; clones share connections.
///
/// It calls only the origins that its builder allows, and connects only to public addresses, unless the
/// builder allows others.
#[derive(Clone)]
pub struct HttpClient {
    /// The client for all origins without private addresses.
    public: reqwest::Client,
    /// One client for each origin with private addresses. A resolver sees the name and not the origin,
    /// and a pooled connection to a private address must not be reused for another origin.
    private: Arc<[(Origin, reqwest::Client)]>,
    settings: Arc<Settings>,
}

/// The timeouts of a call. The builder documents them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) connect: Duration,
    pub(crate) total: Duration,
}

/// The settings of a client, as the builder has checked them.
pub(crate) struct Settings {
    pub(crate) guard: Guard,
    pub(crate) secrets: Arc<dyn Secrets>,
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) timeouts: Timeouts,
}

impl HttpClient {
    pub(crate) fn new(settings: Settings) -> Result<Self, ConfigError> {
        let public = http_client(&settings, &Addresses::default())?;
        let origins = settings.guard.origins();
        let private = origins
            .filter(|(_, addresses)| addresses.has_private())
            .map(|(origin, addresses)| Ok((origin.clone(), http_client(&settings, addresses)?)))
            .collect::<Result<_, ConfigError>>()?;
        Ok(Self {
            public,
            private,
            settings: Arc::new(settings),
        })
    }

    /// The client that connects only to the addresses that this origin may have.
    fn http(&self, origin: &Origin) -> &reqwest::Client {
        let private = self.private.iter().find(|(its, _)| its == origin);
        private.map_or(&self.public, |(_, http)| http)
    }

    /// Makes a call. Neither the output nor an error contains the secrets of the request.
    ///
    /// # Errors
    /// The error of [`FetchError`], with its code and hint.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    pub(crate) async fn fetch(&self, request: Request) -> Result<Value, NodeError> {
        let no_secrets = Redactor::default();
        let expected = request.expected.clone();
        let prepared = self.prepare(request);
        let (call, origin, redactor) =
            prepared.map_err(|error| error.to_node_error(&no_secrets))?;
        let output = self.within_time(origin, self.follow(call, &expected));
        match output.await {
            Ok(output) => Ok(redactor.json(output)),
            Err(error) => Err(error.to_node_error(&redactor)),
        }
    }

    /// Checks the URL and reads the secrets. Returns the redactor that removes them from texts.
    ///
    /// # Errors
    /// Those of the URL and of missing secrets. They contain no secret.
    fn prepare(&self, request: Request) -> Result<(Call, Origin, Redactor), FetchError> {
        let (url, origin, of_url) = match request.target {
            Target::Url(url) => {
                let origin = self.settings.guard.check(&url)?;
                (url, origin, Redactor::default())
            }
            Target::Secret { name, query } => {
                let Settings { guard, secrets, .. } = &*self.settings;
                let located = SecretUrl::locate(guard, &**secrets, &name, &query)?;
                (located.url, located.origin, located.redactor)
            }
        };
        let mut call = Call {
            method: request.method,
            url,
            headers: HeaderMap::new(),
            body: request.body,
        };
        let of_headers = self.add_headers(&mut call, request.headers, &origin)?;
        Ok((call, origin, Redactor::all([&of_url, &of_headers])))
    }

    /// Sets the headers, and reads their secrets. Returns the redactor that removes them from texts.
    fn add_headers(
        &self,
        call: &mut Call,
        headers: Vec<(HeaderName, HeaderContent)>,
        origin: &Origin,
    ) -> Result<Redactor, FetchError> {
        let mut added = Vec::new();
        for (header, content) in headers {
            let name = match content {
                HeaderContent::Secret(name) => name,
                HeaderContent::Text(value) => {
                    call.headers.insert(header, value);
                    continue;
                }
            };
            let secret = self.settings.secrets.get(&name, origin.as_str());
            let secret = Secret::parse(header.clone(), "", &secret.unwrap_or_default());
            let secret = secret.map_err(|error| match error {
                UnusableSecret::Empty => FetchError::UnknownSecret {
                    name,
                    origin: origin.clone(),
                },
                UnusableSecret::NotAHeader => FetchError::InvalidHeader(header.to_string()),
            })?;
            let (header, value) = secret.header();
            call.headers.insert(header, value);
            added.push(secret);
        }
        Ok(Redactor::all(added.iter().map(Secret::redactor)))
    }

    /// Applies the timeout of the whole call, including redirects and the body.
    async fn within_time<T>(
        &self,
        origin: Origin,
        call: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        let limit = self.settings.timeouts.total;
        let ended = timeout(limit, call).await;
        ended.unwrap_or_else(|_| {
            let what = "answer";
            Err(FetchError::Timeout {
                origin,
                what,
                limit,
            })
        })
    }

    /// Sends the request and follows redirects. Every hop is checked like the first one.
    async fn follow(&self, mut call: Call, expected: &Expected) -> Result<Value, FetchError> {
        for hop in 0..=MAX_REDIRECTS {
            let origin = self.settings.guard.check(&call.url);
            let origin = origin.map_err(|error| at_hop(hop, error))?;
            let response = self.send(&call, &origin).await;
            let response = response.map_err(|error| at_hop(hop, error))?;
            let status = response.status();
            if expected.contains(status.as_u16()) {
                return output(response, origin).await;
            }
            let target = call.target(status, response.headers());
            let Some(target) = target.map_err(|error| at_hop(hop + 1, error))? else {
                return Err(refusal(response, origin, expected).await);
            };
            call = call.redirected(status, target);
        }
        Err(FetchError::TooManyRedirects(MAX_REDIRECTS))
    }

    /// Sends one request and waits for the head of the response.
    async fn send(&self, call: &Call, origin: &Origin) -> Result<Response, FetchError> {
        let mut request = self
            .http(origin)
            .request(call.method.clone(), call.url.clone())
            .headers(call.headers.clone());
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let sent = request.send().await;
        sent.map_err(|error| self.send_error(error, origin.clone()))
    }

    /// Converts an error of `reqwest`. The URL is removed, because its query may be private.
    fn send_error(&self, error: reqwest::Error, origin: Origin) -> FetchError {
        if let Some(forbidden) = forbidden(&error) {
            return forbidden.into();
        }
        if error.is_connect() && error.is_timeout() {
            let what = "take the connection";
            let limit = self.settings.timeouts.connect;
            return FetchError::Timeout {
                origin,
                what,
                limit,
            };
        }
        FetchError::Connection(origin, error.without_url().into())
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins = self.settings.guard.origins();
        let origins: Vec<&str> = origins.map(|(origin, _)| origin.as_str()).collect();
        f.debug_struct("HttpClient")
            .field("origins", &origins)
            .field("timeouts", &self.settings.timeouts)
            .finish_non_exhaustive()
    }
}

/// A client that connects to these addresses only. Without proxy, redirects and retries, because each
/// of them would connect without a check, or send a request twice.
fn http_client(settings: &Settings, addresses: &Addresses) -> Result<reqwest::Client, ConfigError> {
    let resolver = CheckedResolver::new(Arc::clone(&settings.resolver), addresses.clone());
    reqwest::Client::builder()
        .dns_resolver(resolver)
        // A proxy would connect for us, to addresses that are not checked.
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .connect_timeout(settings.timeouts.connect)
        .user_agent(concat!("workflow-fetch/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| ConfigError::Http(error.without_url().into()))
}

/// Marks an error of a later hop as the result of a redirect.
fn at_hop(hop: usize, error: FetchError) -> FetchError {
    if hop == 0 {
        error
    } else {
        FetchError::Redirected(Box::new(error))
    }
}

/// The error of our resolver, if it refused to connect. `reqwest` wraps it several times.
fn forbidden(error: &reqwest::Error) -> Option<ForbiddenAddress> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(forbidden) = error.downcast_ref::<ForbiddenAddress>() {
            return Some(forbidden.clone());
        }
        cause = error.source();
    }
    None
}

/// Reads an expected response up to the largest output of a step.
async fn output(response: Response, origin: Origin) -> Result<Value, FetchError> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = BodyReader::new(response, MAX_OUTPUT_BYTES).whole().await;
    let body = body.map_err(|error| match error {
        ReadError::TooLarge(_) => FetchError::ResponseTooLarge,
        ReadError::Interrupted(error) => FetchError::Interrupted(origin, error),
    })?;
    let reply = Reply {
        status,
        headers,
        body,
    };
    reply.output()
}

/// Reads an unexpected response: `Retry-After`, and the beginning of the body for the message.
async fn refusal(response: Response, origin: Origin, expected: &Expected) -> FetchError {
    let status = response.status();
    let answer = Refusal {
        status,
        expected: expected.clone(),
        wait: retry_after(response.headers(), SystemTime::now()),
        body: BodyReader::new(response, usize::MAX).refusal().await,
    };
    FetchError::UnexpectedStatus {
        origin,
        answer: Box::new(answer),
    }
}
