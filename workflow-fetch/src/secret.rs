//! `Secrets`: where the values behind `{"$secret": "NAME"}` come from.

use std::{env, fmt, sync::Arc};

use crate::{config::ConfigError, origin::Origin};

/// Gives out the secrets that workflows name in headers. Asked once for every call that needs one,
/// right before it is sent.
///
/// The origin the request goes to is told, such as `https://cms.example.com`, so that a secret
/// need not be given to every origin that workflows may call. A closure will do:
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
    /// The secret of this name, if a request to this origin may have it. An empty one counts as
    /// none.
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

/// Gives out nothing.
pub(crate) struct NoSecrets;

impl Secrets for NoSecrets {
    fn get(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

/// Environment variables as secrets: those that are listed, and no other.
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
/// A variable is read when a call needs it. Blanks and line ends around its value do not count.
#[derive(Clone)]
pub struct FromEnv {
    /// Names, each with the origin it is for, or none where it is for all.
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
    /// These variables, for every origin that workflows may call.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names = names.into_iter().map(|name| (name.into(), None));
        Self {
            names: names.collect(),
            ..Self::default()
        }
    }

    /// Reads variables with this function, in place of the environment: for a host that also has a file of them.
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

    /// Adds a variable that only requests to this origin may have.
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
    fn only_listed_variables_are_given_out_and_only_to_their_origin() {
        // Cargo sets these two.
        let (name, other) = ("CARGO_PKG_NAME", "CARGO_PKG_VERSION");
        let secrets = FromEnv::new([name]);
        assert_eq!(
            secrets.get(name, "https://a.example.com").as_deref(),
            Some("workflow-fetch")
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
