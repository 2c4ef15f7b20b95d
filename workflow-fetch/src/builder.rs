//! The builder of a client.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    address::Addresses,
    client::{HttpClient, Settings, Timeouts},
    config::ConfigError,
    guard::Guard,
    resolver::{Resolver, SystemResolver},
    secret::{NoSecrets, Secrets},
};

/// Builder of an [`HttpClient`].
///
/// Without an allowed origin, the client refuses every call. Setters check nothing;
/// [`build`](Self::build) checks all settings together.
///
/// ```
/// use std::time::Duration;
/// use workflow_fetch::{FromEnv, HttpClient};
///
/// let client = HttpClient::builder()
///     .with_origin("https://cms.example.com")
///     .with_secrets(FromEnv::new(["CMS_TOKEN"]))
///     .with_timeout(Duration::from_secs(10))
///     .build()?;
/// # Ok::<(), workflow_fetch::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct HttpClientBuilder {
    origins: Vec<String>,
    /// Origins, and a range of private addresses for each. An origin may have several entries.
    private: Vec<(String, String)>,
    secrets: Arc<dyn Secrets>,
    resolver: Arc<dyn Resolver>,
    timeouts: Timeouts,
}

impl HttpClient {
    /// Returns a builder without allowed origins.
    pub fn builder() -> HttpClientBuilder {
        HttpClientBuilder::default()
    }
}

impl Default for HttpClientBuilder {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            private: Vec::new(),
            secrets: Arc::new(NoSecrets),
            resolver: Arc::new(SystemResolver),
            timeouts: Timeouts {
                connect: Duration::from_secs(10),
                total: Duration::from_secs(30),
            },
        }
    }
}

impl HttpClientBuilder {
    /// Allows workflows to call this origin: scheme, host, and the port unless it is the scheme's
    /// default.
    pub fn with_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// Allows private addresses for an allowed origin: one address, or a range such as `10.1.0.0/16`.
    /// They are not allowed for any other origin, not even for one with the same host.
    ///
    /// **Dangerous.** Workflows can reach every address of the range through this origin if its name
    /// resolves, or is made to resolve, to it. Allow only the machine or network that is needed, and
    /// never a metadata service. A local name of the origin, such as `localhost` or `cms.internal`, is
    /// then allowed, too, if its addresses are.
    ///
    /// ```
    /// use workflow_fetch::HttpClient;
    ///
    /// let client = HttpClient::builder()
    ///     .with_origin("https://cms.example.com")
    ///     .with_origin("https://intranet.example.com")
    ///     .with_private_addresses("https://intranet.example.com", "10.1.2.0/24")
    ///     .build()?;
    /// # Ok::<(), workflow_fetch::ConfigError>(())
    /// ```
    pub fn with_private_addresses(
        mut self,
        origin: impl Into<String>,
        addresses: impl Into<String>,
    ) -> Self {
        self.private.push((origin.into(), addresses.into()));
        self
    }

    /// The provider of the secrets that workflows name. Default: there are no secrets.
    pub fn with_secrets(mut self, secrets: impl Secrets) -> Self {
        self.secrets = Arc::new(secrets);
        self
    }

    /// The resolver of host names. Default: the operating system's.
    pub fn with_resolver(mut self, resolver: impl Resolver) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// The longest time to connect, including name resolution. Default: 10 s.
    pub fn with_connect_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.connect = limit;
        self
    }

    /// The longest time for a call, including redirects and the body of the response. Default: 30 s.
    pub fn with_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.total = limit;
        self
    }

    /// Checks all settings and builds the client. Nothing is sent.
    ///
    /// # Errors
    /// [`ConfigError`] if an origin or a range of addresses is invalid, if private addresses are for an
    /// origin that is not allowed, or if the HTTP client cannot be set up.
    pub fn build(self) -> Result<HttpClient, ConfigError> {
        let mut origins = Vec::new();
        for origin in &self.origins {
            origins.push((ConfigError::check_origin(origin)?, Addresses::default()));
        }
        for (origin, addresses) in &self.private {
            let origin = ConfigError::check_origin(origin)?;
            let addresses = ConfigError::check_addresses(addresses)?;
            // An origin may be listed twice, and each entry must have the same addresses.
            let mut is_allowed = false;
            for (_, its) in origins.iter_mut().filter(|(allowed, _)| *allowed == origin) {
                its.allow(addresses);
                is_allowed = true;
            }
            if !is_allowed {
                let origin = origin.to_string();
                return Err(ConfigError::PrivateOriginNotAllowed { origin });
            }
        }
        HttpClient::new(Settings {
            guard: Guard::new(origins),
            secrets: self.secrets,
            resolver: self.resolver,
            timeouts: self.timeouts,
        })
    }
}

impl fmt::Debug for HttpClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the origins: an unchecked one may contain a password.
        f.debug_struct("HttpClientBuilder")
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}
