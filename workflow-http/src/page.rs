//! The web page, embedded in the binary.
//!
//! The files have fixed names and refer to each other by relative URLs. So the page must be reached by a path
//! that ends with a slash, or contain its base path. `build.rs` embeds `ui/dist`; this module sends the files
//! and knows nothing about their content.

use std::{borrow::Cow, io::Read};

use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri,
        header::{
            ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
            IF_NONE_MATCH, REFERRER_POLICY, VARY,
        },
    },
    response::{IntoResponse, Redirect, Response},
};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use crate::{docs::Text, problem::Kind, request::Coding};

// `static FILES: &[File]`, written by `build.rs`.
include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// A file of the page.
struct File {
    /// The path below the root of the page.
    name: &'static str,
    /// A prefix of the SHA-256 of the uncompressed content, for the entity tag.
    hash: &'static str,
    /// The content as it is; `None` if there is a compressed form, from which it is made for the few clients without
    /// compression: it would be a megabyte of the program.
    plain: Option<&'static [u8]>,
    /// The compressed content; `None` if compression saves too little.
    gzip: Option<&'static [u8]>,
    brotli: Option<&'static [u8]>,
}

impl File {
    /// The file at a path.
    ///
    /// The comparison is with the list of embedded files, so a path with `..` or an encoded slash finds nothing.
    fn at(path: &str) -> Option<&'static Self> {
        let name = match path.trim_start_matches('/') {
            "" => INDEX,
            name => name,
        };
        FILES.iter().find(|file| file.name == name)
    }

    /// The content in an accepted coding, or as it is.
    ///
    /// A file without a compressed form is sent as it is: RFC 9110, section 12.5.3, permits that whatever a client
    /// accepts, unless it excludes `identity`, which is ignored here.
    fn content(&self, accepted: Coding) -> (Cow<'static, [u8]>, Coding) {
        let coded = match accepted {
            Coding::Brotli => self.brotli,
            Coding::Gzip => self.gzip,
            Coding::Identity => None,
        };
        match coded {
            Some(coded) => (Cow::Borrowed(coded), accepted),
            None => (self.plain(), Coding::Identity),
        }
    }

    fn plain(&self) -> Cow<'static, [u8]> {
        if let Some(plain) = self.plain {
            return Cow::Borrowed(plain);
        }
        let mut content = Vec::new();
        let mut decoder = GzDecoder::new(self.gzip.unwrap_or_default());
        decoder
            .read_to_end(&mut content)
            .expect("the build script compressed it");
        Cow::Owned(content)
    }
}

const INDEX: &str = "index.html";

/// No inline scripts, no other hosts, no frames: a text of a model that reaches the page as markup cannot run or
/// load anything. `style-src` has no `unsafe-inline`, so the page must not use `style` attributes in markup.
/// `connect-src 'self'` covers event streams.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/// `no-cache` means: revalidate before each use. File names are fixed, so a new version has the same URL. `vary` is
/// on every file, also on those without a compressed form: which ones have it may change with a build.
const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (named("cross-origin-opener-policy"), "same-origin"),
    (named("cross-origin-resource-policy"), "same-origin"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-cache"),
    (VARY, "accept-encoding"),
];

const ALLOWED: [(HeaderName, &str); 1] = [(ALLOW, "GET,HEAD")];

const fn named(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

/// Whether there is a file at this path. `access::auth` uses it: the files of the page need no key.
pub(crate) fn has(path: &str) -> bool {
    File::at(path).is_some()
}

/// The page of a service. With a base path, its `index.html` gets a `<base>` element: then the page also works
/// behind a proxy that removes the base path, with or without a trailing slash in the browser's address.
///
/// Only `index.html` depends on the base path. It is rendered once per router and sent uncompressed: it is small,
/// and a compressed form would have to be made for each base path.
pub(crate) struct Page {
    /// `index.html` with its `<base>`, and the hash of that; `None` without a base path.
    index: Option<(String, String)>,
}

impl Page {
    pub(crate) fn new(base_path: &str) -> Self {
        let index = File::at(INDEX).filter(|_| !base_path.is_empty());
        let index = index.map(|file| {
            let html = file.plain();
            let html = String::from_utf8_lossy(&html);
            let head = format!("<head>\n    <base href=\"{}/\" />", Text(base_path));
            let html = html.replacen("<head>", &head, 1);
            let hash = Sha256::digest(&html);
            let hash = hash.iter().take(8).map(|byte| format!("{byte:02x}"));
            let hash = hash.collect();
            (html, hash)
        });
        Self { index }
    }

    /// The response to a request for a file of the page; `None` if no file has this path.
    ///
    /// `original` is the URL before axum removed the prefix of a nested router. Without a trailing slash there,
    /// relative URLs would resolve against the parent, so the root is redirected.
    ///
    /// `OPTIONS` and other methods are handled here, since the page is behind the fallback of the router, which
    /// accepts every method.
    pub(crate) fn answer(&self, original: &Uri, request: &Request) -> Option<Response> {
        let path = request.uri().path();
        let file = File::at(path)?;
        let original = original.path();
        Some(match *request.method() {
            Method::GET | Method::HEAD if path == "/" && !original.ends_with('/') => {
                Redirect::permanent(&format!("{original}/")).into_response()
            }
            Method::GET | Method::HEAD => self.send(file, request),
            Method::OPTIONS => (StatusCode::NO_CONTENT, ALLOWED).into_response(),
            ref method => {
                let problem = Kind::WrongMethod.of(format!("{method} is not served at {original}"));
                (ALLOWED, problem).into_response()
            }
        })
    }

    /// Sends a file, or 304 if the client has it.
    fn send(&self, file: &'static File, request: &Request) -> Response {
        let accepted = request.extensions().get().copied();
        let accepted = accepted.unwrap_or(Coding::Identity);
        let (hash, content, coding) = match &self.index {
            Some((html, hash)) if file.name == INDEX => {
                let html = Cow::Owned(html.clone().into_bytes());
                (&**hash, html, Coding::Identity)
            }
            _ => {
                let (content, coding) = file.content(accepted);
                (file.hash, content, coding)
            }
        };
        let mut response = if is_cached(request.headers(), hash) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(CONTENT_TYPE, content_type(file.name))], content).into_response()
        };
        let headers = response.headers_mut();
        headers.extend(HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value))));
        // A tag names a representation: each coding has its own (RFC 9110, section 8.8.3.3).
        let etag = match coding.name() {
            Some(name) => format!("\"{hash}-{name}\""),
            None => format!("\"{hash}\""),
        };
        headers.extend(HeaderValue::try_from(etag).map(|etag| (ETAG, etag)));
        if let Some(name) = coding
            .name()
            .filter(|_| response.status() == StatusCode::OK)
        {
            let name = HeaderValue::from_static(name);
            response.headers_mut().insert(CONTENT_ENCODING, name);
        }
        response
    }
}

/// Whether the client has this content, in any coding. `If-None-Match` uses the weak comparison (RFC 9110,
/// section 13.1.2), so `W/` is ignored.
///
/// The suffix of the coding is ignored: a client that has the content in one coding need not load it in another.
fn is_cached(request: &HeaderMap, hash: &str) -> bool {
    let tags = request.get_all(IF_NONE_MATCH).iter();
    let tags = tags.filter_map(|value| value.to_str().ok());
    let mut tags = tags.flat_map(|tags| tags.split(',')).map(str::trim);
    tags.any(|tag| {
        let opaque = tag.trim_start_matches("W/").trim_matches('"');
        let known = opaque.split_once('-').map_or(opaque, |(known, _)| known);
        known == hash || tag == "*"
    })
}

/// The types of the files that a build of the page contains. `nosniff` is set, so a browser does not run a script
/// or apply a style sheet that is sent as `application/octet-stream`: a new kind of file needs a line here.
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
