//! "Did you mean": the known name that is nearest to a misspelt one.
//!
//! Two limits bound the cost, since both the misspelt name and the number of misspelt names are chosen by the
//! author of a document.

use std::cell::Cell;

/// The longest name that is compared, in bytes. The cost of a comparison grows with the product of both lengths.
const MAX_WORD: usize = 64;

/// The most look-ups for one workflow. Each one compares a name with every candidate.
const MAX_LOOKUPS: u32 = 50;

/// A hint that names the candidate nearest to `written`, if one is near enough.
pub(crate) fn did_you_mean<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(written, candidates).map(|nearest| format!("did you mean `{nearest}`?"))
}

/// The candidate nearest to `written`, if one is near enough: a third of its bytes may differ, 4 at most.
///
/// Of several at the same distance, the first in alphabetical order is taken, so that a hint is always the same.
pub(crate) fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if written.len() > MAX_WORD {
        return None;
    }
    let tolerance = (written.len() / 3).min(4);
    let near = candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(written.len()) <= tolerance)
        .map(|candidate| (strsim::damerau_levenshtein(written, candidate), candidate));
    let (_, nearest) = near.filter(|(distance, _)| *distance <= tolerance).min()?;
    Some(nearest)
}

/// The look-ups that are left for one workflow. Used up, there are no more hints: faults stay complete.
pub(crate) struct Suggestions(Cell<u32>);

impl Suggestions {
    pub(crate) fn new() -> Self {
        Self(Cell::new(MAX_LOOKUPS))
    }

    /// As the function [`nearest`], while look-ups are left.
    pub(crate) fn nearest<'a>(
        &self,
        written: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        self.0.set(self.0.get().checked_sub(1)?);
        nearest(written, candidates)
    }

    /// As the function [`did_you_mean`], while look-ups are left.
    pub(crate) fn did_you_mean<'a>(
        &self,
        written: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        self.0.set(self.0.get().checked_sub(1)?);
        did_you_mean(written, candidates)
    }
}

/// A name for an error message, cut after the length that ids may have.
pub(crate) fn shown(name: &str) -> String {
    match name.char_indices().nth(MAX_WORD) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}
