//! The web page, embedded in the binary. Its files have fixed names and refer to each other by
//! relative URLs, so it must be reached by a path that ends with a slash.

use axum::{
    extract::Request,
    http::{
        HeaderName, HeaderValue, Method, StatusCode, Uri,
        header::{
            ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            REFERRER_POLICY,
        },
    },
    response::{IntoResponse, Redirect, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::problem::Kind;

#[derive(RustEmbed)]
#[folder = "ui/dist"]
struct Files;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (named("cross-origin-opener-policy"), "same-origin"),
    (named("cross-origin-resource-policy"), "same-origin"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-cache"),
];

const ALLOWED: [(HeaderName, &str); 1] = [(ALLOW, "GET,HEAD")];

const fn named(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

/// Whether there is a file at this path.
pub(crate) fn has(path: &str) -> bool {
    Files::get(file_name(path)).is_some()
}

fn file_name(path: &str) -> &str {
    match path.trim_start_matches('/') {
        "" => "index.html",
        name => name,
    }
}

/// The file that a request asks for, if it is one. `original` is the path before any nesting.
pub(crate) fn answer(original: &Uri, request: &Request) -> Option<Response> {
    let path = request.uri().path();
    let name = file_name(path);
    let file = Files::get(name)?;
    let original = original.path();
    Some(match *request.method() {
        Method::GET | Method::HEAD if path == "/" && !original.ends_with('/') => {
            Redirect::permanent(&format!("{original}/")).into_response()
        }
        Method::GET | Method::HEAD => send(name, file, request.headers().get(IF_NONE_MATCH)),
        Method::OPTIONS => (StatusCode::NO_CONTENT, ALLOWED).into_response(),
        ref method => {
            let problem = Kind::WrongMethod.of(format!("{method} is not served at {original}"));
            (ALLOWED, problem).into_response()
        }
    })
}

/// A file, or that the client has it already.
fn send(name: &str, file: EmbeddedFile, known: Option<&HeaderValue>) -> Response {
    let etag = etag(&file);
    let is_known = known.is_some_and(|known| known == etag.as_str());
    let headers = (HEADERS, [(ETAG, etag)]);
    if is_known {
        return (StatusCode::NOT_MODIFIED, headers.0, headers.1).into_response();
    }
    (
        headers.0,
        headers.1,
        [(CONTENT_TYPE, content_type(name))],
        file.data,
    )
        .into_response()
}

/// The beginning of the content's hash.
fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let number = hash
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("\"{number:016x}\"")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
