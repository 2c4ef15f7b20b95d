//! Names to addresses, and the check of them right before connecting.

use std::{
    error::Error,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::Addresses;

/// Finds the addresses of a name. What it finds is checked before anything is connected to, every
/// time: it need not be trusted.
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
    /// The addresses of this name.
    ///
    /// # Errors
    /// When the name could not be looked up, or does not exist.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

const _: fn(&dyn Resolver) = |_| {};

/// Asks the operating system.
pub(crate) struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// A resolver that gives out nothing forbidden. The connection is made to what it gives out, so
/// that there is no second look-up with another answer.
#[derive(Clone)]
pub(crate) struct Guarded {
    resolver: Arc<dyn Resolver>,
    addresses: Addresses,
}

impl Guarded {
    pub(crate) fn new(resolver: Arc<dyn Resolver>, addresses: Addresses) -> Self {
        Self {
            resolver,
            addresses,
        }
    }

    async fn find(&self, name: &str) -> Result<Vec<IpAddr>, Box<dyn Error + Send + Sync>> {
        let found = self.resolver.resolve(name).await?;
        self.addresses.check_all(name, &found)?;
        if found.is_empty() {
            return Err("the name has no address".into());
        }
        Ok(found)
    }
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let guarded = self.clone();
        Box::pin(async move {
            let found = guarded.find(name.as_str()).await?;
            // Port 0 stands for the URL's.
            let found = found.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(found) as Addrs)
        })
    }
}
