//! What a node is about to send.

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

/// The longest URL.
const MAX_URL_BYTES: usize = 16 * 1024;
/// The most bytes of all headers.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// The most bytes of a body.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// A call as its node's `data` says, rendered. Secrets are not in it yet.
pub(crate) struct Request {
    pub(crate) call: Call,
    /// Headers, and the names of the secrets that are their values.
    pub(crate) secrets: Vec<(HeaderName, String)>,
    pub(crate) expected: Expected,
}

impl Request {
    /// Renders what a node's `data` says.
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
            let key = key.map_err(|_| told(&invalid_header(&IDEMPOTENCY_KEY)))?;
            request.set_unless_set(IDEMPOTENCY_KEY, key);
        }
        Ok(request)
    }

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
                    let value = value.map_err(|_| told(&invalid_header(&name)))?;
                    self.call.headers.insert(name, value);
                }
            }
        }
        Ok(())
    }

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

    fn set_unless_set(&mut self, name: HeaderName, value: HeaderValue) {
        if !self.secrets.iter().any(|(secret, _)| *secret == name) {
            self.call.headers.entry(name).or_insert(value);
        }
    }
}

fn url(fields: &Fields, cx: &NodeContext) -> Result<Url, NodeError> {
    let text = cx.render(&fields.url)?;
    check_size("the URL", text.len(), MAX_URL_BYTES)?;
    // The text is not shown: its query may be private.
    let url = Url::parse(&text).map_err(FetchError::invalid_url);
    let mut url = url.map_err(|error| told(&error))?;
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
        return Err(told(&FetchError::RequestTooLarge { what, limit }));
    }
    Ok(())
}

/// No secret is known here yet.
fn told(error: &FetchError) -> NodeError {
    error.told(&Redactor::default())
}
