//! What a list of nodes can see beyond its own nodes.

use super::{graph::Graph, references::Reader};
use crate::suggest::Suggestions;

/// What is around a list of nodes: nothing for a workflow's own, the container and its list for the
/// body of a map or loop.
#[derive(Clone, Copy)]
pub(super) struct Outside<'a> {
    container: Option<Reader<'a>>,
    /// The names the container gives its body.
    locals: &'a [&'a str],
    /// Whether there is something for the first nodes to read.
    has_begin: bool,
    suggestions: &'a Suggestions,
}

impl<'a> Outside<'a> {
    /// Around a workflow's own nodes there is nothing; they begin with the run's input.
    pub(super) fn of_workflow(suggestions: &'a Suggestions) -> Self {
        Self {
            container: None,
            locals: &[],
            has_begin: true,
            suggestions,
        }
    }

    /// Around the body of this node.
    pub(super) fn of_body(
        list: &'a Graph<'a>,
        container: usize,
        locals: &'a [&'a str],
        has_begin: bool,
    ) -> Self {
        Self {
            container: Some(Reader::node(list, container)),
            locals,
            has_begin,
            suggestions: list.outside().suggestions,
        }
    }

    pub(super) fn container(&self) -> Option<Reader<'a>> {
        self.container
    }

    pub(super) fn locals(&self) -> &'a [&'a str] {
        self.locals
    }

    pub(super) fn has_begin(&self) -> bool {
        self.has_begin
    }

    pub(super) fn suggestions(&self) -> &'a Suggestions {
        self.suggestions
    }

    /// Whether a name has a meaning here.
    pub(super) fn sees(&self, name: &str) -> bool {
        self.locals.contains(&name) || self.container.is_some_and(|reader| reader.sees(name))
    }
}
