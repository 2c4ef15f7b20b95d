//! `HttpClient`: makes one call, within what its host allows.

use std::{
    error::Error,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use reqwest::{Response, header::HeaderName, redirect, retry};
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
    request::Request,
    resolver::{Guarded, Resolver},
    secret::Secrets,
};

/// The most redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// Makes the calls of `HttpNode`s, within what its host allows. Cheap to clone; clones share
/// connections.
///
/// Built without an allowed origin it refuses every call.
#[derive(Clone)]
pub struct HttpClient {
    /// For origins at public addresses.
    public: reqwest::Client,
    /// One for each origin that has private addresses: a resolver is asked for a name and does not see the
    /// origin, and a connection to a private address must not be used for another origin.
    private: Arc<[(Origin, reqwest::Client)]>,
    settings: Arc<Settings>,
}

/// How long a call may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) connect: Duration,
    pub(crate) whole: Duration,
}

/// What a builder has checked.
pub(crate) struct Settings {
    pub(crate) guard: Guard,
    pub(crate) secrets: Arc<dyn Secrets>,
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) timeouts: Timeouts,
}

impl HttpClient {
    pub(crate) fn new(settings: Settings) -> Result<Self, ConfigError> {
        let public = http(&settings, &Addresses::default())?;
        let origins = settings.guard.origins();
        let private = origins
            .filter(|(_, addresses)| addresses.has_private())
            .map(|(origin, addresses)| Ok((origin.clone(), http(&settings, addresses)?)))
            .collect::<Result<_, ConfigError>>()?;
        Ok(Self {
            public,
            private,
            settings: Arc::new(settings),
        })
    }

    /// The client whose connections lead to addresses that this origin may have, and no others.
    fn http(&self, origin: &Origin) -> &reqwest::Client {
        let private = self.private.iter().find(|(its, _)| its == origin);
        private.map_or(&self.public, |(_, http)| http)
    }

    /// Makes a call. Whatever comes of it is free of the secrets that went into it.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    pub(crate) async fn fetch(&self, request: Request) -> Result<Value, NodeError> {
        let Request {
            mut call,
            secrets,
            expected,
        } = request;
        let none_yet = Redactor::default();
        let checked = self.settings.guard.check(&call.url);
        let origin = checked.map_err(|error| error.told(&none_yet))?;
        let added = self.add_secrets(&mut call, secrets, &origin);
        let redactor = added.map_err(|error| error.told(&none_yet))?;
        let output = self.within_time(origin, self.follow(call, &expected));
        match output.await {
            Ok(output) => Ok(redactor.json(output)),
            Err(error) => Err(error.told(&redactor)),
        }
    }

    /// Puts secrets into their headers; what hides them from then on.
    fn add_secrets(
        &self,
        call: &mut Call,
        secrets: Vec<(HeaderName, String)>,
        origin: &Origin,
    ) -> Result<Redactor, FetchError> {
        let mut added = Vec::new();
        for (header, name) in secrets {
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

    async fn within_time<T>(
        &self,
        origin: Origin,
        call: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        let limit = self.settings.timeouts.whole;
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

    /// Calls, and calls again where the answer redirects: every hop is checked as the first was.
    async fn follow(&self, mut call: Call, expected: &Expected) -> Result<Value, FetchError> {
        for hop in 0..=MAX_REDIRECTS {
            let origin = self.settings.guard.check(&call.url);
            let origin = origin.map_err(|error| of_hop(hop, error))?;
            let response = self.send(&call, &origin).await;
            let response = response.map_err(|error| of_hop(hop, error))?;
            let status = response.status();
            if expected.contains(status.as_u16()) {
                return output(response, origin).await;
            }
            let target = call.target(status, response.headers());
            let Some(target) = target.map_err(|error| of_hop(hop + 1, error))? else {
                return Err(refusal(response, origin, expected).await);
            };
            call = call.redirected(status, target);
        }
        Err(FetchError::TooManyRedirects(MAX_REDIRECTS))
    }

    async fn send(&self, call: &Call, origin: &Origin) -> Result<Response, FetchError> {
        let mut request = self
            .http(origin)
            .request(call.method.clone(), call.url.clone())
            .headers(call.headers.clone());
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let sent = request.send().await;
        sent.map_err(|error| self.unsent(error, origin.clone()))
    }

    fn unsent(&self, error: reqwest::Error, origin: Origin) -> FetchError {
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

/// A client that connects to these addresses only.
fn http(settings: &Settings, addresses: &Addresses) -> Result<reqwest::Client, ConfigError> {
    let resolver = Guarded::new(Arc::clone(&settings.resolver), addresses.clone());
    reqwest::Client::builder()
        .dns_resolver(resolver)
        // A proxy would connect in our place, to addresses nobody checks.
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .connect_timeout(settings.timeouts.connect)
        .user_agent(concat!("workflow-fetch/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| ConfigError::Http(error.without_url().into()))
}

/// Says of an error behind the first hop that a redirect led there.
fn of_hop(hop: usize, error: FetchError) -> FetchError {
    if hop == 0 {
        error
    } else {
        FetchError::Redirected(Box::new(error))
    }
}

/// Whether it is our own resolver that refused to connect.
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
