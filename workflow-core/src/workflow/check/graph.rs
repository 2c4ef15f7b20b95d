//! The dependency graph of one list of nodes: ids, edges, cycles, ancestors.
//!
//! The graph also collects what the checks find out about each node: whether something reads it, and the shape of its
//! output. Both are interior mutability, since readers hold the graph while they add to it.
//!
//! The graph is built even if ids or needs have faults: what can be resolved is resolved, so that the other checks
//! can run. Nodes on a cycle have an incomplete set of ancestors; the workflow is refused anyway.

use std::{
    cell::{Cell, OnceCell},
    collections::HashMap,
};

use super::{
    branch::{self, Branches, Case},
    enclosing::EnclosingScope,
    needs::{self, Bits},
    outputs::Shape,
};
use crate::{
    error::{Fault, FaultCode, Pointer},
    node::{ControlKind, NodeType, Registry},
    template::{ImplicitInput, Variables},
    workflow::spec::NodeSpec,
};

/// The nodes of one list as a graph. A node is identified by its index in the list.
pub(in crate::workflow) struct Graph<'a> {
    enclosing: EnclosingScope<'a>,
    variables: Variables,
    names: Vec<String>,
    /// What each node is, if the engine interprets it.
    kinds: Vec<Option<ControlKind>>,
    needs: Vec<Vec<usize>>,
    cases: Vec<Option<Case>>,
    branches: Branches,
    dependents: Vec<Vec<usize>>,
    ancestors: Vec<Bits>,
    /// Topological order. Nodes on a cycle or behind one come last.
    order: Vec<usize>,
    /// Which nodes something reads.
    used: Vec<Cell<bool>>,
    /// What is known of each output, set when the node is planned.
    shapes: Vec<OnceCell<Shape>>,
}

impl<'a> Graph<'a> {
    /// Resolves the ids and `needs` of the nodes, and adds faults for what is wrong with them.
    pub(in crate::workflow) fn of(
        nodes: &[NodeSpec],
        enclosing: EnclosingScope<'a>,
        registry: &Registry,
        faults: &mut Vec<Fault>,
    ) -> Self {
        let ids = index_ids(nodes, faults);
        let variables = index_variables(nodes, faults);
        faults.extend(nodes.iter().filter_map(|node| shadowed(node, enclosing)));
        let suggestions = enclosing.suggestions();
        let mut needs = Vec::with_capacity(nodes.len());
        let mut cases = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let written = needs::resolve(node, &ids, index, suggestions, faults);
            let case = branch::resolve(node, nodes, &ids, suggestions, faults);
            needs.push(needs::with_case(written, case.as_ref(), index));
            cases.push(case);
        }
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
            enclosing,
            variables,
            names,
            kinds: nodes.iter().map(|node| kind_of(node, registry)).collect(),
            needs,
            cases,
            branches: Branches::none(),
            dependents,
            ancestors: Vec::new(),
            order: Vec::new(),
            used: vec![Cell::new(false); nodes.len()],
            shapes: vec![OnceCell::new(); nodes.len()],
        };
        // Nodes on a cycle are planned too, after all others, so that their own faults are found.
        let (mut order, rest) = graph.topological_order();
        let unordered: Vec<usize> = (0..nodes.len()).filter(|node| rest[*node]).collect();
        graph.report_cycles(rest, nodes, faults);
        graph.ancestors = graph.find_ancestors(&order);
        graph.branches = Branches::of(&graph.cases, &graph.needs, &order);
        order.extend(unordered);
        graph.order = order;
        graph
    }

    /// The nodes in topological order.
    pub(in crate::workflow) fn order(&self) -> &[usize] {
        &self.order
    }

    /// Sets what is known of the output of a node. The first call counts. A node that is not planned has none:
    /// nothing is known of its output.
    pub(in crate::workflow) fn set_shape(&self, node: usize, shape: Shape) {
        let _ = self.shapes[node].set(shape);
    }

    /// What is known of the output of a node.
    pub(in crate::workflow) fn shape(&self, node: usize) -> Shape {
        self.shapes[node].get().cloned().unwrap_or(Shape::Unknown)
    }

    /// What is known of the implicit input of a node.
    pub(in crate::workflow) fn input_shape(&self, node: usize) -> Shape {
        match self.implicit_input(node) {
            ImplicitInput::Begin => self.enclosing.begin().clone(),
            ImplicitInput::Step(step) => self.shape(step),
            ImplicitInput::None => Shape::Unknown,
        }
    }

    /// What is known of the result of a list without an `output`: the output of its last node, or an object of the outputs of
    /// several last nodes.
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

    /// The scope around this list.
    pub(in crate::workflow) fn enclosing(&self) -> EnclosingScope<'a> {
        self.enclosing
    }

    /// Marks that something reads a node.
    pub(in crate::workflow) fn uses(&self, node: usize) {
        self.used[node].set(true);
    }

    pub(in crate::workflow) fn is_used(&self, node: usize) -> bool {
        self.used[node].get()
    }

    /// The id of a node; empty if it could not be read.
    pub(in crate::workflow) fn name(&self, node: usize) -> &str {
        &self.names[node]
    }

    /// What a node is, if the engine interprets it.
    pub(in crate::workflow) fn kind(&self, node: usize) -> Option<ControlKind> {
        self.kinds[node]
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

    /// The `case` of a node.
    pub(in crate::workflow) fn case(&self, node: usize) -> Option<&Case> {
        self.cases[node].as_ref()
    }

    /// Whether two nodes are in branches of a switch of which only one runs.
    pub(in crate::workflow) fn exclude(&self, one: usize, other: usize) -> bool {
        self.branches.exclude(one, other)
    }

    /// What a node reads without naming it. The switch of its `case` does not count as a need: with no other one, the
    /// node reads what the switch reads, and not the name of the case.
    pub(in crate::workflow) fn implicit_input(&self, node: usize) -> ImplicitInput {
        let mut reader = node;
        // Of faulty nodes, the switches may be a cycle.
        for _ in 0..self.needs.len() {
            let switch = self.case(reader).map(|case| case.switch);
            let needs = self.needs[reader].iter();
            let mut needs = needs.filter(|need| Some(**need) != switch);
            match (needs.next(), needs.next(), switch) {
                (None, _, Some(switch)) => reader = switch,
                (None, _, None) => return ImplicitInput::Begin,
                (Some(one), None, _) => return ImplicitInput::Step(*one),
                (Some(_), Some(_), _) => break,
            }
        }
        ImplicitInput::None
    }

    /// Whether a node has an implicit input. Whether its step has an output is known only at run time.
    pub(in crate::workflow) fn has_input(&self, node: usize) -> bool {
        match self.implicit_input(node) {
            ImplicitInput::Begin => self.enclosing.has_begin(),
            ImplicitInput::Step(_) => true,
            ImplicitInput::None => false,
        }
    }

    /// Kahn's algorithm. Returns the order, and which nodes are on a cycle or behind one.
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

    /// Adds one fault for each cycle among the nodes without an order.
    ///
    /// Nodes behind a cycle are on none: their walk ends at the cycle, which has been reported by then or is
    /// reported now. Each walk removes its nodes, so the loop ends after as many passes as there are nodes at most.
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

    /// Follows the first unordered need of each node until a node repeats or has none. Returns the path, and where in it
    /// the cycle begins.
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

    /// The fault of a cycle. `cycle` lists nodes: each needs the next, and the last needs the first.
    fn cycle_fault(&self, cycle: &[usize], nodes: &[NodeSpec]) -> Fault {
        let mut forward: Vec<String> = cycle.iter().rev().map(|node| self.shown(*node)).collect();
        forward.extend(forward.first().cloned());
        Fault::new(
            FaultCode::Cycle,
            written_need(cycle, nodes),
            forward.join(" -> "),
        )
        .with_hint("remove one of these from `needs`")
    }

    fn shown(&self, node: usize) -> String {
        match self.name(node) {
            "" => format!("node {node}"),
            name => name.to_owned(),
        }
    }

    /// The ancestors of each node, as bit sets: with 1,000 nodes at most, all sets together have 125 kB. It needs
    /// the topological order: the sets of the needs must be complete.
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

/// The place of a written need of a cycle. Every cycle has one, since a node without `needs` needs the one above it,
/// which comes earlier.
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

/// The fault of an id that already has a meaning in the enclosing scope.
///
/// Names are not hidden: a template in a body would silently read another node after a rename.
fn shadowed(node: &NodeSpec, enclosing: EnclosingScope) -> Option<Fault> {
    let id = node.id.as_ref()?;
    enclosing.sees(&id.variable()).then(|| {
        let detail = format!("`{id}` is already defined in the enclosing scope");
        Fault::new(FaultCode::ShadowedName, node.at.field("id"), detail)
            .with_hint("choose another id")
    })
}

/// The kind of a node; `None` for a leaf and for what has an unknown type.
fn kind_of(node: &NodeSpec, registry: &Registry) -> Option<ControlKind> {
    let node_type = registry.get(node.kind.as_deref()?);
    node_type.and_then(NodeType::control)
}

/// Maps ids to indices. Of two equal ids, the first counts.
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

/// Maps the names that templates use to indices.
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
