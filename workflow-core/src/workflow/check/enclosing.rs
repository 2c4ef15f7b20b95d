//! What a list of nodes can read beyond its own nodes.

use std::cell::{Cell, RefCell};

use serde_json::Value;

use super::{
    graph::Graph,
    outputs::{Lookups, Shape},
    references::Reader,
};
use crate::{
    error::{Pointer, Suggestions},
    template::Path,
};

/// The scope around a list of nodes: empty for a workflow's own list, the container and its list for the body of a map
/// or loop.
///
/// It borrows from the checks of the outer lists, which are on the stack while a body is checked. `lookups` and
/// `suggestions` are budgets of the whole workflow, so that nesting does not multiply the work.
#[derive(Clone, Copy)]
pub(in crate::workflow) struct EnclosingScope<'a> {
    container: Option<Reader<'a>>,
    /// The names that the container defines in its body.
    locals: &'a [Local<'a>],
    /// Whether the first nodes have an implicit input.
    has_begin: bool,
    values: &'a Values,
    lookups: &'a Lookups,
    suggestions: &'a Suggestions,
}

/// What is known of values other than the outputs of nodes.
pub(in crate::workflow) struct Values {
    /// The input of the run.
    pub(in crate::workflow) input: Shape,
    /// The implicit input of the first nodes.
    pub(in crate::workflow) begin: Shape,
}

impl Values {
    /// For a workflow whose input has this schema.
    pub(in crate::workflow) fn of_workflow(input: Option<&Value>) -> Self {
        let input = input.map_or(Shape::Unknown, Shape::of_schema);
        Self {
            begin: input.clone(),
            input,
        }
    }
}

/// A name that a map or loop defines in its body.
pub(in crate::workflow) struct Local<'a> {
    pub(in crate::workflow) name: &'a str,
    pub(in crate::workflow) value: LocalValue,
    /// Whether a node, an item or a template may define the name for itself. Names that the language got later do.
    gives_way: bool,
    is_read: Cell<bool>,
}

impl<'a> Local<'a> {
    pub(in crate::workflow) fn new(name: &'a str, value: LocalValue) -> Self {
        Self {
            name,
            value,
            gives_way: false,
            is_read: Cell::new(false),
        }
    }

    /// The same name, which others may define for themselves.
    pub(in crate::workflow) fn giving_way(self) -> Self {
        let gives_way = true;
        Self { gives_way, ..self }
    }

    pub(in crate::workflow) fn gives_way(&self) -> bool {
        self.gives_way
    }

    /// Marks that something reads it.
    pub(in crate::workflow) fn read(&self) {
        self.is_read.set(true);
    }

    pub(in crate::workflow) fn is_read(&self) -> bool {
        self.is_read.get()
    }
}

/// What is known of its value.
pub(in crate::workflow) enum LocalValue {
    Known(Shape),
    /// The value is the result of the body, whose shape is known only once the body is planned. Until then, reads of it are collected
    /// here and checked later.
    Result(RefCell<Vec<(Path, Pointer)>>),
    /// The same for a list of results of the body.
    Results(RefCell<Vec<(Path, Pointer)>>),
}

impl<'a> EnclosingScope<'a> {
    /// The scope around a workflow's own nodes: they begin with the input of the run.
    pub(in crate::workflow) fn of_workflow(
        values: &'a Values,
        lookups: &'a Lookups,
        suggestions: &'a Suggestions,
    ) -> Self {
        Self {
            container: None,
            locals: &[],
            has_begin: true,
            values,
            lookups,
            suggestions,
        }
    }

    /// The scope around the body of a node.
    pub(in crate::workflow) fn of_body(
        list: &'a Graph<'a>,
        container: usize,
        locals: &'a [Local<'a>],
        has_begin: bool,
        values: &'a Values,
    ) -> Self {
        Self {
            container: Some(Reader::node(list, container)),
            locals,
            has_begin,
            values,
            lookups: list.enclosing().lookups,
            suggestions: list.enclosing().suggestions,
        }
    }

    /// The scope around the nodes of `on_failure`, which read every node of the workflow.
    pub(in crate::workflow) fn of_on_failure(
        list: &'a Graph<'a>,
        locals: &'a [Local<'a>],
        values: &'a Values,
    ) -> Self {
        Self {
            container: Some(Reader::result(list)),
            locals,
            has_begin: true,
            values,
            lookups: list.enclosing().lookups,
            suggestions: list.enclosing().suggestions,
        }
    }

    pub(in crate::workflow) fn container(&self) -> Option<Reader<'a>> {
        self.container
    }

    pub(in crate::workflow) fn local(&self, name: &str) -> Option<&'a Local<'a>> {
        self.locals.iter().find(|local| local.name == name)
    }

    pub(in crate::workflow) fn local_names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.locals.iter().map(|local| local.name)
    }

    pub(in crate::workflow) fn has_begin(&self) -> bool {
        self.has_begin
    }

    pub(in crate::workflow) fn input(&self) -> &'a Shape {
        &self.values.input
    }

    pub(in crate::workflow) fn begin(&self) -> &'a Shape {
        &self.values.begin
    }

    pub(in crate::workflow) fn lookups(&self) -> &'a Lookups {
        self.lookups
    }

    pub(in crate::workflow) fn suggestions(&self) -> &'a Suggestions {
        self.suggestions
    }

    /// Whether a name is defined here, so that it must not be defined for a second time.
    pub(in crate::workflow) fn sees(&self, name: &str) -> bool {
        self.local(name).is_some_and(|local| !local.gives_way())
            || self.container.is_some_and(|reader| reader.sees(name))
    }
}
