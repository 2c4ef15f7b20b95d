//! The two methods of the API that generate content.

/// How an answer is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Method {
    /// In one piece: `generateContent`.
    Whole,
    /// As it is written: `streamGenerateContent`.
    Streamed,
}
