//! How the service behaves.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    access::{ApiKey, Host, Hosts, Origin},
    limits::Limits,
    metrics::Metrics,
};

/// What a service may be told. [`Options::default`] suits one that stands alone.
#[derive(Clone, Debug)]
pub struct Options {
    /// The path the router is nested under, without a slash at the end; empty when it is not nested.
    pub(crate) base_path: String,
    /// When it fires, streams end and [`serve`](crate::serve) returns.
    pub(crate) shutdown: CancellationToken,
    /// The other sites whose pages may use the service. None by default.
    pub(crate) cors_origins: Vec<Origin>,
    /// Whether the answers of models are simulated; the page then says so.
    pub(crate) simulated: bool,
    /// The keys that callers may show. None by default: everybody is let in.
    pub(crate) api_keys: Vec<ApiKey>,
    /// The names the service has, besides those of this machine.
    pub(crate) allowed_hosts: Vec<Host>,
    /// Whether the router checks hosts and origins by itself.
    pub(crate) guarded: bool,
    pub(crate) limits: Limits,
    /// How long a stream may be silent.
    pub(crate) heartbeat: Duration,
    /// What is counted and measured. Nothing by default.
    pub(crate) metrics: Option<Arc<Metrics>>,
}

impl Options {
    /// Says which path the service is reached under, such as `/workflows`: links and the page begin with it. The router
    /// has to be nested under it, unless a proxy removes it from requests.
    #[must_use]
    pub fn with_base_path(mut self, path: &str) -> Self {
        let path = path.trim_matches('/');
        self.base_path = if path.is_empty() {
            String::new()
        } else {
            format!("/{path}")
        };
        self
    }

    /// Ends all streams when this token fires.
    #[must_use]
    pub fn with_shutdown(mut self, shutdown: CancellationToken) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Lets the pages of another site use the service.
    #[must_use]
    pub fn with_cors_origin(mut self, origin: Origin) -> Self {
        self.cors_origins.push(origin);
        self
    }

    /// Says whether the answers of models are simulated.
    #[must_use]
    pub fn with_simulated(mut self, simulated: bool) -> Self {
        self.simulated = simulated;
        self
    }

    /// Lets in who shows this key, as `authorization: Bearer KEY` or `x-api-key: KEY`, and from the
    /// first one on nobody else. `/healthz`, `/readyz`, `/docs` and the files of the page stay open.
    #[must_use]
    pub fn with_api_key(mut self, key: ApiKey) -> Self {
        self.api_keys.push(key);
        self
    }

    /// Makes the service answer to this name, besides `localhost` and loopback addresses. `/healthz` and `/readyz`
    /// are answered under any name, since probes use the address of the machine.
    ///
    /// Without a key it answers to no other name, so that no page can reach it under a name of its
    /// own. With a key, which such a page does not have, any name will do until some are given.
    #[must_use]
    pub fn with_allowed_host(mut self, host: Host) -> Self {
        self.allowed_hosts.push(host);
        self
    }

    /// Makes the router check the `Host` of requests and the `Origin` of writes by itself. Where
    /// [`serve`](crate::serve) serves it, that is done anyway.
    #[must_use]
    pub fn with_guard(mut self) -> Self {
        self.guarded = true;
        self
    }

    /// Counts requests, and serves these metrics at `/metrics`.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Arc<Metrics>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// How long a stream of events may be silent: then a comment is sent, so that its reader can tell a quiet run from a
    /// dead connection; 5 s by default.
    #[must_use]
    pub fn with_heartbeat(mut self, interval: Duration) -> Self {
        self.heartbeat = interval;
        self
    }

    /// Bounds what is taken.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The path of a request within the service: what remains without the base path.
    pub(crate) fn within<'a>(&self, path: &'a str) -> &'a str {
        let within = path.strip_prefix(&self.base_path);
        within.filter(|rest| rest.starts_with('/')).unwrap_or(path)
    }

    /// Under which names the service answers.
    pub(crate) fn hosts(&self) -> Hosts {
        if self.allowed_hosts.is_empty() && !self.api_keys.is_empty() {
            Hosts::Any
        } else {
            Hosts::Named(self.allowed_hosts.clone())
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            base_path: String::new(),
            shutdown: CancellationToken::new(),
            cors_origins: Vec::new(),
            simulated: false,
            api_keys: Vec::new(),
            allowed_hosts: Vec::new(),
            guarded: false,
            limits: Limits::default(),
            heartbeat: Duration::from_secs(5),
            metrics: None,
        }
    }
}
