//! The checked settings of a client, and the checks of its base URL.

use reqwest::Url;
use workflow_core::price::PriceTable;
use workflow_httpkit::{Peer, Timeouts};

use super::{credential::Credential, span::Observed};
use workflow_llm::gate::GateLimits;

use crate::{error::ConfigError, request::ServiceTier};

/// The settings of a client, as the builder has checked them. The model is checked with each request, which may
/// name another one.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) credential: Credential,
    /// Base URL, version and prefix, such as `https://generativelanguage.googleapis.com/v1beta`.
    pub(crate) address: Url,
    /// What stands for the address in keys, if the address changes.
    pub(crate) endpoint_name: Option<String>,
    pub(crate) prices: PriceTable,
    /// The default model, as configured; it may begin with `models/`.
    pub(crate) model: String,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_reply_bytes: usize,
    pub(crate) limits: GateLimits,
    pub(crate) observed: Observed,
    /// Whether the API may store requests that do not set `store`.
    pub(crate) store: Option<bool>,
    /// The service tier of requests that name none.
    pub(crate) service_tier: Option<ServiceTier>,
    /// The hint of a 404, if the base URL looks wrong.
    pub(crate) version_hint: Option<String>,
    pub(crate) peer: Peer,
}

/// A hint for a base URL that ends in a version, such as `…/v1beta`: the client appends the version, so
/// the API answers 404 to every request. A hint only, because a proxy may have such a path.
pub(crate) fn version_hint(base: &str, version: &str) -> Option<String> {
    let url = Url::parse(base.trim()).ok()?;
    let last = url.path_segments()?.rfind(|segment| !segment.is_empty())?;
    let number = last.strip_prefix('v')?;
    // `v1`, `v1beta`, `v1alpha2`: a number, a stage or none, and a number or none.
    let digits = number.chars().take_while(char::is_ascii_digit).count();
    let rest = number
        .get(digits..)?
        .trim_end_matches(|c: char| c.is_ascii_digit());
    let is_version = digits > 0 && ["", "alpha", "beta"].contains(&rest);
    is_version.then(|| {
        format!(
            "the base URL ends in `{last}`, and the client adds the version `{}` to it: leave it out \
             of the base URL",
            version.trim()
        )
    })
}

/// The URL of the API's methods: base URL, version and prefix.
///
/// Refuses user name, password, query and fragment, because they may be secrets and the URL appears in
/// `Debug` output. The error does not show the URL, for the same reason.
pub(crate) fn address(base: &str, version: &str, prefix: &str) -> Result<Url, ConfigError> {
    let invalid = |reason| ConfigError::InvalidBaseUrl { reason };
    let mut url = Url::parse(base.trim()).map_err(|_| invalid("it is not an absolute URL"))?;
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return Err(invalid("it needs `https://` and a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it must not hold a user name or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it must not have a query or fragment"));
    }
    // Version and prefix may have several segments. Empty ones would become `//` in the path.
    let segments = version.trim().split('/').chain(prefix.trim().split('/'));
    let segments = segments.filter(|part| !part.is_empty());
    url.path_segments_mut()
        .map_err(|()| invalid("it needs a path"))?
        // `https://host/` and `https://host` differ by an empty last segment.
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_that_could_leak_or_mislead_is_refused_without_showing_it() {
        for url in [
            "generativelanguage.googleapis.com",
            "ftp://secret.example.com",
            "https://user:secret@example.com",
            "https://example.com/?key=secret",
            "https://example.com/#secret",
        ] {
            let error = address(url, "v1beta", "").unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"), "{url}");
        }
    }

    #[test]
    fn a_base_url_that_ends_in_a_version_gets_a_hint() {
        for (base, hinted) in [
            ("https://generativelanguage.googleapis.com/v1beta", true),
            ("https://a.example.com/gemini/v1/", true),
            ("https://a.example.com/v1alpha2", true),
            ("https://a.example.com", false),
            ("https://a.example.com/gemini", false),
            ("https://a.example.com/v1/gemini", false),
            ("https://a.example.com/vertex", false),
            ("https://a.example.com/v", false),
        ] {
            assert_eq!(version_hint(base, "v1beta").is_some(), hinted, "{base}");
        }
    }

    #[test]
    fn a_prefix_follows_the_version() {
        for (version, prefix) in [("v1", "/publishers/google/"), ("v1/publishers/google", "")] {
            let url = address("https://a.example.com", version, prefix).unwrap();
            assert_eq!(url.path(), "/v1/publishers/google");
        }
    }
}
