//! What all pages of the documentation have: HTML and one style sheet, no script.

use std::fmt::{self, Write};

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use super::html::Text;

const STYLE: &str = include_str!("style.css");

/// Where a page is. Links are relative, so that they hold under any base path.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// `/docs`.
    Index,
    /// `/docs/…`.
    Inside,
}

impl Place {
    /// What leads from here to the pages inside.
    fn to_pages(self) -> &'static str {
        match self {
            Self::Index => "docs/",
            Self::Inside => "",
        }
    }

    /// What leads from here to the root of the service.
    fn to_root(self) -> &'static str {
        match self {
            Self::Index => "./",
            Self::Inside => "../",
        }
    }
}

/// A page loads nothing and runs nothing. Its one style sheet is allowed by its hash (CSP Level 3, section
/// 2.3.1), which is that of the text between the tags: `write` must put nothing else there, or browsers ignore the
/// style.
pub(crate) fn headers() -> [(HeaderName, String); 3] {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, "no-cache".to_owned()),
    ]
}

/// A page with this title, contents at its side, and text.
pub(crate) fn write(
    place: Place,
    title: &str,
    contents: impl FnOnce(&mut String) -> fmt::Result,
    text: impl FnOnce(&mut String) -> fmt::Result,
) -> String {
    let mut page = String::new();
    try_write(&mut page, place, title, contents, text).expect("a string takes any text");
    page
}

fn try_write(
    page: &mut String,
    place: Place,
    title: &str,
    contents: impl FnOnce(&mut String) -> fmt::Result,
    text: impl FnOnce(&mut String) -> fmt::Result,
) -> fmt::Result {
    let title = Text(title);
    let (pages, root) = (place.to_pages(), place.to_root());
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <nav aria-label=\"Documentation\">\n<ul class=\"pages\">\n\
         <li><a href=\"{root}\">Workflows</a></li>\n\
         <li><a href=\"{pages}tutorial\">Tutorial</a></li>\n\
         <li><a href=\"{pages}language\">Language</a></li>\n\
         <li><a href=\"{pages}api\">API</a></li>\n</ul>\n"
    )?;
    contents(page)?;
    writeln!(page, "</nav>\n<main>")?;
    text(page)?;
    page.write_str("</main>\n</body>\n</html>\n")
}
