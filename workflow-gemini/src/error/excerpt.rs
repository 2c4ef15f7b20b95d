//! Excerpts of the server's texts for error messages.

use workflow_httpkit::Secret;

/// The most characters of a server's text in an error.
const LONGEST: usize = 1_000;

/// The beginning of a text, on one line and without the key, which a server may echo. The key is removed before the
/// text is cut; a cut could leave half of it, which is not recognised.
pub(super) fn excerpt(text: &str, key: &Secret) -> String {
    workflow_httpkit::excerpt(text.to_owned(), key.redactor(), LONGEST)
}
