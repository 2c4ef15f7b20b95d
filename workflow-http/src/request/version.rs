//! Versions of workflows as entity tags (RFC 9110, section 8.8.3): `"3"` is version 3.

use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{ETAG, IF_MATCH, IF_NONE_MATCH},
        request::Parts,
    },
    response::AppendHeaders,
};

use crate::{
    app::App,
    problem::{Kind, Problem},
};

/// The `ETag` of a version.
pub(crate) fn etag(version: u32) -> AppendHeaders<[(HeaderName, String); 1]> {
    AppendHeaders([(ETAG, format!("\"{version}\""))])
}

/// Whether the client has this version (`If-None-Match`). The comparison is weak (RFC 9110, section 13.1.2), so
/// `W/` is ignored.
pub(crate) fn is_known(headers: &HeaderMap, version: u32) -> bool {
    let tags = tags(headers, &IF_NONE_MATCH);
    let known = |tag: &str| tag == "*" || number(tag.trim_start_matches("W/")) == Some(version);
    tags.is_some_and(|mut tags| tags.any(known))
}

/// The version in `If-Match`, which has to be the newest one. `*` and a missing header are no condition.
///
/// A list of several tags is refused, although RFC 9110, section 13.1.1, permits it: an editor has one version, and
/// a list would let it overwrite one that it has not seen.
pub(crate) struct IfMatch(pub(crate) Option<u32>);

impl FromRequestParts<App> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let Some(mut tags) = tags(&parts.headers, &IF_MATCH) else {
            return Ok(Self(None));
        };
        match (tags.next(), tags.next()) {
            (Some("*"), None) => Ok(Self(None)),
            // A well-formed tag that is no version cannot match: that is 412, not 400. A weak tag never matches
            // either (section 13.1.1 requires the strong comparison).
            (Some(tag), None) if is_tag(tag) => match number(tag) {
                Some(version) => Ok(Self(Some(version))),
                None => Err(Kind::OtherVersion.of(format!("{tag} is not the tag of a version"))),
            },
            _ => {
                Err(Kind::InvalidIfMatch
                    .of("If-Match must have the tag of one version, such as \"3\""))
            }
        }
    }
}

/// The tags in a header; `None` if the request does not have it. It splits at commas. A tag of another service may
/// contain one (RFC 9110, section 8.8.3); those of this service do not.
fn tags<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Option<impl Iterator<Item = &'a str> + use<'a>> {
    headers.get(name)?;
    let values = headers.get_all(name).iter();
    let texts = values.filter_map(|value: &HeaderValue| value.to_str().ok());
    Some(texts.flat_map(|text| text.split(',')).map(str::trim))
}

/// Whether a text has the form of an entity tag, weak or strong.
fn is_tag(text: &str) -> bool {
    opaque(text.strip_prefix("W/").unwrap_or(text)).is_some()
}

/// The version of a strong tag, in the form in which the service writes it: `"03"` is no version. Otherwise one
/// version would have several tags.
fn number(tag: &str) -> Option<u32> {
    let version = opaque(tag)?;
    let number: u32 = version.parse().ok()?;
    (number.to_string() == version).then_some(number)
}

/// The text between the quotes of a tag.
fn opaque(tag: &str) -> Option<&str> {
    let opaque = tag.strip_prefix('"')?.strip_suffix('"')?;
    (!opaque.contains('"')).then_some(opaque)
}
