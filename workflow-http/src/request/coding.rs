//! Content codings (RFC 9110, section 12.5.3): which one a client accepts, and the compression of responses.

use axum::{
    extract::Request,
    http::{
        Extensions, HeaderMap, HeaderValue, StatusCode, Version,
        header::{ACCEPT_ENCODING, CONTENT_TYPE},
    },
};
use tower::util::MapRequestLayer;
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{Predicate, SizeAbove},
    },
};

use super::accept;
use crate::metrics::OPEN_METRICS;

/// The content codings of responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    /// The accepted coding with the smallest result. A client that accepts none of them gets the uncompressed
    /// content, as RFC 9110, section 12.5.3, permits.
    ///
    /// Of two codings with the same quality, Brotli is chosen. `deflate` and `zstd` are not offered.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let (brotli, gzip) = (quality(headers, "br"), quality(headers, "gzip"));
        match (brotli > 0.0, gzip > 0.0) {
            (true, _) if brotli >= gzip => Self::Brotli,
            (_, true) => Self::Gzip,
            _ => Self::Identity,
        }
    }

    /// The name in `Content-Encoding`; `None` for uncompressed content.
    #[cfg(feature = "ui")]
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// The quality of a coding, from 0 to 1. 0 means not acceptable; `*` covers codings that are not listed.
///
/// `x-gzip` is another name of gzip (RFC 9110, section 8.4.1.3). A missing header is 0 here, although section
/// 12.5.3 lets a server send any coding then: programs without the header often cannot decode.
fn quality(headers: &HeaderMap, coding: &str) -> f32 {
    let values = headers.get_all(ACCEPT_ENCODING).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let ranges = values.flat_map(|text| text.split(',')).map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        (name, accept::quality(parts))
    });
    let mut any = 0.0;
    for (name, quality) in ranges {
        if name.eq_ignore_ascii_case(coding)
            || coding == "gzip" && name.eq_ignore_ascii_case("x-gzip")
        {
            return quality;
        }
        if name == "*" {
            any = quality;
        }
    }
    any
}

/// The smallest response that is compressed: one that fits into a packet gains nothing.
const MIN_BYTES: u64 = 1024;

/// Compresses text while it is sent. Event streams are not compressed: a compressor would hold frames back.
///
/// With gzip only: an encoder of Brotli would be a megabyte of the program, for a few bytes less of each response. The
/// fastest level: a response is compressed for each request, and the higher levels save few bytes of JSON for
/// several times the work. Files of the page are compressed by `build.rs` and pass unchanged, since they have
/// `Content-Encoding`.
///
/// [`one_coding`] must be outside of it.
pub(crate) fn compression() -> CompressionLayer<impl Predicate + Send + Sync> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(MIN_BYTES).and(is_text))
}

/// Whether the response is worth compressing, by its type. `text/event-stream` is not in the list on purpose.
/// `application/problem+json` and `application/schema+json` end with `+json`.
fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let media_type = media_type.unwrap_or_default();
    let name = media_type.split(';').next().unwrap_or_default();
    matches!(name, "application/json" | "text/html" | OPEN_METRICS) || name.ends_with("+json")
}

/// The layer of [`with_one_coding`].
pub(crate) fn one_coding() -> MapRequestLayer<fn(Request) -> Request> {
    MapRequestLayer::new(with_one_coding)
}

/// Reduces `Accept-Encoding` to gzip or nothing. Otherwise the compression layer returns 406 if the client accepts none,
/// even though the handler has done its work. The files of the page exist in all codings, so they get the accepted one
/// as an extension.
fn with_one_coding(mut request: Request) -> Request {
    let accepted = Coding::accepted(request.headers());
    let is_gzip = quality(request.headers(), "gzip") > 0.0;
    request.extensions_mut().insert(accepted);
    let headers = request.headers_mut();
    headers.remove(ACCEPT_ENCODING);
    if is_gzip {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_accepted_coding_is_chosen() {
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
