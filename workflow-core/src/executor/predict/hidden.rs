//! Containers that do more than is known: that were not reached, that may have further rounds or turns, or whose later items have not begun.

use std::collections::{HashMap, HashSet};

use super::{EarlierCosts, Forecast, Found};
use crate::{
    node::ControlKind,
    value::{Cost, StepPath, Usage},
    view::PredictedStatus,
};

impl Found {
    /// Whether it is a container in which more is done than in the steps that were found, given how many of its items have begun.
    fn hides_more(&self, items_begun: usize) -> bool {
        match (self.step.status, self.control) {
            // A call that asks a person has not begun.
            (PredictedStatus::Unknown | PredictedStatus::Asks, Some(kind)) => kind.is_container(),
            (PredictedStatus::Runs, Some(ControlKind::Loop | ControlKind::Agent)) => true,
            (PredictedStatus::Runs, Some(ControlKind::Map)) => items_begun < self.items,
            _ => false,
        }
    }
}

impl Forecast {
    pub(super) fn hidden(&self) -> HashSet<StepPath> {
        let mut begun: HashMap<&str, usize> = HashMap::new();
        for found in &self.steps {
            // In `each/2/sum`, the third item of `each` has begun.
            let place = found.step.step.path().as_str().rsplitn(3, '/');
            if let [_, index, map] = place.collect::<Vec<_>>()[..] {
                let items = index.parse().map_or(0, |index: usize| index + 1);
                let most = begun.entry(map).or_default();
                *most = items.max(*most);
            }
        }
        let hidden = self.steps.iter().filter(|found| {
            let path = found.step.step.path().as_str();
            found.hides_more(begun.get(path).copied().unwrap_or_default())
        });
        hidden.map(|it| it.step.step.path().clone()).collect()
    }

    /// What the steps in these containers used in the earlier run, without those that were found.
    pub(super) fn earlier_within(
        &self,
        hidden: &HashSet<StepPath>,
        earlier: &EarlierCosts,
    ) -> Vec<(Usage, Option<Cost>)> {
        let hidden: HashSet<&str> = hidden.iter().map(StepPath::as_str).collect();
        let within = |path: &StepPath| {
            let path = path.as_str();
            let mut ends = path.match_indices('/').map(|(end, _)| end);
            ends.any(|end| hidden.contains(&path[..end]))
        };
        let steps = earlier.iter();
        steps
            .filter(|(path, _)| !self.index.contains_key(*path) && within(path))
            .map(|(_, used)| *used)
            .collect()
    }
}
