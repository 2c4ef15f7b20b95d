//! The segments of a step's path.

/// Reads a path such as `each/2/sum` segment by segment.
pub(super) struct Segments<'a> {
    rest: Option<&'a str>,
}

impl<'a> Segments<'a> {
    pub(super) fn new(path: &'a str) -> Self {
        Self { rest: Some(path) }
    }

    /// Whether every segment was taken.
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
