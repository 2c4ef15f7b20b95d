//! What a client asked to be answered with.

use axum::http::{
    HeaderMap, HeaderName,
    header::{ACCEPT, VARY},
};

use crate::problem::{Kind, Problem};

pub(crate) const EVENT_STREAM: &str = "text/event-stream";
/// What an answer says whose form the client chooses: a cache must not give it to another client.
pub(crate) const VARY_ACCEPT: [(HeaderName, &str); 1] = [(VARY, "accept")];

pub(crate) const JSON: &str = "application/json";

/// Of the media types a route offers, the one that the client likes best. Of several it likes alike,
/// the one that it names; then the first.
pub(crate) fn choose<'a>(headers: &HeaderMap, offered: &[&'a str]) -> Result<&'a str, Problem> {
    let ranges: Vec<Range> = ranges(headers).collect();
    if ranges.is_empty() {
        return Ok(offered[0]);
    }
    let liked = offered.iter().rev().filter_map(|offered| {
        let range = ranges.iter().filter(|range| range.covers(offered));
        let range = range.max_by_key(|range| range.precision())?;
        (range.quality > 0).then_some((range.quality, range.precision(), *offered))
    });
    let best = liked.max_by_key(|(quality, precision, _)| (*quality, *precision));
    best.map(|(.., best)| best)
        .ok_or_else(|| Kind::NotAcceptable.of(format!("this comes as {}", offered.join(" or "))))
}

/// Some media types, and how much a client likes them, in thousandths.
struct Range<'a> {
    name: &'a str,
    quality: u16,
}

fn ranges(headers: &HeaderMap) -> impl Iterator<Item = Range<'_>> {
    let values = headers.get_all(ACCEPT).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let texts = texts.flat_map(|text| text.split(','));
    texts
        .map(Range::read)
        .filter(|range| !range.name.is_empty())
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
        let quality = f32::clamp(quality.unwrap_or(1.0), 0.0, 1.0) * 1000.0;
        Self {
            name,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is between 0 and 1000"
            )]
            quality: quality as u16,
        }
    }

    fn covers(&self, media_type: &str) -> bool {
        match self.name.strip_suffix("/*") {
            Some("*") => true,
            Some(kind) => media_type.split('/').next() == Some(kind),
            None => self.name.eq_ignore_ascii_case(media_type),
        }
    }

    /// A name says more than `text/*`, and that more than `*/*`.
    fn precision(&self) -> usize {
        2 - self.name.matches('*').count().min(2)
    }
}
