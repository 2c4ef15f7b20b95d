//! Name resolution, and the check of the addresses right before connecting.

use std::{
    error::Error,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::Addresses;

/// Resolves host names. Implement it to replace the operating system's resolution, for example to pin
/// addresses.
///
/// The client checks the addresses after every call, before it connects, so an implementation does not
/// need to be trusted. A connection that is reused is not resolved again.
///
/// ```
/// use std::{io, net::IpAddr};
///
/// use async_trait::async_trait;
/// use workflow_fetch::{HttpClient, Resolver};
///
/// struct Pinned;
///
/// #[async_trait]
/// impl Resolver for Pinned {
///     async fn resolve(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
///         Ok(vec![IpAddr::from([93, 184, 216, 34])])
///     }
/// }
///
/// let client = HttpClient::builder()
///     .with_origin("https://example.com")
///     .with_resolver(Pinned)
///     .build()?;
/// # Ok::<(), workflow_fetch::ConfigError>(())
/// ```
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// Returns the addresses of a name, in order of preference.
    ///
    /// # Errors
    /// An [`io::Error`] if the name cannot be resolved. The step fails with `connection_failed`, which is
    /// retryable.
    ///
    /// # Cancellation
    /// The future is dropped when the connect timeout ends.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

const _: fn(&dyn Resolver) = |_| {};

/// The operating system's resolver.
pub(crate) struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// A resolver that returns only allowed addresses. `reqwest` connects to the addresses that it returns,
/// so there is no second resolution that could return others.
#[derive(Clone)]
pub(crate) struct CheckedResolver {
    resolver: Arc<dyn Resolver>,
    addresses: Addresses,
}

impl CheckedResolver {
    pub(crate) fn new(resolver: Arc<dyn Resolver>, addresses: Addresses) -> Self {
        Self {
            resolver,
            addresses,
        }
    }

    /// Resolves a name and checks all of its addresses.
    async fn find(&self, name: &str) -> Result<Vec<IpAddr>, Box<dyn Error + Send + Sync>> {
        let found = self.resolver.resolve(name).await?;
        self.addresses.check_all(name, &found)?;
        if found.is_empty() {
            return Err("the name has no address".into());
        }
        Ok(found)
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let checked = self.clone();
        Box::pin(async move {
            let found = checked.find(name.as_str()).await?;
            // Port 0 means the port of the URL.
            let found = found.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(found) as Addrs)
        })
    }
}
