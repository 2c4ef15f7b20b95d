//! The limits of this API on the [`Part`]s of a request: images, files and further texts.

pub use workflow_llm::Part;

/// The most bytes of inline data in a request, before base64. Upload larger data and name its URI.
///
/// The API accepts 100 MB (50 MB for PDF) since January 2026, and 20 MB before. The limit is lower
/// because the client holds the request in memory, together with all other requests in flight.
pub const MAX_INLINE_BYTES: usize = 15 * 1024 * 1024;

/// Checks all parts, and the size of their inline data together.
pub(crate) fn check<'a>(
    parts: impl IntoIterator<Item = &'a Part, IntoIter: Clone>,
) -> Result<(), &'static str> {
    let mut parts = parts.into_iter();
    let bytes: usize = parts.clone().map(Part::inline_bytes).sum();
    parts.try_for_each(Part::check)?;
    if bytes > MAX_INLINE_BYTES {
        return Err("inline data has more than 15 MiB: upload it and name its URI");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_data_together_is_bounded() {
        let half = Part::base64("image/png", "AAAA".repeat(MAX_INLINE_BYTES / 6));
        let half = || half.clone();
        assert_eq!(check(&[half(), half()]), Ok(()));
        let error = check(&[half(), half(), Part::inline("image/png", [0; 9])]).unwrap_err();
        assert!(error.contains("15 MiB"), "{error}");
    }
}
