//! `HttpClient`: makes one call, within what its host allows.

use std::{error::Error, fmt, sync::Arc, time::SystemTime};

use reqwest::{
    Response, StatusCode,
    header::{HeaderName, HeaderValue},
    redirect, retry,
};
use serde_json::Value;
use tokio::time::timeout;
use workflow_core::NodeError;

use crate::{
    builder::{HttpClientBuilder, Settings},
    call::Call,
    config::ConfigError,
    error::{FetchError, Refusal},
    expect::Expected,
    guard::ForbiddenAddress,
    origin::Origin,
    redact::Redactor,
    reply::{self, Reply, Unread},
    request::Request,
    resolver::Guarded,
    retry_after::wished_wait,
};

/// The most redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// Makes the calls of `HttpNode`s, within what its host allows. Cheap to clone; clones share
/// connections.
///
/// Built without an allowed origin it refuses every call.
#[derive(Clone)]
pub struct HttpClient {
    http: reqwest::Client,
    settings: Arc<Settings>,
}

impl HttpClient {
    /// Collects what the client may do.
    pub fn builder() -> HttpClientBuilder {
        HttpClientBuilder::default()
    }

    pub(crate) fn new(settings: Settings) -> Result<Self, ConfigError> {
        let addresses = settings.guard.addresses().clone();
        let resolver = Guarded::new(Arc::clone(&settings.resolver), addresses);
        let http = reqwest::Client::builder()
            .dns_resolver(resolver)
            // A proxy would connect in our place, to addresses nobody checks.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(settings.timeouts.connect)
            .user_agent(concat!("workflow-fetch/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ConfigError::Http(error.without_url().into()))?;
        let settings = Arc::new(settings);
        Ok(Self { http, settings })
    }

    /// Makes a call. Whatever comes of it is free of the secrets that went into it.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    pub(crate) async fn fetch(&self, request: Request) -> Result<Value, NodeError> {
        let nothing = Redactor::default();
        let (call, origin) = self
            .checked(&request)
            .map_err(|error| error.told(&nothing))?;
        let (call, redactor) = self
            .with_secrets(call, &request.secrets, &origin)
            .map_err(|error| error.told(&nothing))?;
        let limit = self.settings.timeouts.whole;
        let followed = timeout(limit, self.follow(call, &request.expected)).await;
        let output = followed.unwrap_or_else(|_| {
            let what = "answer";
            Err(FetchError::Timeout {
                origin,
                what,
                limit,
            })
        });
        output
            .map(|output| redactor.json(output))
            .map_err(|error| error.told(&redactor))
    }

    fn checked(&self, request: &Request) -> Result<(Call, Origin), FetchError> {
        let origin = self.settings.guard.check(&request.url)?;
        let call = Call {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
        };
        Ok((call, origin))
    }

    fn with_secrets(
        &self,
        mut call: Call,
        secrets: &[(HeaderName, String)],
        origin: &Origin,
    ) -> Result<(Call, Redactor), FetchError> {
        let mut found = Vec::new();
        for (header, name) in secrets {
            let secret = self.settings.secrets.get(name, origin.as_str());
            let secret = secret.filter(|secret| !secret.is_empty());
            let secret = secret.ok_or_else(|| FetchError::UnknownSecret {
                name: name.clone(),
                origin: origin.clone(),
            })?;
            let value = HeaderValue::from_str(&secret);
            let mut value = value.map_err(|_| FetchError::InvalidHeader(header.to_string()))?;
            value.set_sensitive(true);
            call.headers.insert(header, value);
            found.push(secret);
        }
        Ok((call, Redactor::new(found.iter().map(String::as_str))))
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
            .http
            .request(call.method.clone(), call.url.clone())
            .headers(call.headers.clone());
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        request.send().await.map_err(|error| {
            if let Some(forbidden) = forbidden(&error) {
                return forbidden.into();
            }
            if error.is_connect() && error.is_timeout() {
                return FetchError::Timeout {
                    origin: origin.clone(),
                    what: "take the connection",
                    limit: self.settings.timeouts.connect,
                };
            }
            FetchError::Connection(origin.clone(), error.without_url().into())
        })
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins = self.settings.guard.origins().iter();
        f.debug_struct("HttpClient")
            .field("origins", &origins.map(Origin::as_str).collect::<Vec<_>>())
            .field("timeouts", &self.settings.timeouts)
            .finish_non_exhaustive()
    }
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

async fn output(mut response: Response, origin: Origin) -> Result<Value, FetchError> {
    let body = reply::whole(&mut response)
        .await
        .map_err(|unread| match unread {
            Unread::TooLarge => FetchError::ResponseTooLarge,
            Unread::Interrupted(error) => FetchError::Interrupted(origin, error.into()),
        })?;
    let reply = Reply {
        status: response.status(),
        headers: response.headers().clone(),
        body,
    };
    reply.output()
}

async fn refusal(mut response: Response, origin: Origin, expected: &Expected) -> FetchError {
    let status: StatusCode = response.status();
    let answer = Refusal {
        status,
        expected: expected.clone(),
        wait: wished_wait(response.headers(), SystemTime::now()),
        body: reply::beginning(&mut response).await,
    };
    FetchError::UnexpectedStatus {
        origin,
        answer: Box::new(answer),
    }
}
