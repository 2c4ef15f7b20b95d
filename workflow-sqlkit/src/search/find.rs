//! Searches: candidates from blocks, newest first, then their rows.

use std::collections::{HashMap, VecDeque};

use workflow_core::{
    RunRecord,
    record::{Page, RunCounts, RunQuery},
    store::StoreError,
};

use super::{
    block::{self, row_id, verified},
    found::Found,
    head::{BlockHead, unindexed},
    posting::Positions,
    reader::{Among, BlockReader},
    token::{NUMBERS, Wanted},
};
use crate::{page::before, unreadable::UnreadableRows};

/// The numbers of blocks that are read at once: the first one, then more and more, since newer runs may be enough.
const FIRST_BLOCKS: usize = 1;
const MAX_BLOCKS: usize = 64;

/// The numbers of candidates whose rows are read at once.
const FIRST_ROWS: usize = 64;
const MAX_ROWS: usize = 1024;

/// At least so many candidates are counted, the last of them with all that were read at once. If there are more, the rest is not
/// counted: reading a million rows takes seconds, and a person who reads "2,000 or more" adds words.
const COUNTED: usize = 2_000;

/// A page of the runs that match a query with a text.
///
/// # Errors
/// [`StoreError::BadCursor`], or what the reader returns.
pub async fn search(
    reader: &impl BlockReader,
    wanted: &Wanted,
    query: &RunQuery,
    unreadable: &UnreadableRows,
) -> Result<Page<RunRecord>, StoreError> {
    // One more than the page has shows whether there are more.
    let limit = query.page.limit.saturating_add(1);
    let mut search = Search::new(reader, wanted).await?;
    search.skip_until(&before(&query.page)?);
    if query.page.cursor.is_some() {
        search.youngest = reader.youngest().await?;
    }
    let mut found = Found::new(unreadable);
    let mut most = FIRST_ROWS;
    loop {
        for range in std::mem::take(&mut search.unindexed) {
            found.add_newest(reader, range, limit).await?;
        }
        // Only newer runs than the last of the page can still change it.
        search.close_older_than(found.last_of(limit).as_deref());
        if !search.load(most).await? {
            continue;
        }
        let candidates = search.take(most);
        if candidates.is_empty() {
            break;
        }
        let numbers: Vec<i64> = candidates.iter().map(|(number, _)| *number).collect();
        let blocks: HashMap<i64, i64> = candidates.into_iter().collect();
        for (number, row) in reader.runs(Among::Numbers(&numbers), numbers.len()).await? {
            if found.add(&row)
                && let Some(block) = blocks.get(&number)
            {
                search.has_passed(*block, &row.id);
            }
        }
        most = (most * 2).min(MAX_ROWS);
    }
    Ok(found.page(query.page.limit))
}

/// The number of runs that match a query with a text, by status. If it has many candidates, only the newest of these are counted,
/// of which few may match: [`RunCounts::at_least`].
///
/// # Errors
/// What the reader returns.
pub async fn count(reader: &impl BlockReader, wanted: &Wanted) -> Result<RunCounts, StoreError> {
    let mut search = Search::new(reader, wanted).await?;
    let (mut counts, mut candidates_read) = (RunCounts::default(), 0);
    loop {
        for range in std::mem::take(&mut search.unindexed) {
            counts += reader.counts(Among::Range(range)).await?;
        }
        if !search.load(MAX_ROWS).await? {
            continue;
        }
        let candidates = search.take(MAX_ROWS);
        if candidates.is_empty() {
            return Ok(counts);
        }
        let numbers: Vec<i64> = candidates.into_iter().map(|(number, _)| number).collect();
        if candidates_read >= COUNTED {
            counts.at_least = true;
            return Ok(counts);
        }
        candidates_read += numbers.len();
        counts += reader.counts(Among::Numbers(&numbers)).await?;
    }
}

/// The blocks of a search.
struct Search<'a, Reader> {
    reader: &'a Reader,
    wanted: &'a Wanted,
    /// Those that may have more candidates.
    blocks: Vec<OpenBlock>,
    /// The youngest run of the page: those before it in its block are on earlier pages.
    youngest: Option<i64>,
    /// The number of blocks to be read next.
    at_once: usize,
    /// The ranges of runs without a readable block, to be searched one by one.
    unindexed: Vec<(i64, i64)>,
}

/// A block that may have candidates.
struct OpenBlock {
    head: BlockHead,
    /// No candidate that is left is younger than this id.
    newest: Vec<u8>,
    /// The numbers of runs that may match, newest first; `None` until the block is read.
    candidates: Option<VecDeque<i64>>,
}

impl<'a, Reader: BlockReader> Search<'a, Reader> {
    async fn new(reader: &'a Reader, wanted: &'a Wanted) -> Result<Self, StoreError> {
        let mut heads = reader.heads().await?;
        // A damaged number of runs must not decide how much memory is allocated.
        for damaged in heads.extract_if(.., |head| !head.is_plausible()) {
            reader.report_damage(damaged.block);
        }
        let unindexed = unindexed(&heads);
        let with_runs = heads.into_iter().filter(|head| head.runs > 0);
        let blocks = with_runs.map(|head| OpenBlock {
            newest: head.max_id.clone().into_bytes(),
            head,
            candidates: None,
        });
        Ok(Self {
            reader,
            wanted,
            blocks: blocks.collect(),
            youngest: None,
            at_once: FIRST_BLOCKS,
            unindexed,
        })
    }

    /// Leaves out blocks whose runs are all on earlier pages.
    fn skip_until(&mut self, before: &str) {
        self.blocks
            .retain(|block| block.head.min_id.as_str() < before);
    }

    /// Leaves out blocks that have only older candidates than this run.
    fn close_older_than(&mut self, last: Option<&str>) {
        if let Some(last) = last {
            let last = last.as_bytes();
            self.blocks.retain(|block| block.newest.as_slice() > last);
        }
    }

    /// A matching run of the block with this number was found: the candidates that are left are older.
    fn has_passed(&mut self, block: i64, id: &[u8]) {
        let block = self.blocks.iter_mut().find(|open| open.head.block == block);
        if let Some(block) = block
            && id < block.newest.as_slice()
        {
            block.newest = id.to_vec();
        }
    }

    /// Reads more blocks if those that were read have fewer than `most` candidates. Returns whether that is done:
    /// otherwise there may be ranges to be searched meanwhile.
    async fn load(&mut self, most: usize) -> Result<bool, StoreError> {
        self.blocks.retain(|block| {
            block
                .candidates
                .as_ref()
                .is_none_or(|left| !left.is_empty())
        });
        self.blocks.sort_by(|a, b| b.newest.cmp(&a.newest));
        let read = self
            .blocks
            .iter()
            .map_while(|block| block.candidates.as_ref());
        if read.map(VecDeque::len).sum::<usize>() >= most {
            return Ok(true);
        }
        let unread = self
            .blocks
            .iter()
            .filter(|block| block.candidates.is_none());
        let heads: Vec<BlockHead> = unread
            .take(self.at_once)
            .map(|open| open.head.clone())
            .collect();
        if heads.is_empty() {
            return Ok(true);
        }
        self.at_once = (self.at_once * 4).min(MAX_BLOCKS);
        let mut candidates = self.read(&heads).await?;
        for open in &mut self.blocks {
            match candidates.remove(&open.head.block) {
                None => {}
                Some(Some(found)) => open.candidates = Some(found.into()),
                Some(None) => {
                    self.reader.report_damage(open.head.block);
                    self.unindexed.push(open.head.range);
                    open.candidates = Some(VecDeque::new());
                }
            }
        }
        Ok(false)
    }

    /// The numbers of the runs of each block that have all tokens, newest first; `None` if the block cannot be read, because it is
    /// damaged or was replaced meanwhile.
    async fn read(
        &self,
        heads: &[BlockHead],
    ) -> Result<HashMap<i64, Option<Vec<i64>>>, StoreError> {
        let mut buckets: Vec<u16> = self
            .wanted
            .tokens
            .iter()
            .map(|token| token.bucket())
            .collect();
        buckets.sort_unstable();
        buckets.dedup();
        let rows = read(self.reader, heads.iter(), &buckets).await?;
        let mut candidates = HashMap::new();
        let mut matching = Vec::new();
        for head in heads {
            match positions(&rows, head, self.wanted) {
                None => _ = candidates.insert(head.block, None),
                Some(found) if found.iter().next().is_none() => {
                    candidates.insert(head.block, Some(Vec::new()));
                }
                Some(found) => matching.push((head, found)),
            }
        }
        let heads = matching.iter().map(|(head, _)| *head);
        let rows = read(self.reader, heads, &[NUMBERS]).await?;
        for (head, found) in matching {
            let row = rows.get(&row_id(head.block, NUMBERS));
            let numbers = row.and_then(|row| block::numbers(verified(NUMBERS, row)?, head.range.0));
            let numbers = numbers.and_then(|all| {
                let youngest = self
                    .youngest
                    .and_then(|run| all.iter().position(|other| *other == run));
                let found = found
                    .iter()
                    .skip_while(|at| youngest.is_some_and(|first| *at < first));
                found.map(|at| all.get(at).copied()).collect()
            });
            candidates.insert(head.block, numbers);
        }
        Ok(candidates)
    }

    /// Takes the newest candidates of the blocks that were read, at most so many, each with its block.
    fn take(&mut self, most: usize) -> Vec<(i64, i64)> {
        let mut taken = Vec::new();
        for open in &mut self.blocks {
            let Some(candidates) = &mut open.candidates else {
                break;
            };
            let few = candidates.len().min(most - taken.len());
            taken.extend(
                candidates
                    .drain(..few)
                    .map(|number| (number, open.head.block)),
            );
        }
        taken
    }
}

/// Rows of blocks by id.
type Rows = HashMap<i64, Vec<u8>>;

async fn read(
    reader: &impl BlockReader,
    heads: impl Iterator<Item = &BlockHead> + Send,
    rows: &[u16],
) -> Result<Rows, StoreError> {
    let ids = heads.flat_map(|head| rows.iter().map(|row| row_id(head.block, *row)));
    let ids: Vec<i64> = ids.collect();
    if ids.is_empty() {
        return Ok(Rows::new());
    }
    Ok(reader.rows(&ids).await?.into_iter().collect())
}

/// The runs of a block that have all tokens; `None` if it cannot be read.
fn positions(rows: &Rows, head: &BlockHead, wanted: &Wanted) -> Option<Positions> {
    let runs = usize::try_from(head.runs).ok()?;
    let mut found: Option<Positions> = None;
    for token in &wanted.tokens {
        let bucket = token.bucket();
        let row = verified(bucket, rows.get(&row_id(head.block, bucket))?)?;
        let having = block::positions(row, *token, runs)?;
        match &mut found {
            None => found = Some(having),
            Some(found) => found.retain(&having),
        }
    }
    found
}
