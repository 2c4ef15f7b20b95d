//! Content codings: what a client accepts, and what is compressed while it is sent.

use axum::{
    Router,
    extract::Request,
    http::{
        Extensions, HeaderMap, HeaderValue, StatusCode, Version,
        header::{ACCEPT_ENCODING, CONTENT_TYPE},
    },
    middleware::{self, Next},
    response::Response,
};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{Predicate, SizeAbove},
    },
};

use crate::metrics::OPEN_METRICS;

/// A coding that answers can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    /// The smallest that a client accepts. One that accepts nothing that there is gets what is not coded, as
    /// RFC 9110, section 12.5.3, permits.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let (brotli, gzip) = (quality(headers, "br"), quality(headers, "gzip"));
        match (brotli > 0.0, gzip > 0.0) {
            (true, _) if brotli >= gzip => Self::Brotli,
            (_, true) => Self::Gzip,
            _ => Self::Identity,
        }
    }

    /// Its name in headers; none for what is not coded.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// How much a client likes a coding, from 0 to 1; 0 is a refusal.
fn quality(headers: &HeaderMap, coding: &str) -> f32 {
    let values = headers.get_all(ACCEPT_ENCODING).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let ranges = values.flat_map(|text| text.split(',')).map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
        (name, quality.unwrap_or(1.0))
    });
    let mut any = 0.0;
    for (name, quality) in ranges {
        if name.eq_ignore_ascii_case(coding) || coding == "gzip" && name == "x-gzip" {
            return quality;
        }
        if name == "*" {
            any = quality;
        }
    }
    any
}

/// The fewest bytes that are worth compressing: an answer that fits into a packet gains nothing.
const MIN_BYTES: u64 = 1024;

/// Compresses JSON and other text while it is sent. Streams of events are left alone: each frame leaves at once.
pub(crate) fn compressed<S>(router: Router<S>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let layer = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(MIN_BYTES).and(is_text));
    router.layer(layer).layer(middleware::from_fn(reduced))
}

fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let media_type = media_type.unwrap_or_default();
    let name = media_type.split(';').next().unwrap_or_default();
    matches!(name, "application/json" | "text/html" | OPEN_METRICS) || name.ends_with("+json")
}

/// Leaves the layer one coding to choose from. By itself it changes the status of an answer to 406 where a client accepts
/// no coding, also when the handler has done its work.
async fn reduced(mut request: Request, next: Next) -> Response {
    let coding = Coding::accepted(request.headers());
    let headers = request.headers_mut();
    headers.remove(ACCEPT_ENCODING);
    if let Some(name) = coding.name() {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(name));
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_coding_that_is_accepted_is_chosen() {
        for (accepted, coding) in [
            ("", Coding::Identity),
            ("identity", Coding::Identity),
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("gzip", Coding::Gzip),
            ("x-gzip", Coding::Gzip),
            ("GZIP;q=0.5", Coding::Gzip),
            ("br;q=0.1, gzip;q=0.9", Coding::Gzip),
            ("br;q=0, gzip;q=0.1", Coding::Gzip),
            ("*", Coding::Brotli),
            ("*;q=0.5, br;q=0", Coding::Gzip),
            ("gzip;q=0, *", Coding::Brotli),
            ("identity;q=0", Coding::Identity),
            ("*;q=0", Coding::Identity),
            ("zstd", Coding::Identity),
            (";;,,q=", Coding::Identity),
        ] {
            let headers = [(ACCEPT_ENCODING, HeaderValue::from_static(accepted))];
            let headers = headers.into_iter().collect();
            assert_eq!(Coding::accepted(&headers), coding, "{accepted:?}");
        }
        assert_eq!(Coding::accepted(&HeaderMap::new()), Coding::Identity);
    }
}
