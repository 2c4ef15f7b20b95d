//! Serves the document and its page.

use axum::{
    extract::State,
    http::header::{CONTENT_TYPE, HeaderName},
    response::IntoResponse,
};

use super::page::headers;
use crate::{app::App, request::JSON};

/// The bytes are shared: a clone of `Bytes` copies no text. Clients that accept it get the document compressed.
pub(crate) async fn document(State(app): State<App>) -> impl IntoResponse {
    let json = [(CONTENT_TYPE, JSON)];
    (json, app.description.document.clone())
}

pub(crate) async fn page(State(app): State<App>) -> impl IntoResponse {
    let headers: [(HeaderName, String); 3] = headers();
    (headers, app.description.page.clone())
}
