//! Markers in prompts that produce faults.

/// A fault that a marker in a prompt produces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// `[[400]]`: the request is invalid.
    BadRequest,
    /// `[[429]]`: a rate limit; the next call with the same prompt succeeds.
    RateLimited,
    /// `[[500]]`: an internal error, on every call.
    Internal,
    /// `[[safety]]`: no text, with the finish reason `SAFETY`.
    Safety,
    /// `[[cut]]`: the connection fails in the middle of the reply.
    Cut,
}

impl Marker {
    const TEXTS: [(&str, Self); 5] = [
        ("[[400]]", Self::BadRequest),
        ("[[429]]", Self::RateLimited),
        ("[[500]]", Self::Internal),
        ("[[safety]]", Self::Safety),
        ("[[cut]]", Self::Cut),
    ];

    /// The marker in a prompt; of several, the first one of the list.
    pub(super) fn of(prompt: &str) -> Option<Self> {
        let mut known = Self::TEXTS.into_iter();
        let found = known.find(|(written, _)| prompt.contains(written))?;
        Some(found.1)
    }

    /// The prompt without markers.
    pub(super) fn removed_from(prompt: &str) -> String {
        let known = Self::TEXTS.into_iter();
        known.fold(prompt.to_owned(), |text, (written, _)| {
            text.replace(written, "")
        })
    }
}
