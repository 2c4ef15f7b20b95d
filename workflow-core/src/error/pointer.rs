//! JSON pointers in their URI form (RFC 6901, section 6), built while a document is walked.
//!
//! Every check of a document carries a pointer to the current place. Most places have no fault, so a pointer
//! is a chain of shared links, and its text is written only when a fault needs it.

use std::{fmt, sync::Arc};

/// A place in a JSON document: `#/nodes/1/data`. Cloning it copies one `Arc`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pointer(Option<Arc<Link>>);

#[derive(Debug, PartialEq, Eq)]
struct Link {
    parent: Pointer,
    segment: Segment,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Field(Box<str>),
    Item(usize),
}

/// The most characters of a field's name in a pointer. Keys of a hostile document can be as long as the document,
/// and each fault repeats them.
const MAX_SHOWN: usize = 200;

impl Pointer {
    /// The whole document.
    pub(crate) fn root() -> Self {
        Self(None)
    }

    /// A field of the object at this place.
    pub(crate) fn field(&self, name: &str) -> Self {
        let name = name
            .char_indices()
            .nth(MAX_SHOWN)
            .map_or(name, |(at, _)| &name[..at]);
        self.with(Segment::Field(name.into()))
    }

    /// An item of the array at this place.
    pub(crate) fn item(&self, index: usize) -> Self {
        self.with(Segment::Item(index))
    }

    /// Whether this place is below another one.
    pub(crate) fn is_within(&self, outer: &Self) -> bool {
        let parent = self.0.as_ref().map(|link| &link.parent);
        parent.is_some_and(|parent| parent == outer || parent.is_within(outer))
    }

    fn with(&self, segment: Segment) -> Self {
        let parent = self.clone();
        Self(Some(Arc::new(Link { parent, segment })))
    }
}

/// A field's name as pointers write it: `~` is `~0`, `/` is `~1` (RFC 6901, section 3). The order of the
/// replacements matters.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(link) = &self.0 else {
            return f.write_str("#");
        };
        match &link.segment {
            Segment::Field(name) => {
                write!(f, "{}/{}", link.parent, escaped(name))
            }
            Segment::Item(index) => write!(f, "{}/{index}", link.parent),
        }
    }
}

impl From<Pointer> for String {
    fn from(pointer: Pointer) -> Self {
        pointer.to_string()
    }
}

impl From<&Pointer> for String {
    fn from(pointer: &Pointer) -> Self {
        pointer.to_string()
    }
}
