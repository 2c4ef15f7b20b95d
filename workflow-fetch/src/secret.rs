//! [`Secrets`]: the provider of the values of `{"$secret": "NAME"}`.

use std::{env, fmt, sync::Arc};

use crate::{config::ConfigError, origin::Origin};

/// Provides the secrets that workflows name: values of headers, and whole URLs. Called once per call and header, right before
/// the request is sent; for a URL, once per allowed origin until one has it.
///
/// The origin of the request, such as `https://cms.example.com`, is an argument, so that a secret can be
/// restricted to some origins. Closures implement the trait:
///
/// ```
/// use workflow_fetch::HttpClient;
///
/// let client = HttpClient::builder()
///     .with_origin("https://cms.example.com")
///     .with_secrets(|name: &str, _origin: &str| (name == "CMS_TOKEN").then(|| "Bearer …".to_owned()))
///     .build()?;
/// # Ok::<(), workflow_fetch::ConfigError>(())
/// ```
pub trait Secrets: Send + Sync + 'static {
    /// Returns the secret with this name, or `None` if it does not exist or a request to this origin must
    /// not have it. An empty secret counts as `None`. The value is the whole value of the header, such as
    /// `Bearer …`, or a URL of this origin.
    fn get(&self, name: &str, origin: &str) -> Option<String>;
}

const _: fn(&dyn Secrets) = |_| {};

impl<F> Secrets for F
where
    F: Fn(&str, &str) -> Option<String> + Send + Sync + 'static,
{
    fn get(&self, name: &str, origin: &str) -> Option<String> {
        self(name, origin)
    }
}

/// A provider without secrets.
pub(crate) struct NoSecrets;

impl Secrets for NoSecrets {
    fn get(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

/// Listed environment variables as secrets. Variables that are not listed are never read.
///
/// ```
/// use workflow_fetch::{FromEnv, HttpClient};
///
/// let secrets = FromEnv::new(["SEARCH_KEY"]).with_name_for("CMS_TOKEN", "https://cms.example.com")?;
/// let client = HttpClient::builder()
///     .with_origin("https://cms.example.com")
///     .with_origin("https://search.example.com")
///     .with_secrets(secrets)
///     .build()?;
/// # Ok::<(), workflow_fetch::ConfigError>(())
/// ```
///
/// A variable is read when a call needs it. White space around its value is removed.
#[derive(Clone)]
pub struct FromEnv {
    /// Names, each with the only origin that may receive it, or `None` for all origins.
    names: Vec<(String, Option<Origin>)>,
    read: Arc<Read>,
}

/// Returns the value of a variable.
type Read = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Default for FromEnv {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            read: Arc::new(|name| env::var(name).ok()),
        }
    }
}

impl FromEnv {
    /// Creates a provider of these variables, for every origin that workflows may call.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names = names.into_iter().map(|name| (name.into(), None));
        Self {
            names: names.collect(),
            ..Self::default()
        }
    }

    /// Reads the variables with this function instead of the environment, for a host that also has a file
    /// of variables.
    #[must_use]
    pub fn with_reader(
        mut self,
        read: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.read = Arc::new(read);
        self
    }

    /// Adds a variable for every origin that workflows may call.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.names.push((name.into(), None));
        self
    }

    /// Adds a variable that only requests to this origin may contain.
    ///
    /// # Errors
    /// [`ConfigError::InvalidOrigin`].
    pub fn with_name_for(
        mut self,
        name: impl Into<String>,
        origin: &str,
    ) -> Result<Self, ConfigError> {
        let origin = ConfigError::check_origin(origin)?;
        self.names.push((name.into(), Some(origin)));
        Ok(self)
    }

    /// Whether a variable is listed for this origin, or for all.
    fn allows(&self, name: &str, origin: &str) -> bool {
        self.names.iter().any(|(known, only)| {
            known == name && only.as_ref().is_none_or(|only| only.as_str() == origin)
        })
    }
}

impl Secrets for FromEnv {
    fn get(&self, name: &str, origin: &str) -> Option<String> {
        if !self.allows(name, origin) {
            return None;
        }
        let value = (self.read)(name)?;
        Some(value.trim().to_owned())
    }
}

impl fmt::Debug for FromEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.names.iter().map(|(name, _)| name);
        f.debug_set().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_variables_are_provided_and_only_to_their_origin() {
        // Cargo sets these two.
        let (name, other) = ("CARGO_PKG_NAME", "CARGO_PKG_VERSION");
        let secrets = FromEnv::new([name]);
        assert_eq!(
            secrets.get(name, "https://a.example.com").as_deref(),
            Some(env!("CARGO_PKG_NAME"))
        );
        assert_eq!(secrets.get(other, "https://a.example.com"), None);
        let bound = FromEnv::default()
            .with_name_for(name, "https://A.example.com/")
            .unwrap();
        assert!(bound.get(name, "https://a.example.com").is_some());
        assert_eq!(bound.get(name, "https://b.example.com"), None);
        assert!(
            FromEnv::default()
                .with_name_for(name, "a.example.com")
                .is_err()
        );
        let elsewhere =
            FromEnv::new([name]).with_reader(|name| Some(format!(" {name} of a file\n")));
        let value = elsewhere.get(name, "https://a.example.com");
        assert_eq!(value.as_deref(), Some("CARGO_PKG_NAME of a file"));
        assert_eq!(elsewhere.get(other, "https://a.example.com"), None);
        assert_eq!(format!("{bound:?}"), r#"{"CARGO_PKG_NAME"}"#);
    }
}
