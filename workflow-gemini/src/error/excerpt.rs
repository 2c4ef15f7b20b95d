//! Text of the API, made fit to be shown.

use workflow_httpkit::Secret;

/// The most characters of foreign text that an error shows.
const LONGEST: usize = 1_000;

/// The text without the key, on one line, bounded.
pub(super) fn excerpt(text: &str, key: &Secret) -> String {
    workflow_httpkit::excerpt(text.to_owned(), key.redactor(), LONGEST)
}
