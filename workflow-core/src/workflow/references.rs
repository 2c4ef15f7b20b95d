//! Checks that what a template names can be there when it is rendered.

use super::graph::Graph;
use crate::{
    fault::{Fault, FaultCode},
    pointer::Pointer,
    scope::STEP_FIELDS,
    spec::is_reserved,
    suggest::{nearest, shown},
    template::{self, Json},
};

/// Whose templates are checked.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    graph: &'a Graph<'a>,
    /// A node reads what is before it; the result of a list, which has none, reads all of the list.
    node: Option<usize>,
}

/// What a name means to a reader.
enum Meaning<'a> {
    /// The input, something a map or loop gives, or a word of the language.
    Value,
    /// A node that is settled by then.
    Step(&'a Graph<'a>, usize),
    /// A node that may not be: it, and the one that should need it.
    NotSettled(&'a Graph<'a>, usize, usize),
}

impl<'a> Reader<'a> {
    pub(super) fn node(graph: &'a Graph<'a>, node: usize) -> Self {
        let node = Some(node);
        Self { graph, node }
    }

    pub(super) fn result(graph: &'a Graph<'a>) -> Self {
        Self { graph, node: None }
    }

    fn meaning(self, name: &str) -> Option<Meaning<'a>> {
        if name == "input" || template::is_global(name) {
            return Some(Meaning::Value);
        }
        if let Some(step) = self.graph.variables().get(name).copied() {
            return Some(match self.node {
                Some(node) if !self.graph.is_ancestor(step, node) => {
                    Meaning::NotSettled(self.graph, step, node)
                }
                _ => Meaning::Step(self.graph, step),
            });
        }
        let outside = self.graph.outside();
        if outside.locals().contains(&name) {
            return Some(Meaning::Value);
        }
        outside.container()?.meaning(name)
    }

    /// Whether a name has a meaning for this reader.
    pub(super) fn sees(self, name: &str) -> bool {
        matches!(self.meaning(name), Some(Meaning::Value | Meaning::Step(..)))
    }

    /// Every name that this reader may read, but for the words of the language.
    fn names(self) -> Vec<&'a str> {
        let mut names = vec!["input"];
        let mut reader = Some(self);
        while let Some(here) = reader {
            let own = here.graph.variables().iter();
            let readable = own.filter(|(_, step)| {
                here.node
                    .is_none_or(|node| here.graph.is_ancestor(**step, node))
            });
            names.extend(readable.map(|(name, _)| name.as_str()));
            names.extend(here.graph.outside().locals());
            reader = here.graph.outside().container();
        }
        names
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
        match self.meaning(root) {
            None => Some(self.unknown(root, at)),
            Some(Meaning::Value) => None,
            Some(Meaning::NotSettled(graph, step, node)) => {
                graph.uses(step);
                Some(not_settled(graph.name(step), graph.name(node), at))
            }
            Some(Meaning::Step(graph, step)) => {
                graph.uses(step);
                let field = names.next()?;
                (!STEP_FIELDS.contains(&field)).then(|| unknown_field(root, field, at))
            }
        }
    }

    fn unknown(&self, name: &str, at: &Pointer) -> Fault {
        let detail = format!("`{}` is not a node of this workflow", shown(name));
        let mut fault = Fault::new(FaultCode::UnknownReference, at, detail);
        let suggestions = self.graph.outside().suggestions();
        fault.hint = suggestions.did_you_mean(name, self.names());
        fault
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
        let taken = self.meaning(name).is_some() || is_reserved(name);
        taken.then(|| {
            let detail = format!("`{name}` already has a meaning here");
            Fault::new(FaultCode::ShadowedName, at, detail).hint("choose another name")
        })
    }
}

fn not_settled(named: &str, own: &str, at: &Pointer) -> Fault {
    let (detail, hint) = if named == own {
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

fn unknown_field(root: &str, field: &str, at: &Pointer) -> Fault {
    let field = shown(field);
    let fields = STEP_FIELDS.map(|field| format!("`{field}`")).join(", ");
    let detail = format!("`{root}.{field}` is not there: a node has {fields}");
    let near = nearest(&field, STEP_FIELDS).map(|near| format!("{root}.{near}"));
    let meant = near.unwrap_or_else(|| format!("{root}.output.{field}"));
    let hint = format!("did you mean `{meant}`?");
    Fault::new(FaultCode::UnknownReference, at, detail).hint(hint)
}
