//! HTTP requests to Restate.

use std::{fmt, time::Duration};

use reqwest::{Method, RequestBuilder, StatusCode, Url, redirect};
use serde_json::Value;
use workflow_httpkit::{BodyReader, Redactor, excerpt, excerpt_of_refusal};

use crate::error::{RestateError, SettingsError};

/// How many characters of a message of Restate an error shows.
const MAX_MESSAGE_CHARS: usize = 500;

/// A client of one address of Restate: the ingress, or the admin API.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    /// The address as it is shown, without user and password.
    shown: String,
    redactor: Redactor,
}

/// A URL as it was given. `Debug` does not show it, since it may hold a password.
#[derive(Clone)]
pub(crate) struct GivenUrl(pub(crate) String);

impl fmt::Debug for GivenUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A success. Of its body the beginning, at most 64 KiB.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    /// A text of the body, which is JSON.
    pub(crate) fn text(&self, pointer: &str) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        Some(body.pointer(pointer)?.as_str()?.to_owned())
    }
}

impl Client {
    /// `of` names the address in errors.
    pub(crate) fn new(
        of: &'static str,
        url: &GivenUrl,
        timeout: Duration,
    ) -> Result<Self, SettingsError> {
        let base = parse(of, &url.0)?;
        let http = reqwest::Client::builder()
            .timeout(timeout)
            // Restate is a part of the service: a proxy of the environment is for what is outside.
            .no_proxy()
            // A redirect would turn a POST into a GET, and hide that the address is wrong.
            .redirect(redirect::Policy::none())
            .build();
        Ok(Self {
            http: http.map_err(|error| SettingsError::Client(error.into()))?,
            shown: without_credentials(base.clone()),
            redactor: Redactor::new(base.password()),
            base,
        })
    }

    /// The URL of a path below the address. The segments are encoded.
    pub(crate) fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        // Only a URL that cannot be a base has no segments, and `parse` refuses it.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// A request to a [`url`](Self::url).
    pub(crate) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends a request. Returns a success.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Answer, RestateError> {
        let response = request.send().await;
        let response = response.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        let body = BodyReader::new(response, usize::MAX).refusal().await;
        if status.is_success() {
            return Ok(Answer { status, body });
        }
        Err(RestateError::Refused {
            address: self.shown.clone(),
            status: status.as_u16(),
            message: self.message(&body),
        })
    }

    fn unreachable(&self, error: reqwest::Error) -> RestateError {
        RestateError::Unreachable {
            address: self.shown.clone(),
            // The URL may hold a password.
            source: error.without_url().into(),
        }
    }

    /// What Restate says of a refusal: its JSON has a message; a proxy may answer with a page.
    fn message(&self, body: &[u8]) -> String {
        let json = serde_json::from_slice::<Value>(body).unwrap_or_default();
        match json.get("message").and_then(Value::as_str) {
            Some(message) => excerpt(message.to_owned(), &self.redactor, MAX_MESSAGE_CHARS),
            None => excerpt_of_refusal(body, &self.redactor, MAX_MESSAGE_CHARS),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// An HTTP URL to which paths can be added.
pub(crate) fn parse(of: &'static str, url: &str) -> Result<Url, SettingsError> {
    let invalid = |reason: String| SettingsError::InvalidUrl { of, reason };
    let url = Url::parse(url.trim()).map_err(|error| invalid(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("it must begin with http:// or https://".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it must not have a query or a fragment".to_owned()));
    }
    Ok(url)
}

/// A URL as it may be shown.
fn without_credentials(mut url: Url) -> String {
    // These fail only for a URL without a host, which has no credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}
