//! What the service says of itself: the OpenAPI document, made of the route table, and its page.
//!
//! Each route says what it does where it is added to the table ([`Routes`]), so none is left out. The
//! schemas are derived from the types that are sent.

mod answer;
mod body;
pub(crate) mod describe;
mod document;
mod events;
mod operation;
mod page;
mod parameter;
mod routes;
mod schemas;

use axum::{
    body::Bytes,
    extract::State,
    http::header::{CONTENT_TYPE, HeaderName},
    response::IntoResponse,
};
use workflow_core::Registry;

#[cfg(feature = "ui")]
pub(crate) use self::page::Text;
pub(crate) use self::{operation::Operation, page::PATH as PAGE, routes::Routes, schemas::Schemas};
use crate::{app::App, options::Options, request::JSON};

/// The document and its page, as they are served.
pub(crate) struct Description {
    document: Bytes,
    page: Bytes,
}

impl Description {
    /// What these routes are, for a service with these node types.
    pub(crate) fn of(routes: &Routes, registry: &Registry, options: &Options) -> Self {
        let document = document::of(routes, registry, options);
        Self {
            page: page::of(&document).into(),
            document: document.to_string().into(),
        }
    }
}

pub(crate) async fn document(State(app): State<App>) -> impl IntoResponse {
    let json = [(CONTENT_TYPE, JSON)];
    (json, app.description.document.clone())
}

pub(crate) async fn page(State(app): State<App>) -> impl IntoResponse {
    let headers: [(HeaderName, String); 3] = page::headers();
    (headers, app.description.page.clone())
}
