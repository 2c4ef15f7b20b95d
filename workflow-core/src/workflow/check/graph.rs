//! What needs what: ids, edges, cycles, ancestors.

use std::{
    cell::{Cell, OnceCell},
    collections::HashMap,
};

use super::{outputs::Shape, outside::Outside};
use crate::{
    error::{Fault, FaultCode, Pointer, Suggestions, shown},
    template::{ImplicitInput, Variables},
    workflow::spec::NodeSpec,
};

/// The nodes of one list as a graph. Nodes are known by their index in the list.
pub(in crate::workflow) struct Graph<'a> {
    outside: Outside<'a>,
    variables: Variables,
    names: Vec<String>,
    needs: Vec<Vec<usize>>,
    dependents: Vec<Vec<usize>>,
    ancestors: Vec<Bits>,
    /// Each node once, what it needs first; nodes on or behind a cycle come last.
    order: Vec<usize>,
    /// Which nodes something reads.
    used: Vec<Cell<bool>>,
    /// What is known of the output of each node, once it is planned.
    shapes: Vec<OnceCell<Shape>>,
}

impl<'a> Graph<'a> {
    /// Resolves the ids and `needs` of the nodes, and notes what is wrong with them.
    pub(in crate::workflow) fn of(
        nodes: &[NodeSpec],
        outside: Outside<'a>,
        faults: &mut Vec<Fault>,
    ) -> Self {
        let ids = index_ids(nodes, faults);
        let variables = index_variables(nodes, faults);
        faults.extend(nodes.iter().filter_map(|node| shadowed(node, outside)));
        let needs: Vec<Vec<usize>> = nodes
            .iter()
            .enumerate()
            .map(|(index, node)| resolve_needs(node, index, &ids, outside.suggestions(), faults))
            .collect();
        let mut dependents = vec![Vec::new(); nodes.len()];
        for (index, needs) in needs.iter().enumerate() {
            for need in needs {
                dependents[*need].push(index);
            }
        }
        let names = nodes
            .iter()
            .map(|node| {
                node.id
                    .as_ref()
                    .map_or_else(String::new, ToString::to_string)
            })
            .collect();
        let mut graph = Self {
            outside,
            variables,
            names,
            needs,
            dependents,
            ancestors: Vec::new(),
            order: Vec::new(),
            used: vec![Cell::new(false); nodes.len()],
            shapes: vec![OnceCell::new(); nodes.len()],
        };
        let (mut order, rest) = graph.topological_order();
        let unordered: Vec<usize> = (0..nodes.len()).filter(|node| rest[*node]).collect();
        graph.report_cycles(rest, nodes, faults);
        graph.ancestors = graph.find_ancestors(&order);
        order.extend(unordered);
        graph.order = order;
        graph
    }

    /// Each node once, what it needs first.
    pub(in crate::workflow) fn order(&self) -> &[usize] {
        &self.order
    }

    /// Notes what is known of the output of a node.
    pub(in crate::workflow) fn set_shape(&self, node: usize, shape: Shape) {
        let _ = self.shapes[node].set(shape);
    }

    /// What is known of the output of a node.
    pub(in crate::workflow) fn shape(&self, node: usize) -> Shape {
        self.shapes[node].get().cloned().unwrap_or(Shape::Unknown)
    }

    /// What is known of what a node reads without naming it.
    pub(in crate::workflow) fn input_shape(&self, node: usize) -> Shape {
        match self.implicit_input(node) {
            ImplicitInput::Begin => self.outside.begin().clone(),
            ImplicitInput::Step(step) => self.shape(step),
            ImplicitInput::None => Shape::Unknown,
        }
    }

    /// What is known of the result of the list, where it does not say what that is: the output of its
    /// last node, or of several an object of them.
    pub(in crate::workflow) fn result_shape(&self) -> Shape {
        match &*self.sinks() {
            [only] => self.shape(*only),
            sinks => {
                let members = sinks.iter();
                Shape::Object(
                    members
                        .map(|node| (self.name(*node).to_owned(), self.shape(*node)))
                        .collect(),
                )
            }
        }
    }

    pub(in crate::workflow) fn variables(&self) -> &Variables {
        &self.variables
    }

    /// What is around this list.
    pub(in crate::workflow) fn outside(&self) -> Outside<'a> {
        self.outside
    }

    /// Notes that something reads what a node gives.
    pub(in crate::workflow) fn uses(&self, node: usize) {
        self.used[node].set(true);
    }

    pub(in crate::workflow) fn is_used(&self, node: usize) -> bool {
        self.used[node].get()
    }

    /// The id of a node, empty where it could not be read.
    pub(in crate::workflow) fn name(&self, node: usize) -> &str {
        &self.names[node]
    }

    pub(in crate::workflow) fn needs(&self, node: usize) -> &[usize] {
        &self.needs[node]
    }

    pub(in crate::workflow) fn dependents(&self, node: usize) -> &[usize] {
        &self.dependents[node]
    }

    pub(in crate::workflow) fn is_ancestor(&self, ancestor: usize, of: usize) -> bool {
        self.ancestors[of].contains(ancestor)
    }

    pub(in crate::workflow) fn sinks(&self) -> Box<[usize]> {
        (0..self.needs.len())
            .filter(|node| self.dependents[*node].is_empty())
            .collect()
    }

    pub(in crate::workflow) fn implicit_input(&self, node: usize) -> ImplicitInput {
        match self.needs[node].as_slice() {
            [] => ImplicitInput::Begin,
            [one] => ImplicitInput::Step(*one),
            _ => ImplicitInput::None,
        }
    }

    /// Whether a node has an implicit input, as far as can be seen.
    pub(in crate::workflow) fn has_input(&self, node: usize) -> bool {
        match self.implicit_input(node) {
            ImplicitInput::Begin => self.outside.has_begin(),
            ImplicitInput::Step(_) => true,
            ImplicitInput::None => false,
        }
    }

    /// Kahn's algorithm: the nodes in an order in which needs come first, and those on or behind a cycle.
    fn topological_order(&self) -> (Vec<usize>, Vec<bool>) {
        let mut left: Vec<usize> = self.needs.iter().map(Vec::len).collect();
        let mut order: Vec<usize> = (0..left.len()).filter(|node| left[*node] == 0).collect();
        let mut next = 0;
        while let Some(node) = order.get(next).copied() {
            next += 1;
            for dependent in &self.dependents[node] {
                left[*dependent] -= 1;
                if left[*dependent] == 0 {
                    order.push(*dependent);
                }
            }
        }
        let rest = left.into_iter().map(|left| left > 0).collect();
        (order, rest)
    }

    /// Names each cycle among the nodes that no order could be found for.
    fn report_cycles(&self, mut rest: Vec<bool>, nodes: &[NodeSpec], faults: &mut Vec<Fault>) {
        while let Some(start) = rest.iter().position(|on_cycle| *on_cycle) {
            let (walked, closed_at) = self.walk_back(start, &rest);
            if let Some(first) = closed_at {
                faults.push(self.cycle_fault(&walked[first..], nodes));
            }
            for node in walked {
                rest[node] = false;
            }
        }
    }

    /// Follows the first unordered need of each node until a node comes twice or there is none.
    fn walk_back(&self, start: usize, rest: &[bool]) -> (Vec<usize>, Option<usize>) {
        let mut walked = vec![start];
        let mut place = HashMap::from([(start, 0)]);
        let mut here = start;
        while let Some(need) = self.needs[here].iter().copied().find(|need| rest[*need]) {
            if let Some(first) = place.get(&need) {
                return (walked, Some(*first));
            }
            place.insert(need, walked.len());
            walked.push(need);
            here = need;
        }
        (walked, None)
    }

    /// `cycle` lists nodes, each needing the next, the last needing the first.
    fn cycle_fault(&self, cycle: &[usize], nodes: &[NodeSpec]) -> Fault {
        let mut forward: Vec<String> = cycle.iter().rev().map(|node| self.shown(*node)).collect();
        forward.extend(forward.first().cloned());
        Fault::new(
            FaultCode::Cycle,
            written_need(cycle, nodes),
            forward.join(" -> "),
        )
        .with_hint("take one of these out of `needs`")
    }

    fn shown(&self, node: usize) -> String {
        match self.name(node) {
            "" => format!("node {node}"),
            name => name.to_owned(),
        }
    }

    fn find_ancestors(&self, order: &[usize]) -> Vec<Bits> {
        let mut ancestors = vec![Bits::new(self.needs.len()); self.needs.len()];
        for node in order {
            let mut own = Bits::new(self.needs.len());
            for need in &self.needs[*node] {
                own.insert(*need);
                own.union(&ancestors[*need]);
            }
            ancestors[*node] = own;
        }
        ancestors
    }
}

/// Where a need of a cycle is written. Each cycle has one: a node that says nothing needs the one above.
fn written_need(cycle: &[usize], nodes: &[NodeSpec]) -> Pointer {
    let needs = cycle.iter().zip(cycle.iter().cycle().skip(1));
    let mut written = needs.filter_map(|(node, need)| {
        let id = nodes[*need].id.as_ref()?.as_str();
        let place = nodes[*node]
            .needs
            .iter()
            .flatten()
            .position(|it| it == id)?;
        Some(nodes[*node].at.field("needs").item(place))
    });
    written.next().unwrap_or_else(|| nodes[cycle[0]].at.clone())
}

/// An id that means something else in what is around its list.
fn shadowed(node: &NodeSpec, outside: Outside) -> Option<Fault> {
    let id = node.id.as_ref()?;
    outside.sees(&id.variable()).then(|| {
        let detail = format!("`{id}` already has a meaning around here");
        Fault::new(FaultCode::ShadowedName, node.at.field("id"), detail)
            .with_hint("choose another id")
    })
}

/// Ids to indices; of two equal ids the first counts.
fn index_ids<'a>(nodes: &'a [NodeSpec], faults: &mut Vec<Fault>) -> HashMap<&'a str, usize> {
    let mut ids = HashMap::new();
    for (index, node) in nodes.iter().enumerate() {
        let Some(id) = &node.id else { continue };
        if let Some(first) = ids.get(id.as_str()) {
            let detail = format!("`{id}` is already the id of node {first}");
            faults.push(
                Fault::new(FaultCode::DuplicateId, node.at.field("id"), detail)
                    .with_hint("give each node an id of its own"),
            );
            continue;
        }
        ids.insert(id.as_str(), index);
    }
    ids
}

/// Names in templates to indices.
fn index_variables(nodes: &[NodeSpec], faults: &mut Vec<Fault>) -> Variables {
    let mut variables = Variables::new();
    for (index, node) in nodes.iter().enumerate() {
        let Some(id) = &node.id else { continue };
        let first = *variables.entry(id.variable()).or_insert(index);
        let other = nodes[first].id.as_ref().filter(|other| *other != id);
        if let Some(other) = other {
            let detail = format!(
                "`{id}` and `{other}` are both `{}` in templates",
                id.variable()
            );
            faults.push(
                Fault::new(FaultCode::IdCollision, node.at.field("id"), detail)
                    .with_hint("rename one of them"),
            );
        }
    }
    variables
}

fn resolve_needs(
    node: &NodeSpec,
    index: usize,
    ids: &HashMap<&str, usize>,
    suggestions: &Suggestions,
    faults: &mut Vec<Fault>,
) -> Vec<usize> {
    let Some(written) = &node.needs else {
        return index.checked_sub(1).into_iter().collect();
    };
    let mut needs = Vec::with_capacity(written.len());
    for (place, id) in written.iter().enumerate() {
        let at = node.at.field("needs").item(place);
        match ids.get(id.as_str()) {
            Some(need) if needs.contains(need) => {
                faults.push(Fault::new(
                    FaultCode::InvalidValue,
                    at,
                    format!("`{id}` is needed twice"),
                ));
            }
            Some(need) => needs.push(*need),
            None => {
                let mut fault = Fault::new(
                    FaultCode::UnknownReference,
                    at,
                    format!("`{}` is not a node of this workflow", shown(id)),
                );
                let others = ids.iter().filter(|(_, other)| **other != index);
                fault.hint = suggestions.did_you_mean(id, others.map(|(id, _)| *id));
                faults.push(fault);
            }
        }
    }
    needs
}

/// A set of node indices.
#[derive(Clone)]
struct Bits(Box<[u64]>);

impl Bits {
    fn new(length: usize) -> Self {
        Self(vec![0; length.div_ceil(64)].into())
    }

    fn insert(&mut self, index: usize) {
        self.0[index / 64] |= 1 << (index % 64);
    }

    fn contains(&self, index: usize) -> bool {
        self.0[index / 64] & (1 << (index % 64)) != 0
    }

    fn union(&mut self, other: &Self) {
        self.0
            .iter_mut()
            .zip(&other.0)
            .for_each(|(word, more)| *word |= more);
    }
}
