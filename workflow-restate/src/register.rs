//! The registration: makes the address of the workers known to Restate.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    client::{self, Client, GivenUrl},
    error::{RestateError, SettingsError},
    object::OBJECT,
    status::RestateStatus,
};

/// How long a request may take unless set. Restate calls a worker that it does not know before it answers, and retries
/// that for some seconds.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The time between two registrations unless set.
const INTERVAL: Duration = Duration::from_secs(60);

/// The least time between two registrations.
const MIN_INTERVAL: Duration = Duration::from_millis(100);

/// The wait after the first failure. It doubles with each one up to the interval.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// Registers the workers with Restate, repeatedly: it may start later than the workers, or lose its data.
///
/// All workers are behind one URL, which a balancer or the name service of a cluster distributes. Each of them may
/// register it: that changes nothing when it is registered. The README says what to do when the URL changes.
///
/// ```
/// use workflow_restate::Registration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registration =
///     Registration::builder("http://restate.example:9070", "http://workers.example:9080").build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Registration {
    admin: Client,
    worker_url: String,
    interval: Duration,
    status: RestateStatus,
}

impl Registration {
    /// Starts to build a registration. `admin_url` is the admin API of Restate, at port 9070 by default; it may contain user
    /// and password. `worker_url` is where Restate reaches the workers.
    pub fn builder(admin_url: &str, worker_url: &str) -> RegistrationBuilder {
        RegistrationBuilder {
            admin_url: GivenUrl(admin_url.to_owned()),
            worker_url: GivenUrl(worker_url.to_owned()),
            interval: INTERVAL,
            timeout: TIMEOUT,
            status: RestateStatus::new(),
        }
    }

    /// Registers the workers once. Returns whether Restate did not know them.
    ///
    /// # Errors
    /// [`RestateError`]; [`RestateError::OtherWorkers`] if others were registered later, since Restate calls them.
    ///
    /// # Cancellation
    /// Restate may have registered them.
    pub async fn register(&self) -> Result<bool, RestateError> {
        let url = self.admin.url(&["deployments"]);
        let request = self.admin.request(Method::POST, url);
        let body = json!({ "uri": self.worker_url });
        let registered = self.admin.send(request.json(&body)).await;
        let registered = registered.map_err(RestateError::of_registration)?;
        self.status.record_success();
        let url = self.admin.url(&["services", OBJECT]);
        let service = self
            .admin
            .send(self.admin.request(Method::GET, url))
            .await?;
        let called = service.text("/deployment_id");
        if called != registered.text("/id") {
            return Err(RestateError::OtherWorkers {
                deployment: called.unwrap_or_default(),
            });
        }
        Ok(registered.status == StatusCode::CREATED)
    }

    /// Registers the workers at once, every interval, and when a [`RestateDispatcher`](crate::RestateDispatcher) with the same
    /// status finds that Restate does not know them, until `shutdown` is cancelled. After a failure it retries sooner.
    ///
    /// Each change is logged once: at `warn` when it fails or fails for another reason, at `info` when it succeeds.
    ///
    /// # Cancellation
    /// Like `shutdown`: a request under way may take effect.
    pub async fn run(&self, shutdown: CancellationToken) {
        let running = async {
            let mut log = Log::default();
            let mut retry = FIRST_RETRY;
            loop {
                let registered = self.register().await;
                log.record(&registered, &self.worker_url);
                let wait = if registered.is_ok() {
                    retry = FIRST_RETRY;
                    self.interval
                } else {
                    let wait = retry.min(self.interval);
                    retry = wait.saturating_mul(2);
                    wait
                };
                let requested = async {
                    // If it does not help, each dispatch that fails requests it again.
                    sleep(FIRST_RETRY).await;
                    self.status.registration_requested().await;
                };
                tokio::select! {
                    () = sleep(wait) => {}
                    () = requested => {}
                }
            }
        };
        shutdown.run_until_cancelled(running).await;
    }
}

/// What was logged last.
#[derive(Default)]
struct Log {
    last: Option<Result<(), String>>,
}

impl Log {
    fn record(&mut self, registered: &Result<bool, RestateError>, worker_url: &str) {
        let outcome = registered.as_ref().map(|_| ()).map_err(chain);
        if self.last.as_ref() == Some(&outcome) && !matches!(registered, Ok(true)) {
            return;
        }
        match &outcome {
            Ok(()) => tracing::info!(worker_url, "the workers are registered with Restate"),
            Err(error) => tracing::warn!(
                worker_url,
                error,
                "the workers are not registered with Restate, which cannot have runs driven until they are"
            ),
        }
        self.last = Some(outcome);
    }
}

/// An error and its causes on one line.
fn chain(error: &RestateError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The settings of a [`Registration`].
#[derive(Clone, Debug)]
pub struct RegistrationBuilder {
    admin_url: GivenUrl,
    worker_url: GivenUrl,
    interval: Duration,
    timeout: Duration,
    status: RestateStatus,
}

impl RegistrationBuilder {
    /// The time between two registrations; 60 seconds by default, at least 100 ms.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(MIN_INTERVAL);
        self
    }

    /// How long a request may take; 30 seconds by default. Restate calls a worker that it does not know before it
    /// answers.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Shares the status with a [`RestateDispatcher`](crate::RestateDispatcher).
    #[must_use]
    pub fn with_status(mut self, status: &RestateStatus) -> Self {
        self.status = status.clone();
        self
    }

    /// Builds the registration. Nothing is sent yet.
    ///
    /// # Errors
    /// [`SettingsError::InvalidUrl`].
    pub fn build(self) -> Result<Registration, SettingsError> {
        let worker_url = client::parse("the workers", &self.worker_url.0)?;
        if !worker_url.username().is_empty() || worker_url.password().is_some() {
            // Restate would not send them, but show them.
            return Err(SettingsError::InvalidUrl {
                of: "the workers",
                reason: "it must not have a user or a password".to_owned(),
            });
        }
        Ok(Registration {
            admin: Client::new("the admin API", &self.admin_url, self.timeout)?,
            worker_url: worker_url.into(),
            interval: self.interval,
            status: self.status,
        })
    }
}
