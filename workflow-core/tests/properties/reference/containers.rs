//! Maps and loops in the reference.

use serde_json::Value;

use super::{Reference, StepEnd, list::Candidate};
use crate::{
    flow::{LoopWork, MapWork, Over},
    forecast::{Failure, Moment, NEVER, Steps},
    scope::Scope,
};

/// How many items of a map are at work at once, unless it says so.
const ITEMS_AT_ONCE: usize = 4;

impl Reference {
    pub(super) fn map(
        &mut self,
        map: &MapWork,
        scope: &Scope,
        path: &str,
        begin: Moment,
    ) -> StepEnd {
        let Some(items) = items(&map.over, scope) else {
            return StepEnd::of(begin, 0, Err(Failure::of("type_error", path)));
        };
        // When each of the places for items is free again. Items take them in their order.
        let mut places = vec![begin; map.concurrency.unwrap_or(ITEMS_AT_ONCE)];
        let mut results = Vec::new();
        let mut steps = Steps::new();
        let mut failures = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let place = places
                .iter_mut()
                .min_by_key(|free| **free)
                .expect("a map has at least one place");
            if *place == NEVER {
                break; // Every place is held by an item whose failure will end the map.
            }
            let root = format!("{path}/{index}");
            let inside = Scope::item_of_map(scope, map.item_name(), index, item);
            let (end, _) = self.list(&map.body, inside, &format!("{root}/"), *place);
            steps.extend(end.steps);
            *place = end.at;
            match end.result {
                Ok(result) => results.push(result),
                Err(_) if map.null_for_failed => results.push(Value::Null),
                Err(failure) => {
                    *place = NEVER;
                    failures.push(Candidate {
                        at: end.at,
                        position: index,
                        root,
                        failure,
                        timed: false,
                        after: Vec::new(),
                    });
                }
            }
        }
        let (at, result) = match self.first_of(&failures, &mut steps) {
            Some((at, failure)) => (at, Err(failure)),
            None => (
                places.into_iter().max().unwrap_or(begin),
                Ok(results.into()),
            ),
        };
        StepEnd {
            inner: steps,
            ..StepEnd::of(at, 1, result)
        }
    }

    pub(super) fn repeat(
        &mut self,
        repeated: &LoopWork,
        scope: &Scope,
        implicit: Option<&Value>,
        path: &str,
        begin: Moment,
    ) -> StepEnd {
        let mut steps = Steps::new();
        let mut at = begin;
        let mut previous = Value::Null;
        for index in 0..repeated.max {
            let inside = Scope::round_of_loop(scope, implicit.cloned(), index, previous);
            let (end, inside) = self.list(&repeated.body, inside, &format!("{path}/{index}/"), at);
            steps.extend(end.steps);
            at = end.at;
            let result = match end.result {
                Ok(result) => result,
                Err(failure) => {
                    return StepEnd {
                        inner: steps,
                        ..StepEnd::of(at, 1, Err(failure))
                    };
                }
            };
            previous = repeated
                .output
                .as_ref()
                .map_or(result, |output| output.value(&inside));
            let Some(done) = repeated.until.holds(&inside) else {
                return StepEnd {
                    inner: steps,
                    ..StepEnd::of(at, 1, Err(Failure::of("template_error", path)))
                };
            };
            if done {
                return StepEnd {
                    inner: steps,
                    rounds: Some((index + 1, false)),
                    ..StepEnd::of(at, 1, Ok(previous))
                };
            }
        }
        StepEnd {
            inner: steps,
            rounds: Some((repeated.max, true)),
            ..StepEnd::of(at, 1, Ok(previous))
        }
    }
}

/// None when it is not a list.
fn items(over: &Over, scope: &Scope) -> Option<Vec<Value>> {
    match over {
        Over::Literal(items) => Some(items.clone()),
        Over::Term(term) => match term.value(scope) {
            Value::Array(items) => Some(items),
            // Written `… or []`, so what is false to Jinja is an empty list.
            value if !crate::forms::truthy(&value) => Some(Vec::new()),
            _ => None,
        },
    }
}
