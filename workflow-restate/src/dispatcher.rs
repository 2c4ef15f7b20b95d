//! The dispatcher: requests that Restate have runs driven.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use workflow_core::{
    fleet::{DispatchError, Dispatcher},
    value::{RunId, Timestamp},
};

use crate::{
    client::{Client, GivenUrl},
    error::{RestateError, SettingsError},
    object::{HANDLER, OBJECT, delay_until},
    status::RestateStatus,
};

/// How long a request may take unless set.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Has runs driven by the workers that Restate knows: a request to its ingress per run.
///
/// Restate stores the request before it answers. While a run is driven, another request for it is queued, and executed
/// afterwards: the drive may have begun before the command that it is for. So requests have no idempotency key.
///
/// ```
/// use workflow_restate::RestateDispatcher;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dispatcher = RestateDispatcher::builder("http://restate.example:8080").build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RestateDispatcher {
    ingress: Client,
    status: RestateStatus,
}

impl RestateDispatcher {
    /// Starts to build a dispatcher for the ingress of Restate, which is at port 8080 by default. The URL may contain user
    /// and password, which are sent as Basic authentication and never shown.
    pub fn builder(ingress_url: &str) -> RestateDispatcherBuilder {
        RestateDispatcherBuilder {
            ingress_url: GivenUrl(ingress_url.to_owned()),
            timeout: TIMEOUT,
            status: RestateStatus::new(),
        }
    }

    /// When Restate was last reached.
    pub fn status(&self) -> &RestateStatus {
        &self.status
    }

    /// Checks that the ingress of Restate answers, unless it did in the last 10 seconds.
    ///
    /// # Errors
    /// [`RestateError`].
    ///
    /// # Cancellation
    /// Nothing is changed.
    pub async fn ping(&self) -> Result<(), RestateError> {
        if self.status.is_reachable() {
            return Ok(());
        }
        let url = self.ingress.url(&["restate", "health"]);
        let request = self.ingress.request(Method::GET, url);
        self.ingress.send(request).await?;
        self.status.record_success();
        Ok(())
    }

    async fn request(&self, run: RunId, at: Option<Timestamp>) -> Result<(), RestateError> {
        let mut url = self
            .ingress
            .url(&[OBJECT, &run.to_string(), HANDLER, "send"]);
        let delay = at.map(delay_until).filter(|delay| !delay.is_zero());
        if let Some(delay) = delay {
            let delay = format!("{}ms", delay.as_millis());
            url.query_pairs_mut().append_pair("delay", &delay);
        }
        let request = self.ingress.request(Method::POST, url);
        self.ingress.send(request).await?;
        self.status.record_success();
        Ok(())
    }
}

#[async_trait]
impl Dispatcher for RestateDispatcher {
    async fn dispatch(&self, run: RunId, at: Option<Timestamp>) -> Result<(), DispatchError> {
        let requested = self.request(run, at).await;
        requested.map_err(|error| {
            if error.is_unknown() {
                self.status.request_registration();
            }
            DispatchError::new(error)
        })
    }

    async fn ping(&self) -> Result<(), DispatchError> {
        self.ping().await.map_err(DispatchError::new)
    }
}

/// The settings of a [`RestateDispatcher`].
#[derive(Clone, Debug)]
pub struct RestateDispatcherBuilder {
    ingress_url: GivenUrl,
    timeout: Duration,
    status: RestateStatus,
}

impl RestateDispatcherBuilder {
    /// How long a request may take; 5 seconds by default. Then the dispatch fails, and the engine retries.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Shares the status with a [`Registration`](crate::Registration), which then registers at once when Restate does not
    /// know the workers.
    #[must_use]
    pub fn with_status(mut self, status: &RestateStatus) -> Self {
        self.status = status.clone();
        self
    }

    /// Builds the dispatcher. Nothing is sent yet.
    ///
    /// # Errors
    /// [`SettingsError::InvalidUrl`].
    pub fn build(self) -> Result<RestateDispatcher, SettingsError> {
        Ok(RestateDispatcher {
            ingress: Client::new("the ingress", &self.ingress_url, self.timeout)?,
            status: self.status,
        })
    }
}
