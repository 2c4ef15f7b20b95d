//! Checks that everything a template names exists when the template is rendered.
//!
//! "Exists" means: at the time when the template is rendered, in every run. A node can read its ancestors only,
//! since others may not have run. Whether an ancestor was skipped or failed is a question of the run, and an error
//! there.

use super::{
    enclosing::{Local, LocalValue},
    graph::Graph,
    outputs::{Lookups, Shape},
};
use crate::{
    error::{Fault, FaultCode, Pointer, nearest, shown},
    node::ControlKind,
    template::{
        self, ARGS, EXHAUSTED, Json, Key, Path, Paths, RUN, RUN_FIELDS, Reference, Template,
        only_path, step_fields,
    },
    workflow::spec::is_reserved,
};

/// The most fields that a fault lists.
const MAX_FIELDS: usize = 20;

/// The reader of a template: a node, or the result of a list.
#[derive(Clone, Copy)]
pub(in crate::workflow) struct Reader<'a> {
    graph: &'a Graph<'a>,
    /// A node reads its ancestors. The result of a list, `None`, reads every node of the list.
    node: Option<usize>,
    /// Whether the node has completed, so that it also reads itself.
    after: bool,
}

/// The meaning of a name for a reader.
enum Meaning<'a> {
    /// The input, or a global of the language.
    Value,
    /// The run, unless something else is called `run`.
    Run,
    /// A name that a map or loop defines.
    Local(&'a Local<'a>),
    /// A node that is settled before the reader runs.
    Step(&'a Graph<'a>, usize),
    /// A node in another branch of a switch: its index, and that of the node that should not read it.
    OtherBranch(&'a Graph<'a>, usize, usize),
    /// A node that may not be settled: its index, and that of the node that should need it.
    NotSettled(&'a Graph<'a>, usize, usize),
}

impl<'a> Reader<'a> {
    pub(in crate::workflow) fn node(graph: &'a Graph<'a>, node: usize) -> Self {
        Self {
            graph,
            node: Some(node),
            after: false,
        }
    }

    /// The reader of what is evaluated when a node has completed.
    pub(in crate::workflow) fn after(graph: &'a Graph<'a>, node: usize) -> Self {
        let after = true;
        Self {
            after,
            ..Self::node(graph, node)
        }
    }

    pub(in crate::workflow) fn result(graph: &'a Graph<'a>) -> Self {
        Self {
            graph,
            node: None,
            after: false,
        }
    }

    pub(in crate::workflow) fn lookups(&self) -> &'a Lookups {
        self.graph.enclosing().lookups()
    }

    /// Looks a name up, from the inside out.
    ///
    /// The order is that of `Scope` at run time: own nodes, names of the container, then outwards. It must stay the
    /// same, or a check would look at another value than the template reads.
    fn meaning(self, name: &str) -> Option<Meaning<'a>> {
        if name == "input" || template::is_global(name) {
            return Some(Meaning::Value);
        }
        if let Some(step) = self.graph.variables().get(name).copied() {
            return Some(match self.node {
                Some(node) if !self.is_settled(step, node) => {
                    Meaning::NotSettled(self.graph, step, node)
                }
                Some(node) if self.graph.exclude(step, node) => {
                    Meaning::OtherBranch(self.graph, step, node)
                }
                _ => Meaning::Step(self.graph, step),
            });
        }
        let enclosing = self.graph.enclosing();
        if let Some(local) = enclosing.local(name) {
            return Some(Meaning::Local(local));
        }
        match enclosing.container() {
            Some(container) => container.meaning(name),
            None => (name == RUN).then_some(Meaning::Run),
        }
    }

    /// Whether a node of the list is settled when `node` reads it.
    fn is_settled(&self, step: usize, node: usize) -> bool {
        self.graph.is_ancestor(step, node) || (self.after && step == node)
    }

    /// Whether a name is defined for this reader, so that it must not be defined for a second time. `run` gives way to other uses of
    /// the name.
    pub(in crate::workflow) fn sees(self, name: &str) -> bool {
        match self.meaning(name) {
            None | Some(Meaning::NotSettled(..) | Meaning::Run) => false,
            Some(Meaning::Local(local)) => !local.gives_way(),
            Some(Meaning::Value | Meaning::Step(..) | Meaning::OtherBranch(..)) => true,
        }
    }

    /// Every name that this reader can read, without the globals of the language.
    fn names(self) -> Vec<&'a str> {
        let mut names = vec!["input", RUN];
        let mut reader = Some(self);
        while let Some(here) = reader {
            let own = here.graph.variables().iter();
            let readable =
                own.filter(|(_, step)| here.node.is_none_or(|node| here.is_settled(**step, node)));
            names.extend(readable.map(|(name, _)| name.as_str()));
            names.extend(here.graph.enclosing().local_names());
            reader = here.graph.enclosing().container();
        }
        names
    }

    /// The faults of the names that a template reads.
    pub(in crate::workflow) fn check(&self, references: &[Reference], at: &Pointer) -> Vec<Fault> {
        let mut dashed = None;
        let mut faults = Vec::new();
        for reference in references {
            // `node-1.output` reads several names, `node` among them. One fault for the intended id is enough.
            let name = self.meant(reference);
            if name.is_some() && name == dashed {
                continue;
            }
            match name {
                Some(name) => faults.push(written_with_a_dash(reference, name, at)),
                None => faults.extend(self.check_path(reference, at)),
            }
            dashed = name.or(dashed);
        }
        faults
    }

    /// The node whose id is written with its `-`, which subtracts in a template.
    ///
    /// It tries prefixes of the dashed word, the shortest first: in `node-1-2.output`, the id may be `node-1` or
    /// `node-1-2`.
    fn meant<'r>(&self, reference: &'r Reference) -> Option<&'r str> {
        let dashed = reference.dashed()?;
        let ends = dashed.match_indices('-').map(|(at, _)| at).skip(1);
        let mut candidates = ends.chain([dashed.len()]).map(|end| &dashed[..end]);
        candidates.find(|candidate| self.meaning(&candidate.replace('-', "_")).is_some())
    }

    /// The fault of a reference, if the node, or the field of the node, cannot be read.
    ///
    /// A field of the output is checked by `check_paths`, as far as the shape is known. Here only the node and its
    /// own fields (`output`, `status`, …) are.
    fn check_path(&self, reference: &Reference, at: &Pointer) -> Option<Fault> {
        let mut names = reference.path().split('.');
        let root = names.next()?;
        match self.meaning(root) {
            None => Some(self.unknown(root, at)),
            Some(Meaning::Value) => None,
            Some(Meaning::Local(local)) => {
                local.read();
                None
            }
            Some(Meaning::Run) => check_run(&mut names, reference.is_whole(), at),
            Some(Meaning::NotSettled(graph, step, node)) => {
                graph.uses(step);
                Some(not_settled(graph.name(step), graph.name(node), at))
            }
            Some(Meaning::OtherBranch(graph, step, node)) => {
                graph.uses(step);
                Some(other_branch(graph.name(step), graph.name(node), at))
            }
            Some(Meaning::Step(graph, step)) => {
                graph.uses(step);
                let Some(field) = names.next() else {
                    return reference.is_whole().then(|| whole_node(root, at));
                };
                let kind = graph.kind(step);
                let has_field = fields_of(kind).any(|known| known == field);
                (!has_field).then(|| unknown_field(root, field, kind, at))
            }
        }
    }

    /// The faults of the fields that a template reads, as far as the fields are known.
    ///
    /// Paths are cut where the author expects a missing value (`default`, `is defined`): what follows need not
    /// exist.
    pub(in crate::workflow) fn check_paths(&self, paths: &Paths, at: &Pointer) -> Vec<Fault> {
        let mut found: Vec<Fault> = Vec::new();
        for path in paths.iter().filter(|path| !path.keys.is_empty()) {
            let (value, skipped) = match self.meaning(&path.root) {
                Some(Meaning::Value) if path.root == "input" => {
                    (self.graph.enclosing().input().clone(), 0)
                }
                Some(Meaning::Step(graph, step)) if is_output(path) => (graph.shape(step), 1),
                Some(Meaning::Run) => (Shape::Text, 1),
                Some(Meaning::Local(local)) => match &local.value {
                    LocalValue::Known(shape) => (shape.clone(), 0),
                    LocalValue::Result(reads) | LocalValue::Results(reads) => {
                        let read = paths.covered(path);
                        reads.borrow_mut().push((read, at.clone()));
                        continue;
                    }
                },
                _ => continue,
            };
            let path = paths.covered(path);
            let fault = self.check_keys(&path, skipped, &value, at);
            found.extend(fault.filter(|fault| !found.contains(fault)));
        }
        found
    }

    /// The fault of the first key in a path that the value cannot have. The first `skipped` keys are not checked.
    pub(in crate::workflow) fn check_keys(
        &self,
        path: &Path,
        skipped: usize,
        value: &Shape,
        at: &Pointer,
    ) -> Option<Fault> {
        let mut here = value.clone();
        for (index, key) in path.keys.iter().enumerate().skip(skipped) {
            match here.at(key, self.lookups()) {
                Some(next) => here = next,
                None => return Some(self.no_such_key(path, index, &here, at)),
            }
        }
        None
    }

    /// The detail lists what exists, since that is what an author has to look up next.
    fn no_such_key(&self, path: &Path, index: usize, here: &Shape, at: &Pointer) -> Fault {
        let (whole, part) = (path.written(index + 1), path.written(index));
        let fields = here.fields(self.lookups());
        let detail = if fields.is_empty() {
            format!("`{whole}` is not there: `{part}` is {}", here.noun())
        } else {
            let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
            let more = fields.len().saturating_sub(MAX_FIELDS);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            let fields = fields[..fields.len().min(MAX_FIELDS)].join(", ");
            format!("`{whole}` is not there: `{part}` has {fields}{more}")
        };
        let near = match &path.keys[index] {
            Key::Field(name) => {
                let suggestions = self.graph.enclosing().suggestions();
                suggestions.nearest(name, fields.iter().map(String::as_str))
            }
            Key::Index | Key::Element => None,
        };
        let hint = match near {
            Some(near) => format!("did you mean `{part}.{near}`?"),
            None if part == ARGS && fields.is_empty() => {
                "declare the arguments in the `input` of the tool".to_owned()
            }
            None if fields.is_empty() => format!("write `{part}`"),
            None => format!(
                "name one of these, or declare the field in the schema; where it may be missing, write \
                 `{whole} | default(…)`"
            ),
        };
        Fault::new(FaultCode::UnknownFieldReference, at, detail).with_hint(hint)
    }

    /// What is known of the value of an expression. Only for expressions that consist of a path.
    pub(in crate::workflow) fn shape_of(&self, expression: &str) -> Shape {
        let Some(path) = only_path(expression) else {
            return Shape::Unknown;
        };
        let (mut here, skipped) = match self.meaning(&path.root) {
            Some(Meaning::Value) if path.root == "input" => {
                (self.graph.enclosing().input().clone(), 0)
            }
            Some(Meaning::Step(graph, step)) if is_output(&path) => (graph.shape(step), 1),
            Some(Meaning::Local(Local {
                value: LocalValue::Known(shape),
                ..
            })) => (shape.clone(), 0),
            _ => return Shape::Unknown,
        };
        for key in &path.keys[skipped..] {
            here = here.at(key, self.lookups()).unwrap_or(Shape::Unknown);
        }
        here
    }

    /// What is known of the value that JSON with templates renders to.
    pub(in crate::workflow) fn shape_of_json(&self, json: &Json) -> Shape {
        Shape::of_json(json.part(), &|expression| self.shape_of(expression))
    }

    fn unknown(&self, name: &str, at: &Pointer) -> Fault {
        let detail = format!("`{}` is not a node of this workflow", shown(name));
        let mut fault = Fault::new(FaultCode::UnknownReference, at, detail);
        let suggestions = self.graph.enclosing().suggestions();
        fault.hint = suggestions.did_you_mean(name, self.names());
        if name == ARGS {
            let hint = "only what is in a tool of an agent, and its `approve`, reads the arguments";
            fault.hint = Some(hint.to_owned());
        }
        fault
    }

    /// The faults of JSON with templates.
    pub(in crate::workflow) fn check_json(&self, json: &Json, at: &Pointer) -> Vec<Fault> {
        let read = json.references(at).into_iter();
        let read = read.flat_map(|(at, references)| self.check(&references, &at));
        let paths = json.paths(at).into_iter();
        let paths = paths.flat_map(|(at, paths)| self.check_paths(paths, &at));
        let templates = json.templates(at).into_iter();
        let assigned = templates.flat_map(|(at, template)| self.check_names(&template, &at));
        read.chain(paths).chain(assigned).collect()
    }

    /// The faults of the names that a template assigns.
    pub(in crate::workflow) fn check_names(&self, template: &Template, at: &Pointer) -> Vec<Fault> {
        let assigned = template.assigned();
        let assigned = assigned.filter_map(|name| self.check_assigned(name, at));
        let lost = template.lost().map(|name| assignment_lost(name, at));
        assigned.chain(lost).collect()
    }

    /// The fault of an assigned name that hides another one.
    fn check_assigned(&self, name: &str, at: &Pointer) -> Option<Fault> {
        let taken = match self.meaning(name) {
            Some(Meaning::Local(local)) => !local.gives_way(),
            Some(Meaning::Run) | None => is_reserved(name),
            Some(_) => true,
        };
        taken.then(|| {
            let detail = format!("`{name}` is already defined here");
            Fault::new(FaultCode::ShadowedName, at, detail).with_hint("choose another name")
        })
    }
}

/// Whether a path that begins with a node reads the output of the node.
fn is_output(path: &Path) -> bool {
    matches!(path.keys.first(), Some(Key::Field(field)) if field == "output")
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
    Fault::new(FaultCode::NotAnAncestor, at, detail).with_hint(hint)
}

pub(in crate::workflow) fn other_branch(named: &str, own: &str, at: &Pointer) -> Fault {
    let detail = format!(
        "`{named}` is always skipped when `{own}` runs: they are in different branches of a switch"
    );
    let hint = "read a node before the switch, or read both branches in a node that needs them";
    Fault::new(FaultCode::OtherBranch, at, detail).with_hint(hint)
}

/// The fields of a settled node of a kind.
fn fields_of(kind: Option<ControlKind>) -> impl Iterator<Item = &'static str> {
    let has_end = matches!(kind, Some(ControlKind::Loop | ControlKind::Agent));
    step_fields().filter(move |field| has_end || *field != EXHAUSTED)
}

fn unknown_field(root: &str, field: &str, kind: Option<ControlKind>, at: &Pointer) -> Fault {
    let detail = if field == EXHAUSTED {
        format!("`{root}.{field}` is not there: only a loop or an agent has it")
    } else {
        let noun = match kind {
            Some(ControlKind::Loop) => "a loop",
            Some(ControlKind::Agent) => "an agent",
            _ => "a node",
        };
        let fields: Vec<String> = fields_of(kind).map(|field| format!("`{field}`")).collect();
        let fields = fields.join(", ");
        format!(
            "`{root}.{}` is not there: {noun} has {fields}",
            shown(field)
        )
    };
    let near = match field {
        "result" | "response" => Some("output"),
        _ => nearest(field, fields_of(kind)),
    };
    let meant = near.map_or_else(|| format!("output.{}", shown(field)), str::to_owned);
    Fault::new(FaultCode::UnknownReference, at, detail)
        .with_hint(format!("did you mean `{root}.{meant}`?"))
}

/// The fault of a field that `run` does not have.
fn check_run<'n>(
    names: &mut impl Iterator<Item = &'n str>,
    is_whole: bool,
    at: &Pointer,
) -> Option<Fault> {
    let known = || RUN_FIELDS.iter().map(|(name, _)| *name);
    let Some(field) = names.next() else {
        return is_whole.then(|| {
            let detail = "`run` is the run and not a value";
            Fault::new(FaultCode::UnknownReference, at, detail).with_hint("did you mean `run.id`?")
        });
    };
    if known().any(|known| known == field) {
        return None;
    }
    let fields: Vec<String> = known().map(|field| format!("`{field}`")).collect();
    let detail = format!(
        "`run.{}` is not there: a run has {}",
        shown(field),
        fields.join(", ")
    );
    let near = nearest(field, known());
    let hint = match near {
        Some(near) => format!("did you mean `run.{near}`?"),
        None => "name one of these".to_owned(),
    };
    Some(Fault::new(FaultCode::UnknownReference, at, detail).with_hint(hint))
}

/// The warning for a name that hides the run.
pub(in crate::workflow) fn hides_run(what: &str, at: &Pointer) -> Fault {
    let detail = format!(
        "{what} is called `run`, so `run.id` and the like cannot be read where it is visible"
    );
    Fault::new(FaultCode::HiddenName, at, detail).with_hint("choose another name if you need them")
}

/// The warning for a name that hides the results of earlier rounds.
pub(in crate::workflow) fn hides_history(what: &str, at: &Pointer) -> Fault {
    let detail = format!("{what} is called `history`, so the loop has no `history` of its results");
    Fault::new(FaultCode::HiddenName, at, detail).with_hint("choose another name if you need it")
}

/// A node has a status besides its output, so it is not a value.
fn whole_node(root: &str, at: &Pointer) -> Fault {
    let detail = format!("`{root}` is a node and not a value");
    Fault::new(FaultCode::UnknownReference, at, detail)
        .with_hint(format!("did you mean `{root}.output`?"))
}

/// `node-1` is `node` minus 1.
fn written_with_a_dash(reference: &Reference, meant: &str, at: &Pointer) -> Fault {
    let root = reference.path().split('.').next().unwrap_or_default();
    let detail = format!("`{}` subtracts from `{}`", shown(meant), shown(root));
    Fault::new(FaultCode::UnknownReference, at, detail)
        .with_hint(format!("write `{}`", meant.replace('-', "_")))
}

/// A `set` in a loop is lost at the end of the round.
fn assignment_lost(name: &str, at: &Pointer) -> Fault {
    let detail = format!(
        "`{name}` is set outside this block; a value that is set inside is lost at its end"
    );
    let hint = "choose another name; to collect values, use filters such as `map`, `select`, `sum` or `join`";
    Fault::new(FaultCode::ShadowedName, at, detail).with_hint(hint)
}
