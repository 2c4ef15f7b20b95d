//! A block as the rows that are stored, and what is read from them.

use super::{
    posting::{self, Positions, number, read_number},
    token::{NUMBERS, Token},
};
use workflow_core::RunStatus;

/// The most runs of a block. Larger blocks are fewer to read; as many runs may wait for theirs, and are searched one by
/// one.
pub const BLOCK_RUNS: usize = 4096;

/// The number of new runs after which a store looks whether a block can be built.
pub const LOOK_AFTER_RUNS: usize = BLOCK_RUNS / 8;

/// More than the rows of a block.
const ROWS: i64 = 2048;

/// The bytes of a row's checksum, at its end.
const CHECKSUM: usize = 4;

/// A run to be indexed, with its columns as they are stored.
#[derive(Debug)]
pub struct IndexedRun {
    /// The number of its row.
    pub number: i64,
    /// Its id.
    pub id: String,
    /// The id of its workflow.
    pub workflow: String,
    /// Its status.
    pub status: String,
    /// Whether it has ended, so that its status is final.
    pub has_ended: bool,
    /// The name of its workflow in lower case.
    pub name: Vec<u8>,
    /// The excerpt of its input in lower case.
    pub excerpt: Vec<u8>,
}

impl IndexedRun {
    /// Each once.
    fn tokens(&self) -> Vec<Token> {
        let texts = [self.id.as_bytes(), &self.name, &self.excerpt];
        let grams = texts.into_iter().flat_map(Token::all_of);
        // A run that has not ended may have any status later.
        let statuses = RunStatus::ALL.into_iter().map(RunStatus::as_str);
        let possible = statuses.filter(|status| !self.has_ended || *status == self.status);
        let statuses = possible.filter_map(|status| Token::status(status.as_bytes()));
        let workflow = Token::workflow(self.workflow.as_bytes());
        let mut tokens: Vec<Token> = grams.chain(statuses).chain([workflow]).collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }
}

/// A new block.
#[derive(Debug)]
pub struct EncodedBlock {
    /// The range of row numbers that it covers, both included. Runs may be missing in it, none may be added.
    pub range: (i64, i64),
    /// The number of runs.
    pub runs: i64,
    /// The id of its oldest run.
    pub min_id: String,
    /// The id of its youngest run.
    pub max_id: String,
    /// Its rows, in the order of their ids.
    pub rows: Vec<Vec<u8>>,
}

impl EncodedBlock {
    /// Indexes all runs of a range, at most [`BLOCK_RUNS`]. Takes about 10 µs of processor time per run.
    pub fn of(range: (i64, i64), mut runs: Vec<IndexedRun>) -> Self {
        // A position is a place in the list of runs: newest first.
        runs.sort_unstable_by(|a, b| b.id.cmp(&a.id));
        let mut found: Vec<(u16, Token, u16)> = Vec::new();
        for (position, run) in (0..).zip(&runs) {
            let tokens = run.tokens().into_iter();
            found.extend(tokens.map(|token| (token.bucket(), token, position)));
        }
        found.sort_unstable();
        let mut rows = vec![Vec::new(); usize::from(NUMBERS)];
        for same in found.chunk_by(|a, b| a.1 == b.1) {
            let (bucket, token, _) = same[0];
            let positions = same.iter().map(|(.., position)| *position);
            let row = &mut rows[usize::from(bucket)];
            push_entry(row, token, &posting::encode(positions, runs.len()));
        }
        let mut numbers = Vec::new();
        for run in &runs {
            number(&mut numbers, run.number.abs_diff(range.0));
        }
        rows.push(numbers);
        for (at, row) in (0..).zip(&mut rows) {
            let checksum = checksum(at, row);
            row.extend(checksum);
        }
        let id = |run: Option<&IndexedRun>| run.map(|run| run.id.clone()).unwrap_or_default();
        Self {
            range,
            min_id: id(runs.last()),
            max_id: id(runs.first()),
            runs: i64::try_from(runs.len()).unwrap_or(i64::MAX),
            rows,
        }
    }
}

/// The id of a row of a block. All rows of a block have ids in [`row_ids`].
pub fn row_id(block: i64, row: u16) -> i64 {
    block * ROWS + i64::from(row)
}

/// The range of the ids of a block's rows, both included.
pub fn row_ids(block: i64) -> (i64, i64) {
    (block * ROWS, block * ROWS + ROWS - 1)
}

/// The number of the row is part of it, so that rows cannot change places.
fn checksum(row: u16, bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&row.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize().to_le_bytes()
}

/// The bytes of a row without its checksum, if that is right.
pub(super) fn verified(row: u16, bytes: &[u8]) -> Option<&[u8]> {
    let (bytes, stored) = bytes.split_last_chunk::<CHECKSUM>()?;
    (checksum(row, bytes) == *stored).then_some(bytes)
}

fn push_entry(row: &mut Vec<u8>, token: Token, positions: &[u8]) {
    row.extend(token.0.to_le_bytes());
    number(row, positions.len() as u64);
    row.extend(positions);
}

/// The runs that have a token, from the row of its bucket; `None` if the row is damaged.
pub(super) fn positions(mut row: &[u8], token: Token, runs: usize) -> Option<Positions> {
    while let Some((found, rest)) = row.split_first_chunk() {
        row = rest;
        let length = usize::try_from(read_number(&mut row)?).ok()?;
        let (positions, rest) = row.split_at_checked(length)?;
        row = rest;
        if u32::from_le_bytes(*found) == token.0 {
            return posting::decode(positions, runs);
        }
    }
    row.is_empty().then(|| Positions::none(runs))
}

/// The numbers of the runs by position; `None` if the row is damaged.
pub(super) fn numbers(mut row: &[u8], first: i64) -> Option<Vec<i64>> {
    let mut numbers = Vec::new();
    while !row.is_empty() {
        numbers.push(first.checked_add_unsigned(read_number(&mut row)?)?);
    }
    Some(numbers)
}
