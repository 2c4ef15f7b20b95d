//! Lists of nodes in the reference: in which order they settle, and what ends them.

use serde_json::Value;

use super::Reference;
use crate::{
    flow::{Pace, Script, Step, Work},
    forecast::{Failure, ListEnd, Moment, Outcome, SAME_MOMENT, StepForecast, Steps},
    scope::{Scope, Settled},
};

/// A failure that may be the one its list fails with.
pub(super) struct Candidate {
    pub(super) at: Moment,
    /// Its number in the list or map.
    pub(super) position: usize,
    /// The step of the list, or the item of the map.
    pub(super) root: String,
    pub(super) failure: Failure,
    /// Whether it comes straight from a timer, so that others of its millisecond are of its turn.
    pub(super) timed: bool,
    /// The steps it came after: they are settled when it fails.
    pub(super) after: Vec<String>,
}

impl Candidate {
    /// Whether this step has its way although this failure ends the list.
    fn spares(&self, path: &str) -> bool {
        let mut roots = self.after.iter().chain([&self.root]);
        roots.any(|root| {
            let rest = path.strip_prefix(root.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

impl Reference {
    /// The end of a list, and what it left for those who name its nodes.
    pub(super) fn list<'o>(
        &mut self,
        nodes: &[Step],
        mut scope: Scope<'o>,
        prefix: &str,
        begin: Moment,
    ) -> (ListEnd, Scope<'o>) {
        let mut steps = Steps::new();
        let mut failures = Vec::new();
        let mut settled_at: Vec<Option<Moment>> = vec![None; nodes.len()];
        for position in in_order(nodes) {
            let node = &nodes[position];
            let needs = node.needed(position);
            let Some(ready) = needs.iter().try_fold(begin, |latest, need| {
                settled_at[*need].map(|at| at.max(latest))
            }) else {
                continue; // It needs what failed its list: it never begins.
            };
            let path = format!("{prefix}{}", node.id);
            let (forecast, inner) = self.node(node, &needs, nodes, &scope, &path, ready);
            if let Outcome::Fatal(failure) = &forecast.outcome {
                let candidate = Candidate {
                    at: forecast.end,
                    position,
                    root: path.clone(),
                    failure: failure.clone(),
                    timed: comes_from_a_timer(node, &forecast),
                    after: ancestors(nodes, position)
                        .map(|ancestor| format!("{prefix}{}", nodes[ancestor].id))
                        .collect(),
                };
                failures.push(candidate);
            } else {
                settled_at[position] = Some(forecast.end);
                scope
                    .settled
                    .insert(node.id.clone(), left_by(&forecast.outcome));
            }
            steps.extend(inner);
            steps.insert(path, forecast);
        }
        failures.sort_by_key(|candidate| candidate.position);
        let end = match self.first_of(&failures, &mut steps) {
            Some((at, failure)) => ListEnd {
                at,
                result: Err(failure),
                steps,
            },
            None => ListEnd {
                at: settled_at.into_iter().flatten().max().unwrap_or(begin),
                result: Ok(result_of(nodes, &scope)),
                steps,
            },
        };
        (end, scope)
    }

    /// Which failure ends a list, and when; all else in the list is cut off then.
    ///
    /// `candidates` are in order of their numbers.
    pub(super) fn first_of(
        &mut self,
        candidates: &[Candidate],
        steps: &mut Steps,
    ) -> Option<(Moment, Failure)> {
        let first = candidates.iter().min_by_key(|candidate| candidate.at)?;
        let rivals: Vec<_> = candidates
            .iter()
            .filter(|candidate| candidate.at - first.at < SAME_MOMENT)
            .collect();
        // Of two failures in one turn, it is the first by number. That two of one moment are of one
        // turn is sure only of timers that were set for the same millisecond.
        let known = rivals.len() == 1
            || rivals
                .iter()
                .all(|rival| rival.timed && rival.at == first.at);
        if !known
            && rivals
                .iter()
                .any(|rival| rival.failure.code != first.failure.code)
        {
            self.ordered = false;
        }
        self.tied |= !known;
        for (path, step) in steps {
            if !known || !first.spares(path) {
                step.stop_at(first.at);
            }
            // At other times, another failure may be the first.
            step.may_stop |= candidates.len() > 1;
        }
        let mut failure = first.failure.clone();
        for candidate in candidates {
            failure
                .possible
                .extend(candidate.failure.possible.iter().cloned());
        }
        Some((first.at, failure))
    }
}

/// The positions of the nodes, each after those it needs.
fn in_order(nodes: &[Step]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    while order.len() < nodes.len() {
        let next = (0..nodes.len()).find(|position| {
            let needs = nodes[*position].needed(*position);
            !order.contains(position) && needs.iter().all(|need| order.contains(need))
        });
        order.push(next.expect("a generated list has no cycle"));
    }
    order
}

/// The positions of all that a node needs, and that they need.
fn ancestors(nodes: &[Step], position: usize) -> impl Iterator<Item = usize> {
    let mut found = nodes[position].needed(position);
    let mut next = 0;
    while let Some(ancestor) = found.get(next).copied() {
        for need in nodes[ancestor].needed(ancestor) {
            if !found.contains(&need) {
                found.push(need);
            }
        }
        next += 1;
    }
    found.into_iter()
}

fn comes_from_a_timer(node: &Step, forecast: &StepForecast) -> bool {
    let takes_time = |script: &Script| script.pace != Pace::Instant && forecast.attempts == 1;
    matches!(&node.work, Work::Script(script) if takes_time(script) && forecast.end > forecast.begin)
}

fn left_by(outcome: &Outcome) -> Settled {
    match outcome {
        Outcome::Completed { output, .. } => Settled {
            output: Some(output.clone()),
            ..Settled::default()
        },
        Outcome::Handled { code, output } => Settled {
            code: Some(code.clone()),
            output: output.clone(),
            ..Settled::default()
        },
        Outcome::Skipped(_) | Outcome::Fatal(_) => Settled {
            skipped: true,
            ..Settled::default()
        },
    }
}

/// Rule 6: the output of the only sink, or an object of those of several that have one.
fn result_of(nodes: &[Step], scope: &Scope) -> Value {
    let needed: Vec<usize> = (0..nodes.len())
        .flat_map(|position| nodes[position].needed(position))
        .collect();
    let sinks: Vec<&Step> = (0..nodes.len())
        .filter(|position| !needed.contains(position))
        .map(|position| &nodes[position])
        .collect();
    let output = |sink: &Step| scope.settled(&sink.id).output.clone();
    if let [only] = sinks.as_slice() {
        return output(only).unwrap_or_default();
    }
    let with_output = sinks
        .iter()
        .filter_map(|sink| Some((sink.id.clone(), output(sink)?)));
    Value::Object(with_output.collect())
}
