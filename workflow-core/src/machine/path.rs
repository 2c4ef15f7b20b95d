//! The segments of a step's path: `each/2/sum`.

/// Iterates over the segments of a path. Kinds of control nodes take those that they have written. Ids have no
/// slash, so a path can be split without escapes.
pub(super) struct Segments<'a> {
    rest: Option<&'a str>,
}

impl<'a> Segments<'a> {
    pub(super) fn new(path: &'a str) -> Self {
        Self { rest: Some(path) }
    }

    /// The next segment, which is not taken.
    pub(super) fn peek(&self) -> Option<&'a str> {
        Some(self.rest?.split('/').next().unwrap_or_default())
    }

    /// Whether no segment is left.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_none()
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let (first, rest) = match rest.split_once('/') {
            Some((first, rest)) => (first, Some(rest)),
            None => (rest, None),
        };
        self.rest = rest;
        Some(first)
    }
}
