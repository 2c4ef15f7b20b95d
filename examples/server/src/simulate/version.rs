//! Versions of a text, so that a loop improves it round by round.
//!
//! The simulation keeps nothing between requests, so the mark at the end of each simulated text has its version. A prompt
//! that shows such a text and asks for a better one gets the next version, and a prompt that asks for a score gets a
//! higher one for a later version.

/// The version of a simulated text, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(u32);

/// The mark of the first version.
const FIRST: &str = "(Simulated.)";
/// The beginning and the end of the mark of a later one.
const LATER: (&str, &str) = ("(Simulated, version ", ".)");

impl Version {
    pub(super) const FIRST: Self = Self(1);

    pub(super) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    pub(super) fn number(self) -> u32 {
        self.0
    }

    /// What stands at the end of a text of this version.
    pub(super) fn mark(self) -> String {
        match self {
            Self::FIRST => FIRST.to_owned(),
            Self(number) => format!("{}{number}{}", LATER.0, LATER.1),
        }
    }

    /// The latest version whose mark a text has.
    pub(super) fn latest_in(text: &str) -> Option<Self> {
        let later = text.split(LATER.0).skip(1).filter_map(number).max();
        later.or_else(|| text.contains(FIRST).then_some(Self::FIRST))
    }

    /// The longest text before a mark that is not a remark about another one, without what comes before it: other
    /// paragraphs, or a label such as `Draft: `.
    pub(super) fn longest_in(text: &str) -> String {
        let marked = text.replace(LATER.0, FIRST);
        let parts: Vec<&str> = marked.split(FIRST).collect();
        let before_marks = &parts[..parts.len() - 1];
        // Texts in a JSON list are those of several steps.
        let after_lists = before_marks
            .iter()
            .filter_map(|part| part.rsplit("\"]").next());
        let texts = after_lists.filter(|part| !part.contains('"'));
        let texts = texts.filter_map(|part| {
            let text = part.rsplit("\n\n").next()?.trim();
            match text.split_once(':') {
                Some((label, _)) if is_remark(label) => None,
                Some((label, text)) if label.split(' ').count() < 4 => Some(text.trim()),
                _ => Some(text),
            }
        });
        let longest = texts.max_by_key(|text| text.len());
        longest.unwrap_or_default().to_owned()
    }

    /// The text without marks.
    pub(super) fn removed_from(text: &str) -> String {
        let mut parts = text.split(LATER.0);
        let mut rest = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            rest.push_str(part.split_once(LATER.1).map_or(part, |(_, after)| after));
        }
        rest.replace(FIRST, "")
    }

    /// Whether a review has nothing to remark.
    pub(super) fn is_good(self) -> bool {
        self.quality() > 0.8
    }

    /// How good a text of this version is, from 0 to 1. Each version is better.
    pub(super) fn quality(self) -> f64 {
        match self.0 {
            0 | 1 => 0.55,
            2 => 0.86,
            3 => 0.95,
            _ => 1.0,
        }
    }
}

/// Whether this is a label of remarks.
fn is_remark(label: &str) -> bool {
    let label = label.to_lowercase();
    [
        "comment", "critique", "feedback", "mistake", "remark", "review",
    ]
    .iter()
    .any(|word| label.contains(word))
}

/// The version whose number a text begins with.
fn number(text: &str) -> Option<Version> {
    let (number, _) = text.split_once(LATER.1)?;
    number.parse().ok().map(Version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_and_removed() {
        let second = Version::FIRST.next();
        let text = format!("A {} and b {}", Version::FIRST.mark(), second.mark());
        assert_eq!(Version::latest_in(&text), Some(second));
        assert_eq!(Version::removed_from(&text), "A  and b ");
        let prompt = "Improve this.\n\nDraft: Long and\nlonger (Simulated.)\nRemarks: Much longer than the draft (Simulated.)";
        assert_eq!(Version::longest_in(prompt), "Long and\nlonger");
        assert_eq!(Version::latest_in("version 3.)"), None);
        assert!(second.quality() > Version::FIRST.quality());
    }
}
