//! The request of a node: its `data`, rendered and checked.

use reqwest::{
    Method,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use url::Url;
use workflow_core::{NodeContext, NodeError, template::TextOrSecret};
use workflow_httpkit::Redactor;

use crate::{
    call::{Call, IDEMPOTENCY_KEY},
    data::{Fields, HttpData},
    error::FetchError,
    expect::Expected,
};

/// The most bytes of a URL, including its query.
const MAX_URL_BYTES: usize = 16 * 1024;
/// The most bytes of all header values.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// The most bytes of a body.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// A rendered request. It does not contain the values of secrets yet: they are read right before the
/// request is sent, and only if its origin is allowed.
pub(crate) struct Request {
    pub(crate) call: Call,
    /// Headers with the names of the secrets that are their values.
    pub(crate) secrets: Vec<(HeaderName, String)>,
    pub(crate) expected: Expected,
}

impl Request {
    /// Renders the templates of a node and checks the sizes.
    ///
    /// # Errors
    /// `template_error`, `invalid_url`, `invalid_header` or `request_too_large`.
    pub(crate) fn render(data: &HttpData, cx: &NodeContext) -> Result<Self, NodeError> {
        let fields = data.fields();
        let mut request = Self {
            call: Call {
                method: fields.method.into(),
                url: url(fields, cx)?,
                headers: HeaderMap::new(),
                body: None,
            },
            secrets: Vec::new(),
            expected: fields.expect_status.clone(),
        };
        request.add_headers(fields, cx)?;
        request.add_body(fields, cx)?;
        if matches!(request.call.method, Method::POST | Method::PATCH) {
            let key = HeaderValue::from_str(&cx.idempotency_key());
            let key = key.map_err(|_| node_error(&invalid_header(&IDEMPOTENCY_KEY)))?;
            request.set_unless_set(IDEMPOTENCY_KEY, key);
        }
        Ok(request)
    }

    /// Renders the headers, and collects the names of secrets.
    fn add_headers(&mut self, fields: &Fields, cx: &NodeContext) -> Result<(), NodeError> {
        let mut size = 0;
        for (header, value) in fields.headers.iter() {
            let name = header.name().clone();
            match value {
                TextOrSecret::Secret(secret) => self.secrets.push((name, secret.clone())),
                TextOrSecret::Text(template) => {
                    let text = cx.render(template)?;
                    size += text.len();
                    check_size("the headers", size, MAX_HEADER_BYTES)?;
                    let value = HeaderValue::from_str(&text);
                    let value = value.map_err(|_| node_error(&invalid_header(&name)))?;
                    self.call.headers.insert(name, value);
                }
            }
        }
        Ok(())
    }

    /// Renders the body and sets its content type, unless the workflow does.
    fn add_body(&mut self, fields: &Fields, cx: &NodeContext) -> Result<(), NodeError> {
        let (body, kind) = if let Some(json) = &fields.json {
            (cx.render_json(json)?.to_string(), "application/json")
        } else if let Some(body) = &fields.body {
            (cx.render(body)?, "text/plain; charset=utf-8")
        } else {
            return Ok(());
        };
        check_size("the body", body.len(), MAX_BODY_BYTES)?;
        self.call.body = Some(body.into());
        self.set_unless_set(CONTENT_TYPE, HeaderValue::from_static(kind));
        Ok(())
    }

    /// Sets a header unless the workflow sets it, as a text or as a secret.
    fn set_unless_set(&mut self, name: HeaderName, value: HeaderValue) {
        if !self.secrets.iter().any(|(secret, _)| *secret == name) {
            self.call.headers.entry(name).or_insert(value);
        }
    }
}

/// Renders the URL and appends the query. The fragment is removed, since HTTP does not send it.
fn url(fields: &Fields, cx: &NodeContext) -> Result<Url, NodeError> {
    let text = cx.render(&fields.url)?;
    check_size("the URL", text.len(), MAX_URL_BYTES)?;
    // The error does not contain the URL: its query may be private.
    let url = Url::parse(&text).map_err(FetchError::invalid_url);
    let mut url = url.map_err(|error| node_error(&error))?;
    for (name, template) in fields.query.iter() {
        let value = cx.render(template)?;
        url.query_pairs_mut().append_pair(name, &value);
    }
    url.set_fragment(None);
    check_size("the URL", url.as_str().len(), MAX_URL_BYTES)?;
    Ok(url)
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
