//! [`Part`]: texts, images and files of a message.

use base64::{Engine, engine::general_purpose::STANDARD};

/// A piece of a message of the user: a text, data, or a file.
///
/// ```
/// use workflow_llm::Part;
///
/// let parts = [
///     Part::text("What is in these?"),
///     Part::inline("image/png", b"the bytes of an image"),
///     Part::file("https://example.com/report.pdf").with_mime_type("application/pdf"),
/// ];
/// assert!(parts.iter().all(|part| part.check().is_ok()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "a provider has to send each kind, or refuse it"
)]
pub enum Part {
    /// A text.
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
        /// The URI of the file. Which ones are accepted depends on the provider.
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
            // Many tools wrap base64 at 76 characters (RFC 2045), which APIs refuse.
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

    /// The approximate size of inline data, after base64 is decoded; 0 for other parts. Wrong by two bytes
    /// at most, since padding is counted and an incomplete last group is not.
    pub fn inline_bytes(&self) -> usize {
        match self {
            Self::Inline { data, .. } => data.len() / 4 * 3,
            Self::Text(_) | Self::File { .. } => 0,
        }
    }

    /// Checks what every API refuses. A `data:` URL is the most frequent mistake with inline data, so it has its own
    /// message.
    ///
    /// # Errors
    /// The fault, in words.
    pub fn check(&self) -> Result<(), &'static str> {
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

/// Whether a text is base64 as APIs accept it: in either alphabet of RFC 4648, with or without
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
            assert_eq!(Part::base64("image/png", data).check(), Ok(()), "{data}");
        }
        for data in [
            "",
            "Q",
            "Q Q=\n==",
            "data:image/png;base64,QQ==",
            "QQ===",
            "ä",
        ] {
            assert!(Part::base64("image/png", data).check().is_err(), "{data}");
        }
        assert!(Part::base64(" ", "QQ==").check().is_err());
        assert!(Part::file("").check().is_err());
        assert!(Part::text("").check().is_err());
    }
}
