//! What nodes need, and sets of nodes.

use std::collections::HashMap;

use super::branch::Case;
use crate::{
    error::{Fault, FaultCode, Suggestions, shown},
    workflow::spec::NodeSpec,
};

/// What a node needs: what it says, and the switch of its `case`. Without either, a node needs the one above it, so that
/// a plain list runs in order.
pub(super) fn with_case(
    written: Option<Vec<usize>>,
    case: Option<&Case>,
    index: usize,
) -> Vec<usize> {
    let Some(case) = case else {
        return written.unwrap_or_else(|| index.checked_sub(1).into_iter().collect());
    };
    let mut needs = written.unwrap_or_default();
    if !needs.contains(&case.switch) {
        needs.push(case.switch);
    }
    needs
}

/// The written `needs` of a node. An unknown id is left out.
pub(super) fn resolve(
    node: &NodeSpec,
    ids: &HashMap<&str, usize>,
    index: usize,
    suggestions: &Suggestions,
    faults: &mut Vec<Fault>,
) -> Option<Vec<usize>> {
    let written = node.needs.as_ref()?;
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
    Some(needs)
}

/// A set of node indices.
#[derive(Clone)]
pub(super) struct Bits(Box<[u64]>);

impl Bits {
    pub(super) fn new(length: usize) -> Self {
        Self(vec![0; length.div_ceil(64)].into())
    }

    pub(super) fn insert(&mut self, index: usize) {
        self.0[index / 64] |= 1 << (index % 64);
    }

    pub(super) fn contains(&self, index: usize) -> bool {
        self.0[index / 64] & (1 << (index % 64)) != 0
    }

    pub(super) fn union(&mut self, other: &Self) {
        self.0
            .iter_mut()
            .zip(&other.0)
            .for_each(|(word, more)| *word |= more);
    }
}
