//! JSON pointers in their URI form, built while walking a document (RFC 6901).

use std::{fmt, sync::Arc};

/// A place in a JSON document: `#/nodes/1/data`. A place shares the one it is in, so that walking
/// a document costs one link a value; the text is made only where there is something to tell.
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

/// The most characters of a field's name that are shown.
const MAX_SHOWN: usize = 200;

impl Pointer {
    /// The whole document.
    pub(crate) fn root() -> Self {
        Self(None)
    }

    /// A field of the object here.
    pub(crate) fn field(&self, name: &str) -> Self {
        let name = name
            .char_indices()
            .nth(MAX_SHOWN)
            .map_or(name, |(at, _)| &name[..at]);
        self.with(Segment::Field(name.into()))
    }

    /// An item of the array here.
    pub(crate) fn item(&self, index: usize) -> Self {
        self.with(Segment::Item(index))
    }

    fn with(&self, segment: Segment) -> Self {
        let parent = self.clone();
        Self(Some(Arc::new(Link { parent, segment })))
    }
}

/// A field's name as pointers write it.
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
