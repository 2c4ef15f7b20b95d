//! The request of a node: its `data`, rendered and checked.

use bytes::Bytes;
use reqwest::{
    Method,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use url::Url;
use workflow_core::{NodeError, PlanContext, template::TextOrSecret};
use workflow_httpkit::Redactor;

use crate::{
    call::IDEMPOTENCY_KEY,
    data::{Fields, HttpData},
    error::FetchError,
    expect::Expected,
};

/// The most bytes of a URL, including its query.
pub(crate) const MAX_URL_BYTES: usize = 16 * 1024;
/// The most bytes of all header values.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// The most bytes of a body.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// A rendered request. It does not contain the values of secrets: they are read right before the
/// request is sent, and only if its origin is allowed.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) target: Target,
    /// In the order of the document.
    pub(crate) headers: Vec<(HeaderName, HeaderContent)>,
    pub(crate) body: Option<Bytes>,
    pub(crate) expected: Expected,
}

/// Where a request goes.
pub(crate) enum Target {
    Url(Url),
    /// The URL is the secret of this name; the query is appended.
    Secret {
        name: String,
        query: Vec<(String, String)>,
    },
}

/// The value of a header.
pub(crate) enum HeaderContent {
    Text(HeaderValue),
    /// The name of the secret.
    Secret(String),
}

impl Request {
    /// Renders the templates of a node and checks the sizes.
    ///
    /// # Errors
    /// `template_error`, `invalid_url`, `invalid_header` or `request_too_large`.
    pub(crate) fn render(data: &HttpData, cx: &PlanContext<'_>) -> Result<Self, NodeError> {
        let fields = data.fields();
        let mut request = Self {
            method: fields.method.into(),
            target: target(fields, cx)?,
            headers: Vec::new(),
            body: None,
            expected: fields.expect_status.clone(),
        };
        request.add_headers(fields, cx)?;
        request.add_body(fields, cx)?;
        Ok(request)
    }

    /// Adds the key by which a server recognises a repeated change, unless the workflow sets one. It differs from run to run, so it is
    /// no part of the plan.
    ///
    /// # Errors
    /// `invalid_header`.
    pub(crate) fn add_idempotency_key(&mut self, key: &str) -> Result<(), NodeError> {
        if matches!(self.method, Method::POST | Method::PATCH) {
            let key = HeaderValue::from_str(key);
            let key = key.map_err(|_| node_error(&invalid_header(&IDEMPOTENCY_KEY)))?;
            self.set_unless_set(IDEMPOTENCY_KEY, key);
        }
        Ok(())
    }

    /// Renders the headers, and collects the names of secrets.
    fn add_headers(&mut self, fields: &Fields, cx: &PlanContext<'_>) -> Result<(), NodeError> {
        let mut size = 0;
        for (header, value) in fields.headers.iter() {
            let name = header.name().clone();
            let content = match value {
                TextOrSecret::Secret(secret) => HeaderContent::Secret(secret.clone()),
                TextOrSecret::Text(template) => {
                    let text = cx.render(template)?;
                    size += text.len();
                    check_size("the headers", size, MAX_HEADER_BYTES)?;
                    let value = HeaderValue::from_str(&text);
                    HeaderContent::Text(value.map_err(|_| node_error(&invalid_header(&name)))?)
                }
            };
            self.headers.push((name, content));
        }
        Ok(())
    }

    /// Renders the body and sets its content type, unless the workflow does.
    fn add_body(&mut self, fields: &Fields, cx: &PlanContext<'_>) -> Result<(), NodeError> {
        let (body, kind) = if let Some(json) = &fields.json {
            (cx.render_json(json)?.to_string(), "application/json")
        } else if let Some(body) = &fields.body {
            (cx.render(body)?, "text/plain; charset=utf-8")
        } else {
            return Ok(());
        };
        check_size("the body", body.len(), MAX_BODY_BYTES)?;
        self.body = Some(body.into());
        self.set_unless_set(CONTENT_TYPE, HeaderValue::from_static(kind));
        Ok(())
    }

    /// Sets a header unless the workflow sets it, as a text or as a secret.
    fn set_unless_set(&mut self, name: HeaderName, value: HeaderValue) {
        if !self.headers.iter().any(|(known, _)| *known == name) {
            self.headers.push((name, HeaderContent::Text(value)));
        }
    }
}

/// Renders the URL and the query.
fn target(fields: &Fields, cx: &PlanContext<'_>) -> Result<Target, NodeError> {
    let query = fields.query.iter().map(|(name, template)| {
        let value = cx.render(template)?;
        Ok((name.clone(), value))
    });
    match &fields.url {
        TextOrSecret::Secret(name) => {
            let query: Vec<(String, String)> = query.collect::<Result<_, NodeError>>()?;
            let size = query.iter().map(|(name, value)| name.len() + value.len());
            check_size("the URL", size.sum(), MAX_URL_BYTES)?;
            let name = name.clone();
            Ok(Target::Secret { name, query })
        }
        TextOrSecret::Text(url) => {
            let text = cx.render(url)?;
            check_size("the URL", text.len(), MAX_URL_BYTES)?;
            // The error does not contain the URL: its query may be private.
            let url = Url::parse(&text).map_err(FetchError::invalid_url);
            let mut url = url.map_err(|error| node_error(&error))?;
            for pair in query {
                let (name, value) = pair?;
                append(&mut url, &name, &value);
            }
            url.set_fragment(None);
            check_size("the URL", url.as_str().len(), MAX_URL_BYTES)?;
            Ok(Target::Url(url))
        }
    }
}

/// Appends a parameter to the query of a URL, encoded.
pub(crate) fn append(url: &mut Url, name: &str, value: &str) {
    url.query_pairs_mut().append_pair(name, value);
}

fn invalid_header(name: &HeaderName) -> FetchError {
    FetchError::InvalidHeader(name.to_string())
}

fn check_size(what: &'static str, size: usize, limit: usize) -> Result<(), NodeError> {
    if size > limit {
        return Err(node_error(&FetchError::RequestTooLarge { what, limit }));
    }
    Ok(())
}

/// The error for a request that has no secrets yet, so there is nothing to redact.
fn node_error(error: &FetchError) -> NodeError {
    error.to_node_error(&Redactor::default())
}
