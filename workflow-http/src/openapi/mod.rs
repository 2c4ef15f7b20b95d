//! The description of the API: the OpenAPI document, built from the route table, and its page.
//!
//! A route is added to the table together with its description ([`Routes`]), so none is left out. The schemas are
//! derived from the types that are sent. Why: `docs/decisions/0010-openapi-derives-from-the-route-table.md`.

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

use workflow_core::Registry;

use self::operation::Route;
pub(crate) use self::{
    handlers::{document, page},
    routes::Routes,
};
use crate::{app::Description, options::Options};

/// Renders the document and its page for these routes and node types.
pub(crate) fn describe_routes(
    table: &[Route],
    registry: &Registry,
    options: &Options,
) -> Description {
    let document = document::of(table, registry, options);
    Description {
        page: page::of(&document).into(),
        document: document.to_string().into(),
    }
}
