//! What a step can see, in the reference: plain maps, and one scope inside the other.

use std::collections::BTreeMap;

use serde_json::Value;

/// What a node left for those after it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settled {
    pub skipped: bool,
    /// Of a failure that was handled.
    pub code: Option<String>,
    pub output: Option<Value>,
}

impl Settled {
    pub fn status(&self) -> &'static str {
        match (self.skipped, &self.code) {
            (true, _) => "skipped",
            (false, Some(_)) => "failed",
            (false, None) => "completed",
        }
    }
}

/// A list of nodes at work: the run's own, the body of one map item, or of one loop round.
#[derive(Clone, Debug, Default)]
pub struct Scope<'o> {
    pub outer: Option<&'o Scope<'o>>,
    pub settled: BTreeMap<String, Settled>,
    /// What a first node sees as its input.
    pub implicit: Option<Value>,
    /// Only at the root.
    pub run_input: Value,
    /// Of a map: the name and the value of the item.
    pub item: Option<(String, Value)>,
    /// Of a map and of a loop.
    pub index: Option<usize>,
    /// Of a loop.
    pub previous: Option<Value>,
}

impl<'o> Scope<'o> {
    pub fn root(input: Value) -> Self {
        Self {
            implicit: Some(input.clone()),
            run_input: input,
            ..Self::default()
        }
    }

    pub fn item_of_map(outer: &'o Scope<'o>, name: &str, index: usize, item: Value) -> Self {
        Self {
            outer: Some(outer),
            implicit: Some(item.clone()),
            item: Some((name.to_owned(), item)),
            index: Some(index),
            ..Self::default()
        }
    }

    pub fn round_of_loop(
        outer: &'o Scope<'o>,
        implicit: Option<Value>,
        index: usize,
        previous: Value,
    ) -> Self {
        Self {
            outer: Some(outer),
            implicit,
            index: Some(index),
            previous: Some(previous),
            ..Self::default()
        }
    }

    /// This scope and those around it, from the inside out: the first that knows a name wins.
    fn chain(&self) -> impl Iterator<Item = &Scope<'o>> {
        std::iter::successors(Some(self), |scope| scope.outer)
    }

    pub fn input(&self) -> &Value {
        let root = self.chain().last().expect("a chain holds its beginning");
        &root.run_input
    }

    pub fn item(&self, name: &str) -> &Value {
        let named =
            |scope: &'_ Scope<'o>| scope.item.as_ref().is_some_and(|(known, _)| known == name);
        let scope = self.chain().find(|scope| named(scope));
        let (_, item) = scope
            .and_then(|scope| scope.item.as_ref())
            .expect("only visible items are named");
        item
    }

    pub fn index(&self) -> usize {
        let index = self.chain().find_map(|scope| scope.index);
        index.expect("`index` is named only in bodies")
    }

    pub fn previous(&self) -> &Value {
        let previous = self.chain().find_map(|scope| scope.previous.as_ref());
        previous.expect("`previous` is named only in loops")
    }

    pub fn settled(&self, id: &str) -> &Settled {
        let settled = self.chain().find_map(|scope| scope.settled.get(id));
        settled.expect("only settled ancestors are named")
    }
}
