//! Content negotiation by `Accept` (RFC 9110, section 12.5.1).

use axum::http::{
    HeaderMap, HeaderName,
    header::{ACCEPT, VARY},
};

use crate::problem::{Kind, Problem};

/// The media type of Server-Sent Events.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";
/// Sent with every negotiated response: a cache must not return it to a client with another `Accept`.
pub(crate) const VARY_ACCEPT: [(HeaderName, &str); 1] = [(VARY, "accept")];

pub(crate) const JSON: &str = "application/json";
/// The media type of JSON texts, one per line.
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// The offered media type with the highest quality. Of several with the same quality, the one that the most
/// precise range matches; then the first. Without `Accept`, the first.
///
/// `offered` must not be empty. The order of offers is the preference of the service.
///
/// # Errors
/// 406 `not_acceptable`. RFC 9110, section 15.5.7, also permits to ignore `Accept` then; a refusal shows the
/// mistake to a client that would not understand the response.
pub(crate) fn choose<'a>(headers: &HeaderMap, offered: &[&'a str]) -> Result<&'a str, Problem> {
    let ranges: Vec<Range> = ranges(headers).collect();
    if ranges.is_empty() {
        return Ok(offered[0]);
    }
    // Reversed, since `max_by_key` returns the last of equal elements.
    let acceptable = offered.iter().rev().filter_map(|offered| {
        let range = ranges.iter().filter(|range| range.covers(offered));
        // The most precise range decides the quality, also where a wildcard has a higher one.
        let range = range.max_by_key(|range| range.precision())?;
        (range.quality > 0).then_some((range.quality, range.precision(), *offered))
    });
    let best = acceptable.max_by_key(|(quality, precision, _)| (*quality, *precision));
    best.map(|(.., best)| best).ok_or_else(|| {
        Kind::NotAcceptable.of(format!(
            "the response is available as {}",
            offered.join(" or ")
        ))
    })
}

/// A media range with its quality, in thousandths: RFC 9110 permits three decimal places.
///
/// Whole numbers, since they are compared: `0.8` and `0.80` must be equal.
struct Range<'a> {
    name: &'a str,
    quality: u16,
}

/// The quality among the parameters of an element of a list; 1 without one. The name ignores case (RFC 9110, section
/// 5.6.6).
pub(super) fn quality<'a>(mut parameters: impl Iterator<Item = &'a str>) -> f32 {
    let quality = |parameter: &str| {
        let (name, value) = parameter.split_once('=')?;
        let is_quality = name.eq_ignore_ascii_case("q");
        is_quality.then(|| value.parse().ok()).flatten()
    };
    parameters.find_map(quality).unwrap_or(1.0)
}

/// All ranges of all `Accept` headers. A header that is not ASCII is ignored, as if it was not sent. Several
/// headers are one list (RFC 9110, section 5.3). A comma within a quoted parameter would split a range; no media
/// type that is offered here has one.
fn ranges(headers: &HeaderMap) -> impl Iterator<Item = Range<'_>> {
    let values = headers.get_all(ACCEPT).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let texts = texts.flat_map(|text| text.split(','));
    texts
        .map(Range::read)
        .filter(|range| !range.name.is_empty())
}

impl<'a> Range<'a> {
    /// Reads a range. A quality that is not a number counts as 1. Other parameters are ignored. RFC 9110, section
    /// 12.4.2, defines the quality; a malformed one is no reason to refuse a request.
    fn read(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = quality(parts).clamp(0.0, 1.0) * 1000.0;
        Self {
            name,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the value is between 0 and 1000"
            )]
            quality: quality as u16,
        }
    }

    fn covers(&self, media_type: &str) -> bool {
        match self.name.strip_suffix("/*") {
            Some("*") => true,
            Some(kind) => {
                let offered = media_type.split('/').next().unwrap_or_default();
                offered.eq_ignore_ascii_case(kind)
            }
            None => self.name.eq_ignore_ascii_case(media_type),
        }
    }

    /// 2 for a media type, 1 for `text/*`, 0 for `*/*`. RFC 9110, section 12.5.1: the most specific reference has
    /// precedence.
    fn precision(&self) -> usize {
        2 - self.name.matches('*').count().min(2)
    }
}
