//! The documentation that the service serves: the tutorial, the language and, from [`openapi`](crate::openapi), the API.
//!
//! It needs no key and no network. The texts are those of the repository's `docs`, so there is one of each.

mod frame;
mod html;
mod markdown;

use std::sync::LazyLock;

use axum::{body::Bytes, response::IntoResponse};

pub(crate) use self::{
    frame::{Place, headers, write},
    html::{Prose, Text},
};

/// The paths, without the base path.
pub(crate) const INDEX: &str = "/docs";
pub(crate) const TUTORIAL: &str = "/docs/tutorial";
pub(crate) const LANGUAGE: &str = "/docs/language";
pub(crate) const API: &str = "/docs/api";

/// Whether there is documentation at this path. `access::auth` uses it.
pub(crate) fn has(path: &str) -> bool {
    [INDEX, TUTORIAL, LANGUAGE, API].contains(&path)
}

pub(crate) async fn index() -> impl IntoResponse {
    static PAGE: LazyLock<Bytes> = LazyLock::new(|| page(include_str!("index.md"), Place::Index));
    (headers(), PAGE.clone())
}

pub(crate) async fn tutorial() -> impl IntoResponse {
    static PAGE: LazyLock<Bytes> =
        LazyLock::new(|| page(include_str!("../../docs/TUTORIAL.md"), Place::Inside));
    (headers(), PAGE.clone())
}

pub(crate) async fn language() -> impl IntoResponse {
    static PAGE: LazyLock<Bytes> =
        LazyLock::new(|| page(include_str!("../../docs/LANGUAGE.md"), Place::Inside));
    (headers(), PAGE.clone())
}

/// The page of a Markdown text.
fn page(text: &str, place: Place) -> Bytes {
    let text = markdown::read(text);
    let page = frame::write(
        place,
        &text.title,
        |page| markdown::contents(page, &text.headings),
        |page| {
            page.push_str(&text.html);
            Ok(())
        },
    );
    page.into()
}
