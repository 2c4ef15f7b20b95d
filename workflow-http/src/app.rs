//! What every handler is given: the engine, the options, and how things are addressed.

use std::{fmt::Display, sync::Arc};

use axum::{
    http::header::{HeaderName, LOCATION},
    response::AppendHeaders,
};
use schemars::JsonSchema;
use serde::Serialize;
use workflow_core::{Engine, RunId, WorkflowId, WorkflowRef};

use crate::{openapi::Description, options::Options, readers::Readers};

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) options: Arc<Options>,
    pub(crate) readers: Readers,
    pub(crate) description: Arc<Description>,
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

    /// A run with the addresses that belong to it.
    pub(crate) fn linked<T>(&self, run: T, id: RunId, workflow: &WorkflowRef) -> Linked<T> {
        let url = self.run_url(id);
        let links = Links {
            events: format!("{url}/events"),
            cancel: format!("{url}/cancel"),
            retry: format!("{url}/retry"),
            workflow: format!(
                "{}?version={}",
                self.workflow_url(workflow.id),
                workflow.version
            ),
            this: url,
        };
        Linked { run, links }
    }
}

/// A run and where to go from it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Linked{T}")]
pub(crate) struct Linked<T> {
    #[serde(flatten)]
    run: T,
    links: Links,
}

#[derive(Serialize, JsonSchema)]
struct Links {
    #[serde(rename = "self")]
    this: String,
    events: String,
    cancel: String,
    retry: String,
    workflow: String,
}
