//! Makes a drawn tree into a valid workflow: every number becomes a name that can be seen there.

use proptest::sample::Index;
use serde_json::{Value, json};

use super::{
    RawCondition, RawList, RawOnError, RawOver, RawShape, RawStep, RawWork,
    names::{Names, literal, pick},
};
use crate::{
    flow::{Flow, LoopWork, MapWork, Needs, OnError, Over, Script, Step, Work},
    forms::{Condition, Shape, Term},
};

/// Ids begin with the letter of their depth: so no body hides an outer name, and the bodies of two
/// nodes still share theirs.
const LETTERS: [&str; 4] = ["a", "b", "c", "d"];

pub fn flow(
    list: &RawList,
    output: Option<u8>,
    input: Index,
    default_attempts: Option<u32>,
) -> Flow {
    let inputs = [
        json!("in"),
        json!(7),
        json!({"n": 3, "s": "text"}),
        json!(null),
        json!([1, 2, 3]),
    ];
    let names = Names {
        depth: 0,
        ids: Vec::new(),
        items: Vec::new(),
        index: false,
        previous: false,
        implicit: true,
    };
    let nodes = names.list(list);
    let all = nodes.iter().map(|node| node.id.as_str());
    let output = output.map(|form| match form {
        0 => Shape::List(
            all.map(|id| Shape::Whole(Term::Output(id.to_owned())))
                .collect(),
        ),
        1 => Shape::Text(all.map(|id| Term::Status(id.to_owned())).collect()),
        _ => Shape::Object(vec![
            ("sent", Shape::Whole(Term::Input)),
            ("n", Shape::Literal(json!(1))),
        ]),
    });
    Flow {
        nodes,
        output,
        default_attempts,
        input: input.get(&inputs).clone(),
    }
}

impl Names {
    fn list(&self, list: &RawList) -> Vec<Step> {
        let ids: Vec<String> = list
            .nodes
            .iter()
            .enumerate()
            .map(|(position, node)| self.id(position, node.dashed))
            .collect();
        let mut ancestors: Vec<Vec<usize>> = Vec::new();
        let mut nodes = Vec::new();
        for (position, raw) in list.nodes.iter().enumerate() {
            let needs = needs(raw, position);
            let needed = match &needs {
                Needs::Above => position.checked_sub(1).into_iter().collect(),
                Needs::Listed(positions) => positions.clone(),
            };
            let mut above = needed.clone();
            above.extend(needed.iter().flat_map(|need| &ancestors[*need]));
            above.sort_unstable();
            above.dedup();
            let implicit = match needed.len() {
                0 => self.implicit,
                1 => true,
                _ => false,
            };
            let mut here = Names {
                implicit,
                ..self.clone()
            };
            here.ids
                .extend(above.iter().map(|ancestor| ids[*ancestor].clone()));
            nodes.push(here.step(raw, ids[position].clone(), needs));
            ancestors.push(above);
        }
        if list.backwards {
            backwards(nodes)
        } else {
            nodes
        }
    }

    fn id(&self, position: usize, dashed: bool) -> String {
        let (letter, dash) = (LETTERS[self.depth], if dashed { "-" } else { "" });
        format!("{letter}{dash}{position}")
    }

    fn step(&self, raw: &RawStep, id: String, needs: Needs) -> Step {
        Step {
            id,
            needs,
            when: raw.when.as_ref().map(|when| self.condition(when)),
            on_error: match raw.on_error {
                RawOnError::Absent => OnError::Absent,
                RawOnError::Fail => OnError::Fail,
                RawOnError::Continue => OnError::Continue,
                RawOnError::Output(which) => OnError::Output(literal(which)),
            },
            work: self.work(&raw.work),
        }
    }

    fn work(&self, raw: &RawWork) -> Work {
        match raw {
            RawWork::Script {
                pace,
                fate,
                attempts,
                pipes,
                shape,
            } => {
                let pipes = *pipes && self.implicit;
                let small_only = RawShape {
                    large: None,
                    ..shape.clone()
                };
                let value = self.shape(if pipes { &small_only } else { shape });
                Work::Script(Script {
                    pace: *pace,
                    fate: fate.clone(),
                    attempts: *attempts,
                    pipes,
                    value,
                })
            }
            RawWork::Transform(shape) => Work::Transform(self.shape(shape)),
            RawWork::Prompt(terms) => Work::Prompt(
                terms
                    .iter()
                    .map(|term| pick(*term, &self.small()))
                    .collect(),
            ),
            RawWork::Map {
                over,
                named,
                concurrency,
                null_for_failed,
                body,
            } => {
                let named = named.then(|| format!("row{}", self.depth));
                let mut inside = Names {
                    depth: self.depth + 1,
                    index: true,
                    implicit: true,
                    ..self.clone()
                };
                let item = named.as_deref().unwrap_or("item");
                inside.items.retain(|known| known != item);
                inside.items.push(item.to_owned());
                Work::Map(MapWork {
                    over: self.over(over),
                    concurrency: *concurrency,
                    null_for_failed: *null_for_failed,
                    body: inside.list(body),
                    named,
                })
            }
            RawWork::Loop {
                at_least,
                until,
                max,
                output,
                body,
            } => self.repeat(*at_least, until, *max, output.as_ref(), body),
        }
    }

    fn repeat(
        &self,
        at_least: Option<u64>,
        until: &RawCondition,
        max: usize,
        output: Option<&RawShape>,
        body: &RawList,
    ) -> Work {
        let inside = Names {
            depth: self.depth + 1,
            index: true,
            previous: true,
            ..self.clone()
        };
        let body = inside.list(body);
        // Whose `previous` it is that `until` and `output` see, the language leaves open.
        let mut after = Names {
            previous: false,
            ..inside
        };
        after.ids.extend(body.iter().map(|node| node.id.clone()));
        let drawn = after.condition(until);
        let until = match at_least {
            Some(least) => Condition::Either(
                Box::new(Condition::AtLeast(Term::Index, least)),
                Box::new(drawn),
            ),
            None => drawn,
        };
        // Whether `null` here is an output or none, the language leaves open too.
        let output = output
            .map(|output| after.shape(output))
            .filter(|output| *output != Shape::Literal(Value::Null));
        Work::Loop(LoopWork {
            until,
            max,
            output,
            body,
        })
    }

    fn over(&self, raw: &RawOver) -> Over {
        match raw {
            RawOver::Literal(items) => {
                Over::Literal(items.iter().map(|item| literal(*item)).collect())
            }
            RawOver::Term(term) => Over::Term(pick(*term, &self.all())),
        }
    }
}

/// Nodes above that it needs, each once.
fn needs(raw: &RawStep, position: usize) -> Needs {
    match &raw.needs {
        None => Needs::Above,
        Some(_) if position == 0 => Needs::Listed(Vec::new()),
        Some(picks) => {
            let mut positions: Vec<usize> = picks.iter().map(|pick| pick.index(position)).collect();
            positions.sort_unstable();
            positions.dedup();
            Needs::Listed(positions)
        }
    }
}

/// The same nodes, written the other way round: what a node needs stands below it.
fn backwards(nodes: Vec<Step>) -> Vec<Step> {
    let last = nodes.len() - 1;
    let turned = nodes.into_iter().enumerate().map(|(position, node)| {
        let needed = node.needed(position).into_iter().map(|need| last - need);
        Step {
            needs: Needs::Listed(needed.collect()),
            ..node
        }
    });
    let mut turned: Vec<Step> = turned.collect();
    turned.reverse();
    turned
}
