//! "Did you mean": the nearest known name.

/// A hint that names the candidate nearest to what was written, when one is near.
pub(crate) fn did_you_mean<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let near = candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(written, candidate), candidate));
    let tolerance = (written.chars().count() / 3).clamp(1, 4);
    let (_, nearest) = near.filter(|(distance, _)| *distance <= tolerance).min()?;
    Some(format!("did you mean `{nearest}`?"))
}
