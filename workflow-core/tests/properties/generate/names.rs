//! What can be named at a place of a workflow, and what is made of it: terms, values, conditions.

use proptest::sample::Index;
use serde_json::{Value, json};

use super::{RawCondition, RawShape};
use crate::forms::{Condition, Shape, Term};

/// What can be named at a place.
#[derive(Clone, Debug)]
pub struct Names {
    pub depth: usize,
    pub ids: Vec<String>,
    pub items: Vec<String>,
    pub index: bool,
    pub previous: bool,
    /// Whether a first node has an input.
    pub implicit: bool,
}

impl Names {
    /// Terms whose values stay small.
    pub fn small(&self) -> Vec<Term> {
        let mut terms = vec![Term::Input];
        terms.extend(self.index.then_some(Term::Index));
        terms.extend(self.ids.iter().cloned().map(Term::Status));
        terms.extend(self.ids.iter().cloned().map(Term::ErrorCode));
        terms
    }

    /// Terms whose values may be whole outputs.
    fn large(&self) -> Vec<Term> {
        let mut terms: Vec<Term> = self.ids.iter().cloned().map(Term::Output).collect();
        terms.extend(self.items.iter().cloned().map(Term::Item));
        terms.extend(self.previous.then_some(Term::Previous));
        terms
    }

    pub fn all(&self) -> Vec<Term> {
        let mut terms = self.large();
        terms.extend(self.small());
        terms
    }

    pub fn shape(&self, raw: &RawShape) -> Shape {
        let small = || raw.small.iter().map(|term| pick(*term, &self.small()));
        let large = raw
            .large
            .as_ref()
            .filter(|_| !self.large().is_empty())
            .map(|term| pick(*term, &self.large()));
        match raw.form {
            0 => Shape::Literal(literal(raw.literal)),
            1 => Shape::Whole(large.or_else(|| small().next()).unwrap_or(Term::Input)),
            2 => Shape::Text(small().collect()),
            3 => Shape::List(large.into_iter().chain(small()).map(Shape::Whole).collect()),
            _ => {
                let mut fields = vec![
                    ("k", Shape::Literal(literal(raw.literal))),
                    ("t", Shape::Text(small().collect())),
                ];
                fields.extend(large.map(|term| ("of", Shape::Whole(term))));
                Shape::Object(fields)
            }
        }
    }

    pub fn condition(&self, raw: &RawCondition) -> Condition {
        let boxed = |inner: &RawCondition| Box::new(self.condition(inner));
        match raw {
            RawCondition::Test { term, against } => {
                test(pick(*term, &self.all()), usize::from(*against))
            }
            RawCondition::Not(inner) => Condition::Not(boxed(inner)),
            RawCondition::Both(one, other) => Condition::Both(boxed(one), boxed(other)),
            RawCondition::Either(one, other) => Condition::Either(boxed(one), boxed(other)),
        }
    }
}

fn test(term: Term, against: usize) -> Condition {
    match term {
        Term::Status(_) => {
            let status = ["completed", "completed", "failed", "skipped"][against % 4];
            Condition::Equals(term, status.into())
        }
        Term::ErrorCode(_) => {
            Condition::Equals(term, ["none", "broken", "flaky"][against % 3].into())
        }
        Term::Index => Condition::AtLeast(term, against as u64 % 3),
        Term::Previous => Condition::Equals(term, Value::Null),
        Term::Input | Term::Item(_) | Term::Output(_) => Condition::Truthy(term),
    }
}

/// No booleans, which compare equal to numbers in some languages and not in others.
pub fn literal(which: u8) -> Value {
    let literals = [
        json!([1, 2, 3]),
        json!(0),
        json!("text"),
        json!(null),
        json!([[], ["x", "y"]]),
        json!({"k": 1}),
        json!([]),
        json!(12),
    ];
    literals[usize::from(which) % literals.len()].clone()
}

pub fn pick(index: Index, terms: &[Term]) -> Term {
    index.get(terms).clone()
}
