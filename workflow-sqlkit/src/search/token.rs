//! What runs are found by.

use workflow_core::{RunStatus, record::RunQuery};

/// The number of rows that the tokens of a block are spread over, so that a row has about a kilobyte.
const BUCKETS: u16 = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 10;

/// The most grams of a text that a search looks up. Each costs as much as the first, and few candidates are left after
/// some of them.
const MAX_GRAMS: usize = 8;

const STATUS: u32 = 4 << 24;
const WORKFLOW: u32 = 5 << 24;

/// Something that a run has. The highest byte is the kind: grams of one to three bytes, a status, or a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Token(pub(super) u32);

impl Token {
    /// One to three bytes.
    fn gram(bytes: &[u8]) -> Self {
        let kind = u32::try_from(bytes.len()).unwrap_or(3) << 24;
        let value = bytes
            .iter()
            .fold(0, |value, byte| value << 8 | u32::from(*byte));
        Self(kind | value)
    }

    /// The place of a status in `RunStatus::ALL`, which blocks store: if one moves, or if there is a new one of runs that have not
    /// ended, a migration has to delete all blocks.
    pub(super) fn status(status: &[u8]) -> Option<Self> {
        let known = (0..).zip(RunStatus::ALL);
        let found = known
            .into_iter()
            .find(|(_, known)| known.as_str().as_bytes() == status);
        found.map(|(at, _)| Self(STATUS | at))
    }

    /// Different workflows may have the same token.
    pub(super) fn workflow(id: &[u8]) -> Self {
        Self(WORKFLOW | crc32fast::hash(id) & 0x00ff_ffff)
    }

    /// All tokens of a text, some more than once.
    pub(super) fn all_of(text: &[u8]) -> impl Iterator<Item = Self> {
        let grams = |length| text.windows(length).map(Self::gram);
        grams(1).chain(grams(2)).chain(grams(3))
    }

    /// The row of the block that has it. Multiplied so that similar tokens are in different rows.
    pub(super) fn bucket(self) -> u16 {
        let hash = self.0.wrapping_mul(0x9e37_79b1) >> (32 - BUCKET_BITS);
        u16::try_from(hash).unwrap_or(0)
    }
}

/// The row of a block that has the numbers of its runs: the one behind the tokens.
pub(super) const NUMBERS: u16 = BUCKETS;

/// What the runs of a query must have.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub(super) tokens: Vec<Token>,
}

impl Wanted {
    /// The tokens of a query and its text.
    pub fn of(query: &RunQuery, text: &str) -> Self {
        let text = text.as_bytes();
        let grams: Vec<&[u8]> = text.windows(text.len().clamp(1, 3)).collect();
        // Evenly over the text.
        let step = grams.len().div_ceil(MAX_GRAMS).max(1);
        let mut tokens: Vec<Token> = grams.into_iter().step_by(step).map(Token::gram).collect();
        tokens.extend(
            query
                .status
                .and_then(|status| Token::status(status.as_str().as_bytes())),
        );
        tokens.extend(
            query
                .workflow_id
                .map(|id| Token::workflow(id.to_string().as_bytes())),
        );
        tokens.sort_unstable();
        tokens.dedup();
        Self { tokens }
    }
}

/// The text to search for, in lower case as the columns; none if every run contains it.
pub fn searched(query: &RunQuery) -> Option<String> {
    let text = query.text.as_deref().filter(|text| !text.is_empty());
    text.map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_tokens_of_statuses_stay() {
        let tokens = [
            "queued",
            "running",
            "waiting",
            "completed",
            "failed",
            "cancelled",
        ];
        for (at, status) in (0..).zip(tokens) {
            let token = Token::status(status.as_bytes());
            assert_eq!(token, Some(Token(STATUS | at)), "{status}");
        }
        // A block has the tokens of all of these for a run that has not ended.
        let open = RunStatus::ALL.iter().filter(|status| !status.has_ended());
        assert_eq!(open.count(), 3);
    }
}
