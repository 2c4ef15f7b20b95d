//! Spelling: suggestions for misspelt words, and the API's spelling of words.

pub(crate) use workflow_llm::spelling::unknown;

/// The API's spelling of a word: `only high` is `ONLY_HIGH`.
pub(crate) fn to_api_case(text: &str) -> String {
    let word = text.trim().to_ascii_uppercase();
    word.replace([' ', '-'], "_")
}
