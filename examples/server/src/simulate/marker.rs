//! Faults that a prompt asks for.

/// What a prompt can contain to see a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// `[[400]]`: the request is refused.
    BadRequest,
    /// `[[429]]`: over a limit, and the next call with the same prompt is not.
    RateLimited,
    /// `[[500]]`: a fault of the server, each time.
    Internal,
    /// `[[safety]]`: no text, for reasons of safety.
    Safety,
    /// `[[cut]]`: the answer breaks off in the middle.
    Cut,
}

impl Marker {
    const WRITTEN: [(&str, Self); 5] = [
        ("[[400]]", Self::BadRequest),
        ("[[429]]", Self::RateLimited),
        ("[[500]]", Self::Internal),
        ("[[safety]]", Self::Safety),
        ("[[cut]]", Self::Cut),
    ];

    /// The first one in this list that the prompt contains.
    pub(super) fn of(prompt: &str) -> Option<Self> {
        let mut known = Self::WRITTEN.into_iter();
        let found = known.find(|(written, _)| prompt.contains(written))?;
        Some(found.1)
    }

    /// The prompt without any.
    pub(super) fn removed_from(prompt: &str) -> String {
        let known = Self::WRITTEN.into_iter();
        known.fold(prompt.to_owned(), |text, (written, _)| {
            text.replace(written, "")
        })
    }
}
