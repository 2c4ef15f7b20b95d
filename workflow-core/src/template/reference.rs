//! References: the names that a template reads, for checks and for errors.
//!
//! References are coarse: the dotted names at the beginning of a path, each once. `paths` has the fine ones, key by
//! key. References decide whether a node may be read at all, paths whether a field can exist.

use std::{collections::HashMap, sync::Arc};

use super::Paths;

/// One value that a template reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    path: Box<str>,
    whole: bool,
    optional: bool,
    dashed: Option<Box<str>>,
}

/// The references of a template in reading order, each path once.
pub(crate) type References = Arc<[Reference]>;

impl Reference {
    /// The dotted names: `input.text`, `draft.output`.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Whether the template uses the value itself, not only a part or its kind.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether the last name may be missing: a `default` or `is defined` follows.
    pub(crate) fn is_optional(&self) -> bool {
        self.optional
    }

    /// The name together with the `-` beside it: `node-1` in `node-1.output`, which subtracts.
    pub(crate) fn dashed(&self) -> Option<&str> {
        self.dashed.as_deref()
    }
}

/// How a path is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    Whole,
    /// By a computed index.
    Part,
    /// By a test other than `is defined`.
    Tested,
    /// With `default` or `is defined`.
    Optional,
    /// By `coalesce`. The path must be possible, but anything in it may be missing.
    Lenient,
    /// By `get`, in the same way. It may be a node.
    LenientPart,
}

impl Read {
    /// Whether the author expects that the value may be missing.
    pub(super) fn may_be_missing(self) -> bool {
        matches!(self, Self::Tested | Self::Optional)
    }
}

/// Collects references and paths.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) paths: Paths,
    references: Vec<Reference>,
    index: HashMap<Box<str>, usize>,
}

impl Collected {
    /// Of several reads of a path, the strictest counts: it is whole if one read is, and optional only if all are.
    pub(super) fn add(&mut self, path: String, read: Read, dashed: Option<&str>) {
        let whole = matches!(read, Read::Whole | Read::Lenient);
        let optional = matches!(read, Read::Optional | Read::Lenient | Read::LenientPart);
        let path = path.into_boxed_str();
        if let Some(index) = self.index.get(&path) {
            let known = &mut self.references[*index];
            known.whole |= whole;
            known.optional &= optional;
            known.dashed = known.dashed.take().or_else(|| dashed.map(Box::from));
            return;
        }
        self.index.insert(path.clone(), self.references.len());
        let dashed = dashed.map(Box::from);
        self.references.push(Reference {
            path,
            whole,
            optional,
            dashed,
        });
    }

    pub(super) fn finish(self) -> (References, Paths) {
        (self.references.into(), self.paths)
    }
}
