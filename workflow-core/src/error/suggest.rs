//! "Did you mean": the nearest known name.

use std::cell::Cell;

/// The most characters of a word that is looked up.
const MAX_WORD: usize = 64;

/// How many words are looked up for one workflow: each costs a comparison with every name.
const MAX_LOOKUPS: u32 = 50;

/// A hint that names the candidate nearest to what was written, when one is near.
pub(crate) fn did_you_mean<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(written, candidates).map(|nearest| format!("did you mean `{nearest}`?"))
}

/// The candidate nearest to what was written, when one is near.
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

/// Hints for one workflow, of which there are only so many.
pub(crate) struct Suggestions(Cell<u32>);

impl Suggestions {
    pub(crate) fn new() -> Self {
        Self(Cell::new(MAX_LOOKUPS))
    }

    /// As [`nearest`], as long as there are look-ups left.
    pub(crate) fn nearest<'a>(
        &self,
        written: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        self.0.set(self.0.get().checked_sub(1)?);
        nearest(written, candidates)
    }

    /// As [`did_you_mean`], as long as there are look-ups left.
    pub(crate) fn did_you_mean<'a>(
        &self,
        written: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        self.0.set(self.0.get().checked_sub(1)?);
        did_you_mean(written, candidates)
    }
}

/// A name as messages show it: not longer than names are.
pub(crate) fn shown(name: &str) -> String {
    match name.char_indices().nth(MAX_WORD) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}
