//! What is sent besides the prompt: images, files, further texts.

use base64::{Engine, engine::general_purpose::STANDARD};

/// The most bytes of all inline data of a request, before they are written as base64: what is larger
/// has to be uploaded, and named by its URI. The API itself takes 100 MB of inline data (50 MB for PDF)
/// since January 2026, and took 20 MB before; a client holds a request in memory, so this is less.
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
    /// Text, apart from the prompt.
    Text(String),
    /// Data that is sent along.
    Inline {
        /// What it is, `image/png`.
        mime_type: String,
        /// The data as base64.
        data: String,
    },
    /// Data that the API fetches, or was sent before.
    File {
        /// What it is, where the API cannot know.
        mime_type: Option<String>,
        /// Where it is: of an uploaded file, `gs://` on Vertex AI, or public.
        uri: String,
    },
}

impl Part {
    /// A further text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// These bytes.
    pub fn inline(mime_type: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        Self::base64(mime_type, STANDARD.encode(bytes))
    }

    /// Bytes that are written as base64 already. Blanks and line ends in it do not count.
    pub fn base64(mime_type: impl Into<String>, data: impl AsRef<str>) -> Self {
        let mime_type = mime_type.into().trim().to_owned();
        let mut data = data.as_ref().trim().to_owned();
        if data.bytes().any(|byte| byte.is_ascii_whitespace()) {
            // Many tools wrap base64 at 76 characters; the API refuses that.
            data.retain(|c| !c.is_ascii_whitespace());
        }
        Self::Inline { mime_type, data }
    }

    /// A file at a URI.
    pub fn file(uri: impl Into<String>) -> Self {
        let uri = uri.into().trim().to_owned();
        let mime_type = None;
        Self::File { mime_type, uri }
    }

    /// Says what the data or file is. A text has no type.
    #[must_use]
    pub fn with_mime_type(mut self, kind: impl Into<String>) -> Self {
        match &mut self {
            Self::Text(_) => {}
            Self::Inline { mime_type, .. } => *mime_type = kind.into(),
            Self::File { mime_type, .. } => *mime_type = Some(kind.into()),
        }
        self
    }

    /// How many bytes of data it holds.
    fn inline_bytes(&self) -> usize {
        match self {
            Self::Inline { data, .. } => data.len() / 4 * 3,
            Self::Text(_) | Self::File { .. } => 0,
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Text(text) if text.is_empty() => Err("a part's text is empty"),
            Self::Inline { mime_type, .. } if mime_type.is_empty() => {
                Err("inline data needs a MIME type")
            }
            Self::Inline { data, .. } if data.is_empty() => Err("inline data is empty"),
            Self::Inline { data, .. } if data.starts_with("data:") => {
                Err("inline data is a `data:` URL, where only what follows `base64,` belongs")
            }
            Self::Inline { data, .. } if !is_base64(data) => Err("inline data is not base64"),
            Self::File { uri, .. } if uri.is_empty() => Err("a file's URI is empty"),
            _ => Ok(()),
        }
    }
}

/// Whether parts can be sent.
pub(crate) fn check(parts: &[Part]) -> Result<(), &'static str> {
    parts.iter().try_for_each(Part::check)?;
    let bytes: usize = parts.iter().map(Part::inline_bytes).sum();
    if bytes > MAX_INLINE_BYTES {
        return Err("inline data has more than 15 MiB: upload it, and name its URI");
    }
    Ok(())
}

/// Base64 as the API takes it: of either alphabet, with or without its padding.
fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
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
