//! The state of the router: what every handler and middleware shares, and the URLs of resources.
//!
//! Nothing here belongs to one request. Handlers build URLs only with these functions, so that all links
//! begin with the configured base path.

use std::{fmt::Display, ops::Deref, sync::Arc};

use axum::{
    body::Bytes,
    http::header::{HeaderName, LOCATION},
    response::AppendHeaders,
};
use schemars::JsonSchema;
use serde::Serialize;
use workflow_core::{Engine, RunId, RunRecord, WorkflowId};

#[cfg(feature = "ui")]
use crate::page::Page;
use crate::{options::Options, request::Bodies, sse::Readers};

/// The shared state. axum clones it several times for each request, so a clone is one reference count.
#[derive(Clone)]
pub(crate) struct App(Arc<AppState>);

pub(crate) struct AppState {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) options: Options,
    /// Counts the open event streams of each run.
    pub(crate) readers: Readers,
    /// The OpenAPI document and the API reference, rendered once when the router is built.
    pub(crate) description: Description,
    /// Counts the bytes of the request bodies that are being received.
    pub(crate) bodies: Bodies,
    #[cfg(feature = "ui")]
    pub(crate) page: Page,
}

impl Deref for App {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.0
    }
}

/// The OpenAPI document and its page, as they are served.
pub(crate) struct Description {
    pub(crate) document: Bytes,
    pub(crate) page: Bytes,
}

/// Names the run in responses whose body does not: an event stream, or a problem after the run has started.
/// `cors` exposes it to scripts of other sites.
const X_RUN_ID: HeaderName = HeaderName::from_static("x-run-id");

impl App {
    pub(crate) fn new(state: AppState) -> Self {
        Self(Arc::new(state))
    }

    /// A path below `/api`, as a path-absolute URL. It has no host: a proxy in front may have another one.
    /// RFC 9110, section 10.2.2, permits such a reference in `Location`.
    fn url(&self, path: impl Display) -> String {
        format!("{}/api/{path}", self.options.base_path)
    }

    /// The URL of a workflow in its newest version.
    pub(crate) fn workflow_url(&self, id: WorkflowId) -> String {
        self.url(format_args!("workflows/{id}"))
    }

    /// The URL of a run. Ids are UUIDs, so nothing needs percent-encoding.
    fn run_url(&self, id: RunId) -> String {
        self.url(format_args!("runs/{id}"))
    }

    /// The headers of every response to a request that starts a run: `Location` and `X-Run-Id`.
    pub(crate) fn run_headers(&self, id: RunId) -> AppendHeaders<[(HeaderName, String); 2]> {
        AppendHeaders([(LOCATION, self.run_url(id)), (X_RUN_ID, id.to_string())])
    }

    /// The links of a run. The link to its workflow names the version that the run executes. The version is pinned,
    /// so the link stays correct after an update, and also after the workflow is deleted.
    pub(crate) fn links(&self, run: &RunRecord) -> Links {
        let url = self.run_url(run.id);
        let workflow = self.workflow_url(run.workflow.id);
        Links {
            events: format!("{url}/events"),
            cancel: format!("{url}/cancel"),
            retry: format!("{url}/retry"),
            workflow: format!("{workflow}?version={}", run.workflow.version),
            this: url,
        }
    }
}

/// A run with the URLs of its actions, so that clients need not build them.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Linked{T}")]
pub(crate) struct Linked<T> {
    #[serde(flatten)]
    pub(crate) run: T,
    pub(crate) links: Links,
}

/// URLs that belong to a run.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Links {
    #[serde(rename = "self")]
    this: String,
    events: String,
    cancel: String,
    retry: String,
    workflow: String,
}
