//! What every handler is given: the engine, the options, and how things are addressed.

use std::{fmt::Display, sync::Arc};

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

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) options: Arc<Options>,
    pub(crate) readers: Readers,
    pub(crate) description: Arc<Description>,
    pub(crate) bodies: Bodies,
    #[cfg(feature = "ui")]
    pub(crate) page: Arc<Page>,
}

/// The OpenAPI document and its page, as they are served.
pub(crate) struct Description {
    pub(crate) document: Bytes,
    pub(crate) page: Bytes,
}

const X_RUN_ID: HeaderName = HeaderName::from_static("x-run-id");

impl App {
    fn url(&self, path: impl Display) -> String {
        format!("{}/api/{path}", self.options.base_path)
    }

    pub(crate) fn workflow_url(&self, id: WorkflowId) -> String {
        self.url(format_args!("workflows/{id}"))
    }

    fn run_url(&self, id: RunId) -> String {
        self.url(format_args!("runs/{id}"))
    }

    /// The headers of every answer that starts a run.
    pub(crate) fn run_headers(&self, id: RunId) -> AppendHeaders<[(HeaderName, String); 2]> {
        AppendHeaders([(LOCATION, self.run_url(id)), (X_RUN_ID, id.to_string())])
    }

    /// The addresses that belong to a run.
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

/// A run and where to go from it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Linked{T}")]
pub(crate) struct Linked<T> {
    #[serde(flatten)]
    pub(crate) run: T,
    pub(crate) links: Links,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Links {
    #[serde(rename = "self")]
    this: String,
    events: String,
    cancel: String,
    retry: String,
    workflow: String,
}
