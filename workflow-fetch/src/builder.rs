//! Collects what a client is made from.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    address::Addresses,
    client::{HttpClient, Settings, Timeouts},
    config::ConfigError,
    guard::Guard,
    resolver::{Resolver, SystemResolver},
    secret::{NoSecrets, Secrets},
};

/// Collects what an [`HttpClient`] may do. Without an allowed origin: nothing.
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
    /// Origins, and what each may reach that is not public.
    private: Vec<(String, String)>,
    secrets: Arc<dyn Secrets>,
    resolver: Arc<dyn Resolver>,
    timeouts: Timeouts,
}

impl HttpClient {
    /// Collects what the client may do.
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
                whole: Duration::from_secs(30),
            },
        }
    }
}

impl HttpClientBuilder {
    /// Lets workflows call this origin: scheme, host, and port where it is not the scheme's own.
    pub fn with_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// Lets an [allowed origin](Self::with_origin) be at an address that is not public: one, or a
    /// range such as `10.1.0.0/16`. No other origin may be there, not even one with the same host.
    ///
    /// **Dangerous.** Every address of the range can be reached through this origin if its name
    /// resolves, or is made to resolve, to it. Open no more than the one machine or network that is
    /// meant, and never a metadata service. A local name of the origin, such as `localhost` or
    /// `cms.internal`, is then judged by its addresses.
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

    /// Where the secrets come from that workflows name. Default: there are none.
    pub fn with_secrets(mut self, secrets: impl Secrets) -> Self {
        self.secrets = Arc::new(secrets);
        self
    }

    /// How names are resolved. Default: as the operating system does.
    pub fn with_resolver(mut self, resolver: impl Resolver) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// How long making a connection may take, with the look-up of the name. Default: 10 s.
    pub fn with_connect_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.connect = limit;
        self
    }

    /// How long a call may take in all, redirects and the answer's body included. Default: 30 s.
    pub fn with_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.whole = limit;
        self
    }

    /// Checks everything and makes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`ConfigError`]: an origin or a range of addresses is none, private addresses are for an
    /// origin that is not allowed, or there are no root certificates.
    pub fn build(self) -> Result<HttpClient, ConfigError> {
        let mut origins = Vec::new();
        for origin in &self.origins {
            origins.push((ConfigError::check_origin(origin)?, Addresses::default()));
        }
        for (origin, addresses) in &self.private {
            let origin = ConfigError::check_origin(origin)?;
            let addresses = ConfigError::check_addresses(addresses)?;
            // An origin may be listed twice.
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
        // Not the origins: before they are checked, one may hold a password.
        f.debug_struct("HttpClientBuilder")
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}
