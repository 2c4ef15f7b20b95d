//! How the service behaves.

use tokio_util::sync::CancellationToken;

use crate::origin::Origin;

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
    /// The most bytes of a request's body; 1 MiB by default.
    pub(crate) max_body_bytes: usize,
}

impl Options {
    /// Says which path the router is nested under, such as `/workflows`: links begin with it.
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

    /// Bounds the bodies of requests.
    #[must_use]
    pub fn with_max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            base_path: String::new(),
            shutdown: CancellationToken::new(),
            cors_origins: Vec::new(),
            simulated: false,
            max_body_bytes: 1024 * 1024,
        }
    }
}
