//! The two methods of the API that generate content.

/// How the API sends an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Method {
    /// In one piece: `generateContent`.
    Whole,
    /// While the model writes it: `streamGenerateContent`, as server-sent events.
    Streamed,
}
