//! Serves the document and its page.

use axum::{extract::State, http::header::CONTENT_TYPE, response::IntoResponse};

use crate::{app::App, docs::headers, request::JSON};

/// The bytes are shared: a clone of `Bytes` copies no text. Clients that accept it get the document compressed.
pub(crate) async fn document(State(app): State<App>) -> impl IntoResponse {
    let json = [(CONTENT_TYPE, JSON)];
    (json, app.description.document.clone())
}

pub(crate) async fn page(State(app): State<App>) -> impl IntoResponse {
    (headers(), app.description.page.clone())
}
