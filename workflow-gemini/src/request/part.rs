//! [`Part`]: images, files and further texts of a request.

use base64::{Engine, engine::general_purpose::STANDARD};

/// The most bytes of inline data in a request, before base64. Upload larger data and name its URI.
///
/// The API accepts 100 MB (50 MB for PDF) since January 2026, and 20 MB before. The limit is lower
/// because the client holds the request in memory, together with all other requests in flight.
pub const MAX_INLINE_BYTES: usize = 15 * 1024 * 1024;

/// A part of a request besides its prompt.
///
/// ```
/// use workflow_gemini::{GenerateRequest, Part};
///
/// let request = GenerateRequest::new("What is in these?")
///     .with_part(Part::inline("image/png", b"the bytes of an image"))
///     .with_part(Part::file("https://example.com/report.pdf").with_mime_type("application/pdf"));
/// # let _ = request;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// A text besides the prompt.
    Text(String),
    /// Data within the request.
    Inline {
        /// The MIME type, for example `image/png`.
        mime_type: String,
        /// The data as base64, in the standard or the URL-safe alphabet.
        data: String,
    },
    /// A file that the API fetches, or that was uploaded before.
    File {
        /// The MIME type, if the API cannot detect it.
        mime_type: Option<String>,
        /// The URI: of an uploaded file, public `https://`, or `gs://` on Vertex AI.
        uri: String,
    },
}

impl Part {
    /// Creates a text part.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Creates inline data from bytes.
    pub fn inline(mime_type: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        Self::base64(mime_type, STANDARD.encode(bytes))
    }

    /// Creates inline data from base64. Spaces and line ends are removed.
    pub fn base64(mime_type: impl Into<String>, data: impl AsRef<str>) -> Self {
        let mime_type = mime_type.into().trim().to_owned();
        let mut data = data.as_ref().trim().to_owned();
        if data.bytes().any(|byte| byte.is_ascii_whitespace()) {
            // Many tools wrap base64 at 76 characters (RFC 2045), which the API refuses.
            data.retain(|c| !c.is_ascii_whitespace());
        }
        Self::Inline { mime_type, data }
    }

    /// Creates a file part from its URI.
    pub fn file(uri: impl Into<String>) -> Self {
        let uri = uri.into().trim().to_owned();
        let mime_type = None;
        Self::File { mime_type, uri }
    }

    /// Sets the MIME type. No effect on a text.
    #[must_use]
    pub fn with_mime_type(mut self, kind: impl Into<String>) -> Self {
        match &mut self {
            Self::Text(_) => {}
            Self::Inline { mime_type, .. } => *mime_type = kind.into(),
            Self::File { mime_type, .. } => *mime_type = Some(kind.into()),
        }
        self
    }

    /// The approximate size of inline data, after base64 is decoded. Wrong by two bytes
    /// at most, since padding is counted and an incomplete last group is not.
    fn inline_bytes(&self) -> usize {
        match self {
            Self::Inline { data, .. } => data.len() / 4 * 3,
            Self::Text(_) | Self::File { .. } => 0,
        }
    }

    /// Checks one part. A `data:` URL is the most frequent mistake with inline data, so it has its own
    /// message.
    fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Text(text) if text.is_empty() => Err("a part's text is empty"),
            Self::Inline { mime_type, .. } if mime_type.is_empty() => {
                Err("inline data needs a MIME type")
            }
            Self::Inline { data, .. } if data.is_empty() => Err("inline data is empty"),
            Self::Inline { data, .. } if data.starts_with("data:") => {
                Err("inline data is a `data:` URL: send only the part after `base64,`")
            }
            Self::Inline { data, .. } if !is_base64(data) => Err("inline data is not base64"),
            Self::File { uri, .. } if uri.is_empty() => Err("a file's URI is empty"),
            _ => Ok(()),
        }
    }
}

/// Checks all parts, and the size of their inline data together.
pub(crate) fn check<'a>(
    parts: impl IntoIterator<Item = &'a Part, IntoIter: Clone>,
) -> Result<(), &'static str> {
    let mut parts = parts.into_iter();
    let bytes: usize = parts.clone().map(Part::inline_bytes).sum();
    parts.try_for_each(Part::check)?;
    if bytes > MAX_INLINE_BYTES {
        return Err("inline data has more than 15 MiB: upload it and name its URI");
    }
    Ok(())
}

/// Whether a text is base64 as the API accepts it: in either alphabet of RFC 4648, with or without
/// padding. It is not decoded, so no memory is allocated.
fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    // A single last character has 6 bits, which is no byte, so no base64 has 4n + 1 characters.
    text.len() - data.len() <= 2 && data.len() % 4 != 1 && data.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_has_to_be_base64_of_a_named_type() {
        for data in [
            "QQ==",
            "QQ",
            " QUJD\n",
            "_-8=",
            "+/8",
            "QUJD\r\nQUJD\r\n",
            "Q Q =",
        ] {
            assert_eq!(check(&[Part::base64("image/png", data)]), Ok(()), "{data}");
        }
        for data in [
            "",
            "Q",
            "Q Q=\n==",
            "data:image/png;base64,QQ==",
            "QQ===",
            "ä",
        ] {
            assert!(check(&[Part::base64("image/png", data)]).is_err(), "{data}");
        }
        assert!(check(&[Part::base64(" ", "QQ==")]).is_err());
        assert!(check(&[Part::file("")]).is_err());
        assert!(check(&[Part::text("")]).is_err());
    }

    #[test]
    fn all_data_together_is_bounded() {
        let half = Part::base64("image/png", "AAAA".repeat(MAX_INLINE_BYTES / 6));
        let half = || half.clone();
        assert_eq!(check(&[half(), half()]), Ok(()));
        let error = check(&[half(), half(), Part::inline("image/png", [0; 9])]).unwrap_err();
        assert!(error.contains("15 MiB"), "{error}");
    }
}
