//! [`Table`]: the file that lists the allowed imports between the modules of a crate.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::{Modules, circles};

/// The beginning of the line with the reason of a circle. It follows the line of the circle.
const REASON: &str = "  reason:";

/// The imports between top-level modules, and the circles of files with their reasons.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table {
    imports: BTreeSet<String>,
    /// A circle without a reason has an empty one.
    circles: BTreeMap<String, String>,
}

impl Table {
    /// The current table of a crate, without reasons. Imports of and by the module `excluded` do not count.
    pub fn of(modules: &Modules, excluded: &str) -> Self {
        let mut table = Self::default();
        for (module, targets) in modules.top_level_imports() {
            let targets: Vec<String> = targets.into_iter().filter(|it| it != excluded).collect();
            if module != excluded && !targets.is_empty() {
                let line = format!("{module}: {}", targets.join(" "));
                table.imports.insert(line);
            }
        }
        for circle in circles(&modules.file_imports()) {
            table.circles.insert(circle.join(" "), String::new());
        }
        table
    }

    /// Reads a table as [`Display`](fmt::Display) writes it.
    pub fn parse(text: &str) -> Self {
        let mut table = Self::default();
        let mut circle = None;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(reason) = line.strip_prefix(REASON) {
                if let Some(circle) = circle.take() {
                    table.circles.insert(circle, reason.trim().to_owned());
                }
            } else if line.contains(": ") {
                table.imports.insert(line.to_owned());
            } else if !line.trim().is_empty() {
                table.circles.insert(line.to_owned(), String::new());
                circle = Some(line.to_owned());
            }
        }
        table
    }

    /// Takes the reasons of another table, for the circles that both have.
    #[must_use]
    pub fn with_reasons_of(mut self, other: &Self) -> Self {
        for (circle, reason) in &mut self.circles {
            if let Some(known) = other.circles.get(circle) {
                reason.clone_from(known);
            }
        }
        self
    }

    /// The lines that are missing in this table (`-`) and those that only this table has (`+`).
    pub fn difference(&self, allowed: &Self) -> Vec<String> {
        let lines = |table: &Self| {
            let circles = table.circles.keys().cloned();
            table
                .imports
                .iter()
                .cloned()
                .chain(circles)
                .collect::<BTreeSet<_>>()
        };
        let (found, allowed) = (lines(self), lines(allowed));
        let removed = allowed.difference(&found).map(|line| format!("- {line}"));
        let added = found.difference(&allowed).map(|line| format!("+ {line}"));
        removed.chain(added).collect()
    }

    /// The circles without a reason.
    pub fn without_reason(&self) -> Vec<&str> {
        let bare = self.circles.iter().filter(|(_, reason)| reason.is_empty());
        bare.map(|(circle, _)| circle.as_str()).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Imports between top-level modules.")?;
        for line in &self.imports {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "\n# Circles of files, each with its reason.")?;
        for (circle, reason) in &self.circles {
            writeln!(f, "{circle}\n{REASON} {reason}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# Imports between top-level modules.\na: b c\n\n\
        # Circles of files, each with its reason.\na::x a::y\n  reason: a tree: x holds y\n";

    #[test]
    fn a_table_is_read_as_it_is_written() {
        let table = Table::parse(TABLE);
        assert_eq!(table.to_string(), TABLE);
        assert!(table.without_reason().is_empty());
    }

    #[test]
    fn a_circle_without_a_reason_is_named() {
        for text in ["a b\n", "a b\n  reason:\n", "a b\n  reason:  \n"] {
            assert_eq!(Table::parse(text).without_reason(), ["a b"], "{text:?}");
        }
    }

    #[test]
    fn reasons_stay_with_their_circle_and_a_circle_that_grows_needs_a_new_one() {
        let known = Table::parse("a b\n  reason: recursion\n");
        let same = Table::parse("a b\n").with_reasons_of(&known);
        assert!(same.without_reason().is_empty());
        let grown = Table::parse("a b c\n").with_reasons_of(&known);
        assert_eq!(grown.without_reason(), ["a b c"]);
        assert_eq!(grown.difference(&known), ["- a b", "+ a b c"]);
    }
}
