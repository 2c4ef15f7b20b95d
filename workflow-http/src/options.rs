//! The options of the service.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    access::{ApiKey, Host, Hosts, Origin},
    limits::Limits,
    metrics::Metrics,
};

/// The least of [`Options::with_heartbeat`].
const MIN_HEARTBEAT: Duration = Duration::from_millis(100);

/// The options of a service, for [`router`](fn@crate::router) and [`serve`](fn@crate::serve).
///
/// [`Options::default`] suits a service that is not nested, on the loopback interface, without a key:
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use workflow_http::{Limits, Options};
///
/// let options = Options::default()
///     .with_api_key("3f1b6c0e9a7d4e52".parse()?)
///     .with_allowed_host("flows.example.com".parse()?)
///     .with_cors_origin("https://app.example.com".parse()?)
///     .with_limits(Limits::default().with_requests_per_minute(600));
/// # Ok(())
/// # }
/// ```
///
/// Pass the same options to `router` and `serve`: each reads a part of them.
#[derive(Clone, Debug)]
pub struct Options {
    /// The path the router is nested under, without a slash at the end; empty when it is not nested.
    pub(crate) base_path: String,
    /// When it fires, streams end and [`serve`](fn@crate::serve) returns.
    pub(crate) shutdown: CancellationToken,
    /// The other sites whose pages may use the service. None by default.
    pub(crate) cors_origins: Vec<Origin>,
    /// The name of this instance, if there are several.
    pub(crate) instance: Option<String>,
    /// Whether the replies of models are simulated; the page then shows a notice.
    pub(crate) simulated: bool,
    /// The accepted API keys. None by default: no key is required.
    pub(crate) api_keys: Vec<ApiKey>,
    /// The accepted host names, besides `localhost` and loopback addresses.
    pub(crate) allowed_hosts: Vec<Host>,
    /// Whether the router itself checks hosts and origins.
    pub(crate) guarded: bool,
    pub(crate) limits: Limits,
    /// The interval of heartbeats in event streams.
    pub(crate) heartbeat: Duration,
    /// Where requests are counted. `None` by default: `/metrics` is not served.
    pub(crate) metrics: Option<Arc<Metrics>>,
}

impl Options {
    /// Sets the path under which clients reach the service, such as `/workflows`; empty by default.
    ///
    /// All links begin with it. Slashes at its ends are ignored. Nest the router under this path, unless a proxy
    /// removes it from requests.
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

    /// Sets the token that shuts the service down: event streams end, and [`serve`](fn@crate::serve) stops accepting
    /// and returns. By default, a token that is never cancelled.
    ///
    /// The engine is not affected; it has a shutdown of its own.
    #[must_use]
    pub fn with_shutdown(mut self, shutdown: CancellationToken) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Allows the pages of another site to use the service (CORS). No site by default; call once per site.
    ///
    /// Credentials are API keys, not cookies, so `Access-Control-Allow-Credentials` is never sent.
    #[must_use]
    pub fn with_cors_origin(mut self, origin: Origin) -> Self {
        self.cors_origins.push(origin);
        self
    }

    /// Sets the name of this instance among several that serve the same workflows and runs; none by default. The page shows
    /// it, and `/api/node-types` has it.
    #[must_use]
    pub fn with_instance(mut self, name: &str) -> Self {
        self.instance = Some(name.to_owned());
        self
    }

    /// Marks the replies of models as simulated in `/api/node-types`, and so on the page; `false` by default.
    #[must_use]
    pub fn with_simulated(mut self, simulated: bool) -> Self {
        self.simulated = simulated;
        self
    }

    /// Adds an accepted API key. Requests send it as `authorization: Bearer KEY` or `x-api-key: KEY`.
    ///
    /// With at least one key, requests without an accepted key get 401 `unauthorized`. `/healthz`, `/readyz`,
    /// The documentation under `/docs` and the files of the page need no key.
    #[must_use]
    pub fn with_api_key(mut self, key: ApiKey) -> Self {
        self.api_keys.push(key);
        self
    }

    /// Accepts requests for this host name, besides `localhost` and loopback addresses. Others get 403
    /// `host_not_allowed`, except for `/healthz` and `/readyz`: probes use the address of the machine.
    ///
    /// Without an API key, only listed names are accepted. This prevents DNS rebinding: a page of another site
    /// makes its own name resolve to this machine and then counts as the same site. With an API key, which such
    /// a page does not have, any name is accepted until the first one is listed.
    #[must_use]
    pub fn with_allowed_host(mut self, host: Host) -> Self {
        self.allowed_hosts.push(host);
        self
    }

    /// Makes the router check the `Host` of requests and the `Origin` of writes. Off by default, since
    /// [`serve`](fn@crate::serve) does both. Set it if another server serves the router.
    #[must_use]
    pub fn with_guard(mut self) -> Self {
        self.guarded = true;
        self
    }

    /// Counts requests in these metrics, and serves them at `/metrics`. Without metrics, that path is 404.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Arc<Metrics>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// Sets the longest silence of an event stream; 5 s by default, at least 100 ms. Then the stream sends a comment, which
    /// distinguishes a run without events from a dead connection, and keeps proxies from closing it.
    #[must_use]
    pub fn with_heartbeat(mut self, interval: Duration) -> Self {
        self.heartbeat = interval.max(MIN_HEARTBEAT);
        self
    }

    /// Sets the limits of connections, requests and streams.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The path of a request without the base path. [`serve`](fn@crate::serve) sees the whole path; within a nested
    /// router, axum has removed the base path already. A path that only begins with the same letters (`/flowsheet`
    /// under `/flows`) is not within it.
    pub(crate) fn within<'a>(&self, path: &'a str) -> &'a str {
        let within = path.strip_prefix(&self.base_path);
        within.filter(|rest| rest.starts_with('/')).unwrap_or(path)
    }

    /// The accepted host names.
    ///
    /// With keys and without listed names, every name is accepted: a page that reaches the service by DNS rebinding
    /// has no key. As soon as one name is listed, the list counts, also with keys.
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
            instance: None,
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
