//! The branches of switches: which case a node belongs to, and which nodes can never run in the same run.
//!
//! A node belongs to a case by its own `case`, or because all nodes that it needs do: then it is skipped with them.

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;

use crate::{
    error::{Fault, FaultCode, Suggestions, shown},
    node::SWITCH,
    workflow::spec::NodeSpec,
};

/// The `case` of a node: it runs if the switch chose the case, and is skipped otherwise.
#[derive(Clone)]
pub(crate) struct Case {
    /// The switch, by its index in the list.
    pub(crate) switch: usize,
    name: Arc<str>,
    /// The place of the name among those of the switch.
    place: usize,
}

impl Case {
    /// Whether a switch with this output chose the case. Without an output it was skipped, or failed, and chose none.
    pub(crate) fn is_chosen_by(&self, output: Option<&Value>) -> bool {
        output.and_then(Value::as_str) == Some(&*self.name)
    }
}

/// Finds the switch and the case that a node names. `None` without `case`, or with a fault.
pub(super) fn resolve(
    node: &NodeSpec,
    nodes: &[NodeSpec],
    ids: &HashMap<&str, usize>,
    suggestions: &Suggestions,
    faults: &mut Vec<Fault>,
) -> Option<Case> {
    let written = node.case.as_deref()?;
    let (id, name) = written.split_once('.')?;
    let fault = |code, detail: String, hint: Option<String>| {
        let mut fault = Fault::new(code, node.at.field("case"), detail);
        fault.hint = hint;
        fault
    };
    let Some(switch) = ids.get(id).copied() else {
        let switches = nodes.iter().filter(|node| is_switch(node));
        let ids = switches.filter_map(|node| Some(node.id.as_ref()?.as_str()));
        let hint = suggestions.did_you_mean(id, ids);
        let detail = format!("`{}` is not a node of this list", shown(id));
        faults.push(fault(FaultCode::UnknownReference, detail, hint));
        return None;
    };
    if !is_switch(&nodes[switch]) {
        let detail = format!("`{id}` is not a {SWITCH}");
        let hint = "name a switch and one of its cases, such as `route.refund`";
        faults.push(fault(
            FaultCode::InvalidValue,
            detail,
            Some(hint.to_owned()),
        ));
        return None;
    }
    // Cases without names are a fault of the switch.
    let names = names(&nodes[switch]);
    let Some(place) = names.iter().position(|known| *known == name) else {
        if !names.is_empty() {
            let near = suggestions.nearest(name, names.iter().copied());
            let hint = match near {
                Some(near) => format!("did you mean `{id}.{near}`?"),
                None => format!("its cases are {}", shown(&names.join(", "))),
            };
            let detail = format!("`{id}` has no case `{}`", shown(name));
            faults.push(fault(FaultCode::UnknownReference, detail, Some(hint)));
        }
        return None;
    };
    let name = name.into();
    Some(Case {
        switch,
        name,
        place,
    })
}

fn is_switch(node: &NodeSpec) -> bool {
    node.kind.as_deref() == Some(SWITCH)
}

/// The names that a switch can choose. They are read from the raw `data`, since nodes are planned after the graph is
/// known.
fn names(switch: &NodeSpec) -> Vec<&str> {
    let cases = switch.data["cases"].as_array().into_iter().flatten();
    let default = &switch.data["default"];
    let mut names: Vec<&str> = cases.filter_map(|case| case["name"].as_str()).collect();
    names.extend(default.as_str().filter(|name| !names.contains(name)));
    names
}

/// Which cases of which switches the nodes of a list belong to.
pub(in crate::workflow) struct Branches(Vec<Vec<Choice>>);

/// A node runs only if this switch chose one of these cases.
#[derive(Clone, Copy)]
struct Choice {
    switch: usize,
    /// The cases, as a set of their places.
    cases: u64,
}

impl Branches {
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// `order` is topological, so that the branches of all needs are known before those of a node.
    pub(super) fn of(cases: &[Option<Case>], needs: &[Vec<usize>], order: &[usize]) -> Self {
        let mut branches: Vec<Vec<Choice>> = vec![Vec::new(); needs.len()];
        for node in order {
            branches[*node] = match &cases[*node] {
                Some(case) => within_case(case, &branches),
                None => shared(&needs[*node], &branches),
            };
        }
        Self(branches)
    }

    /// Whether the two nodes never run in the same run.
    pub(in crate::workflow) fn exclude(&self, one: usize, other: usize) -> bool {
        let others = &self.0[other];
        self.0[one].iter().any(|choice| {
            let same = others.binary_search_by_key(&choice.switch, |other| other.switch);
            same.is_ok_and(|at| others[at].cases & choice.cases == 0)
        })
    }
}

/// The branches of a node with a `case`: those of its switch, and that case. It runs if the switch chose the case,
/// whatever became of its other needs.
fn within_case(case: &Case, branches: &[Vec<Choice>]) -> Vec<Choice> {
    let mut choices = branches[case.switch].clone();
    let own = Choice {
        switch: case.switch,
        // A switch with more cases has a fault.
        cases: u32::try_from(case.place)
            .ok()
            .and_then(|place| 1_u64.checked_shl(place))
            .unwrap_or(u64::MAX),
    };
    let at = choices.partition_point(|choice| choice.switch < own.switch);
    choices.insert(at, own);
    choices
}

/// The branches of a node without a `case`. It runs if one of its needs did, so for each switch, the cases of all
/// needs count, and a switch that does not decide about all of them does not decide about the node.
fn shared(needs: &[usize], branches: &[Vec<Choice>]) -> Vec<Choice> {
    let Some((first, others)) = needs.split_first() else {
        return Vec::new();
    };
    let mut choices = branches[*first].clone();
    for need in others {
        if choices.is_empty() {
            break;
        }
        choices.retain_mut(|choice| {
            let theirs = &branches[*need];
            let same = theirs.binary_search_by_key(&choice.switch, |other| other.switch);
            same.is_ok_and(|at| {
                choice.cases |= theirs[at].cases;
                true
            })
        });
    }
    choices
}
