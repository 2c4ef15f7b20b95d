//! The checked settings of a client, and the checks of its base URL and headers.

use std::fmt;

use reqwest::{
    Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue},
};
use workflow_httpkit::{Redactor, Secret, Timeouts, UnusableSecret};
use workflow_llm::ProviderInfo;

use crate::{
    error::{ConfigError, ErrorContext},
    request::Dialect,
};

/// The shortest value of a header that is removed from texts of the server. Shorter ones occur in ordinary text.
const MIN_SECRET: usize = 8;

/// The settings of a client, as the builder has checked them.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) info: ProviderInfo,
    /// The URL of chat completions.
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) errors: ErrorContext,
    pub(super) dialect: Dialect,
    pub(super) timeouts: Timeouts,
    pub(super) max_reply_bytes: usize,
    /// Whether names of models may have a `/`.
    pub(super) has_slashes: bool,
    /// Whether spans have prompts and answers.
    pub(super) record_content: bool,
}

impl Settings {
    /// `Debug` output under the name of the public type. [`base_url`] accepts nothing in the URL that must not be shown.
    pub(super) fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("name", &self.info.name())
            .field("url", &self.url.as_str())
            .field("model", &self.info.default_model())
            .field("has_key", &self.errors.has_key)
            .finish_non_exhaustive()
    }
}

/// The base URL.
///
/// Refuses user name, password, query and fragment, because they may be secrets and the URL appears in `Debug` output and in
/// keys. The error does not show the URL, for the same reason.
pub(super) fn base_url(text: &str) -> Result<Url, ConfigError> {
    let invalid = |reason| ConfigError::InvalidBaseUrl { reason };
    let mut url = Url::parse(text.trim()).map_err(|_| invalid("it is not an absolute URL"))?;
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return Err(invalid("it needs `https://` and a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it must not hold a user name or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it must not have a query or fragment"));
    }
    // `https://host/v1/` and `https://host/v1` differ by an empty last segment.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty();
    }
    Ok(url)
}

/// The URL of chat completions below a base URL.
pub(super) fn completions_url(base: &Url) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.extend(["chat", "completions"]);
    }
    url
}

/// The headers of each request, and what removes their values from texts of the server.
pub(super) fn headers(
    key: Option<&str>,
    extra: &[(String, String)],
) -> Result<(HeaderMap, Redactor), ConfigError> {
    let mut headers = HeaderMap::new();
    let mut redactors = Vec::new();
    match key.map(|key| Secret::parse(AUTHORIZATION, "Bearer ", key)) {
        Some(Ok(secret)) => {
            let (name, value) = secret.header();
            headers.insert(name, value);
            redactors.push(secret.redactor().clone());
        }
        // An empty key is none: the usual cause is a variable that is set to nothing.
        None | Some(Err(UnusableSecret::Empty)) => {}
        Some(Err(UnusableSecret::NotAHeader)) => return Err(ConfigError::InvalidKey),
    }
    for (name, value) in extra {
        let invalid = |reason| ConfigError::InvalidHeader {
            name: name.clone(),
            reason,
        };
        let parsed: HeaderName = name.parse().map_err(|_| invalid("its name is not valid"))?;
        if [CONTENT_TYPE, HOST].contains(&parsed) {
            return Err(invalid("the client sets it itself"));
        }
        if headers.contains_key(&parsed) {
            return Err(invalid("it is set twice"));
        }
        let value = value.trim();
        let mut header = HeaderValue::from_str(value)
            .map_err(|_| invalid("its value has characters that are not allowed"))?;
        header.set_sensitive(true);
        headers.insert(parsed, header);
        if value.len() >= MIN_SECRET {
            redactors.push(Redactor::new([value]));
        }
    }
    Ok((headers, Redactor::all(&redactors)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_that_could_leak_or_mislead_is_refused_without_showing_it() {
        for url in [
            "localhost:11434",
            "ftp://secret.example.com",
            "https://user:secret@example.com",
            "https://example.com/?key=secret",
            "https://example.com/#secret",
        ] {
            let error = base_url(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"), "{url}");
        }
    }

    #[test]
    fn the_path_follows_the_base_url() {
        for base in ["http://localhost:11434/v1", " http://localhost:11434/v1/ "] {
            let url = completions_url(&base_url(base).unwrap());
            assert_eq!(url.as_str(), "http://localhost:11434/v1/chat/completions");
        }
    }
}
