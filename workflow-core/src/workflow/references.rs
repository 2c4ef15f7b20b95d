//! Checks that what a template names can be there when it is rendered.

use super::graph::Graph;
use crate::{
    fault::{Fault, FaultCode},
    pointer::Pointer,
    spec::is_reserved,
    suggest::shown,
    template::{self, Json},
};

/// What a settled node gives to templates.
const STEP_FIELDS: [&str; 3] = ["status", "output", "error"];

/// Whose templates are checked.
pub(super) struct Reader<'a> {
    graph: &'a Graph,
    /// A node reads what is before it; the result of the workflow, which has none, reads all.
    node: Option<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn node(graph: &'a Graph, node: usize) -> Self {
        let node = Some(node);
        Self { graph, node }
    }

    pub(super) fn result(graph: &'a Graph) -> Self {
        Self { graph, node: None }
    }

    /// The faults of the names a template reads.
    pub(super) fn check(&self, references: &[String], at: &Pointer) -> Vec<Fault> {
        references
            .iter()
            .filter_map(|path| self.check_path(path, at))
            .collect()
    }

    fn check_path(&self, path: &str, at: &Pointer) -> Option<Fault> {
        let mut names = path.split('.');
        let root = names.next()?;
        if root == "input" || template::is_global(root) {
            return None;
        }
        let Some(step) = self.graph.variables().get(root).copied() else {
            return Some(self.unknown(root, at));
        };
        if let Some(node) = self.node
            && !self.graph.is_ancestor(step, node)
        {
            return Some(self.not_an_ancestor(step, node, at));
        }
        let field = names.next()?;
        (!STEP_FIELDS.contains(&field)).then(|| unknown_field(root, field, at))
    }

    fn unknown(&self, name: &str, at: &Pointer) -> Fault {
        let detail = format!("`{}` is not a node of this workflow", shown(name));
        let mut fault = Fault::new(FaultCode::UnknownReference, at, detail);
        fault.hint = self.graph.suggest(name, self.node);
        fault
    }

    fn not_an_ancestor(&self, step: usize, node: usize, at: &Pointer) -> Fault {
        let (named, own) = (self.graph.name(step), self.graph.name(node));
        let (detail, hint) = if step == node {
            (
                format!("`{own}` reads its own output"),
                "name a node that runs before it".to_owned(),
            )
        } else {
            (
                format!("`{named}` is not an ancestor of `{own}`"),
                format!("add `{named}` to `needs`"),
            )
        };
        Fault::new(FaultCode::NotAnAncestor, at, detail).hint(hint)
    }

    /// The faults of JSON with templates.
    pub(super) fn check_json(&self, json: &Json, at: &Pointer) -> Vec<Fault> {
        let read = json.references(at).into_iter();
        let read = read.flat_map(|(at, references)| self.check(&references, &at));
        let assigned = json.assigned(at).into_iter();
        let assigned = assigned.filter_map(|(at, name)| self.check_assigned(&name, &at));
        read.chain(assigned).collect()
    }

    /// A name that a template gives a value to must not hide another.
    pub(super) fn check_assigned(&self, name: &str, at: &Pointer) -> Option<Fault> {
        let taken = self.graph.variables().contains_key(name) || is_reserved(name);
        taken.then(|| {
            let detail = format!("`{name}` already has a meaning here");
            Fault::new(FaultCode::ShadowedName, at, detail).hint("choose another name")
        })
    }
}

fn unknown_field(root: &str, field: &str, at: &Pointer) -> Fault {
    let detail =
        format!("`{root}.{field}` is not there: a node has `status`, `output` and `error`");
    Fault::new(FaultCode::UnknownReference, at, detail)
        .hint(format!("did you mean `{root}.output.{field}`?"))
}
