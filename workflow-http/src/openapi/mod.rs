//! What the service says of itself: the OpenAPI document, made of the route table, and its page.
//!
//! Each route says what it does where it is added to the table ([`Routes`]), so none is left out. The
//! schemas are derived from the types that are sent.

mod answer;
mod body;
pub(crate) mod describe;
mod document;
mod events;
mod handlers;
mod operation;
mod page;
mod parameter;
mod reference;
mod routes;
mod schemas;

use axum::body::Bytes;
use workflow_core::Registry;

use self::operation::Route;
#[cfg(feature = "ui")]
pub(crate) use self::page::Text;
pub(crate) use self::{
    handlers::{document, page},
    page::PATH as PAGE,
    routes::Routes,
};
use crate::options::Options;

/// The document and its page, as they are served.
pub(crate) struct Description {
    document: Bytes,
    page: Bytes,
}

impl Description {
    /// What these routes are, for a service with these node types.
    pub(crate) fn of(table: &[Route], registry: &Registry, options: &Options) -> Self {
        let document = document::of(table, registry, options);
        Self {
            page: page::of(&document).into(),
            document: document.to_string().into(),
        }
    }
}
