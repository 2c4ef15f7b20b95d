//! Which runs have a block, and which block is built next.

use std::time::Duration;

use tokio::time::Instant;

use super::BLOCK_RUNS;

/// The time in which deletions are collected before the blocks of the deleted runs are built again.
const STALE_FOR: Duration = Duration::from_secs(10);

/// What the table of blocks has of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockHead {
    /// Its number, which no other block ever has.
    pub block: i64,
    /// The range of row numbers that it covers, both included.
    pub range: (i64, i64),
    /// The number of runs when it was built.
    pub runs: i64,
    /// The id of its oldest run.
    pub min_id: String,
    /// The id of its youngest run.
    pub max_id: String,
    /// Whether it has to be replaced: a run was deleted since it was built, or it is damaged.
    pub is_stale: bool,
}

/// The columns of `run_block`, in the order of the fields.
pub type HeadColumns = (i64, i64, i64, i64, String, String, bool);

impl From<HeadColumns> for BlockHead {
    fn from((block, first, last, runs, min_id, max_id, is_stale): HeadColumns) -> Self {
        Self {
            block,
            range: (first, last),
            runs,
            min_id,
            max_id,
            is_stale,
        }
    }
}

impl BlockHead {
    /// Whether a block can have so many runs.
    pub(super) fn is_plausible(&self) -> bool {
        usize::try_from(self.runs).is_ok_and(|runs| runs <= BLOCK_RUNS)
    }
}

/// The ranges of row numbers that no block covers: gaps that damage left, and last the runs that are not indexed yet.
///
/// `heads` are in the order of their ranges, and so is the result.
pub(super) fn unindexed(heads: &[BlockHead]) -> Vec<(i64, i64)> {
    let starts = std::iter::once(1).chain(heads.iter().map(|head| head.range.1.saturating_add(1)));
    let ends = heads
        .iter()
        .map(|head| head.range.0.saturating_sub(1))
        .chain([i64::MAX]);
    starts
        .zip(ends)
        .filter(|(first, last)| first <= last)
        .collect()
}

/// A block to be built.
#[derive(Debug, PartialEq, Eq)]
pub struct NextBuild {
    /// The range to be covered. If it has more than [`BLOCK_RUNS`] runs, only up to that one.
    pub range: (i64, i64),
    /// The blocks that it replaces, by range: as transactions that delete runs lock them.
    pub replaces: Vec<i64>,
    /// Whether only a full block is built: these are the newest runs.
    pub is_newest: bool,
}

/// The stale block that [`next_build`] replaces. The number of runs that it still has decides what it is joined with: to be
/// set before.
pub fn first_stale(heads: &mut [BlockHead], may_replace: bool) -> Option<&mut BlockHead> {
    let mut stale = heads.iter_mut().filter(|head| head.is_stale);
    stale.next().filter(|_| may_replace)
}

/// What to build next: first stale blocks, if they may be replaced now, and last the newest runs.
///
/// A stale block is joined with its neighbours as long as they fit into one, so that runs that are kept for long do not
/// leave a block each.
pub fn next_build(heads: &[BlockHead], may_replace: bool) -> NextBuild {
    let stale = heads.iter().position(|head| head.is_stale);
    if let Some(stale) = stale.filter(|_| may_replace) {
        return joined(heads, stale);
    }
    let mut gaps = unindexed(heads);
    let newest = gaps.pop().unwrap_or((1, i64::MAX));
    let gap = gaps.first();
    NextBuild {
        range: *gap.unwrap_or(&newest),
        replaces: Vec::new(),
        is_newest: gap.is_none(),
    }
}

fn joined(heads: &[BlockHead], stale: usize) -> NextBuild {
    let most = i64::try_from(BLOCK_RUNS).unwrap_or(i64::MAX);
    let (mut range, mut runs) = ((0, 0), 0);
    let (before, rest) = heads.split_at(stale);
    if let Some(head) = rest.first() {
        (range, runs) = (head.range, head.runs.clamp(0, most));
    }
    let fits = |head: &BlockHead, runs| head.is_plausible() && runs + head.runs <= most;
    for head in before.iter().rev() {
        if !fits(head, runs) || head.range.1.saturating_add(1) != range.0 {
            break;
        }
        range.0 = head.range.0;
        runs += head.runs;
    }
    for head in rest.iter().skip(1) {
        if !fits(head, runs) || range.1.saturating_add(1) != head.range.0 {
            break;
        }
        range.1 = head.range.1;
        runs += head.runs;
    }
    let joined = heads
        .iter()
        .filter(|head| range.0 <= head.range.0 && head.range.1 <= range.1);
    NextBuild {
        range,
        replaces: joined.map(|head| head.block).collect(),
        is_newest: false,
    }
}

/// What was done to extend the index.
#[derive(Debug, PartialEq, Eq)]
pub enum Built {
    /// A block was built, and there may be more to build.
    Block,
    /// There is nothing to build now.
    Nothing {
        /// Whether there are stale blocks, to be replaced later.
        is_stale: bool,
    },
}

/// Decides when stale blocks are replaced: those that there are, ten seconds after those before. Otherwise a block whose runs are
/// deleted one after the other would be built again each time.
#[derive(Debug)]
pub struct Replacements {
    left: usize,
    due: Instant,
}

impl Replacements {
    /// Stale blocks may be replaced at once.
    #[expect(clippy::new_without_default, reason = "it depends on the time")]
    pub fn new() -> Self {
        Self {
            left: 0,
            due: Instant::now(),
        }
    }

    /// Whether stale blocks may be replaced now.
    pub fn is_due(&mut self, heads: &[BlockHead]) -> bool {
        let stale = heads.iter().filter(|head| head.is_stale).count();
        // A build may have replaced many.
        self.left = self.left.min(stale);
        if self.left == 0 && Instant::now() >= self.due {
            self.left = stale;
        }
        self.left > 0
    }

    /// Records that a block was stored in place of others.
    pub fn record(&mut self) {
        self.left = self.left.saturating_sub(1);
        // From the end of a round: however long it takes, new runs are indexed between two.
        self.due = Instant::now() + STALE_FOR;
    }

    /// When further stale blocks may be replaced.
    pub fn due(&self) -> Instant {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(block: i64, range: (i64, i64), runs: i64, is_stale: bool) -> BlockHead {
        let (min_id, max_id) = (String::new(), String::new());
        BlockHead {
            block,
            range,
            runs,
            min_id,
            max_id,
            is_stale,
        }
    }

    #[test]
    fn the_newest_runs_are_built_last() {
        let newest = |first| NextBuild {
            range: (first, i64::MAX),
            replaces: vec![],
            is_newest: true,
        };
        assert_eq!(next_build(&[], true), newest(1));
        let heads = [head(1, (1, 5), 5, false), head(2, (6, 9), 4, false)];
        assert_eq!(next_build(&heads, true), newest(10));
    }

    #[test]
    fn gaps_are_built_again() {
        let heads = [head(1, (3, 5), 3, false), head(2, (9, 9), 1, false)];
        assert_eq!(unindexed(&heads), [(1, 2), (6, 8), (10, i64::MAX)]);
        let built = next_build(&heads, true);
        assert_eq!((built.range, built.is_newest), ((1, 2), false));
        let built = next_build(
            &[head(1, (1, 5), 3, false), head(2, (9, 9), 1, false)],
            true,
        );
        assert_eq!(built.range, (6, 8));
    }

    #[tokio::test(start_paused = true)]
    async fn stale_blocks_are_replaced_in_rounds() {
        let heads = |stale: &[bool]| -> Vec<BlockHead> {
            let numbered = (1..).zip(stale);
            numbered
                .map(|(at, is_stale)| head(at, (at, at), 1, *is_stale))
                .collect()
        };
        let mut replacements = Replacements::new();
        assert!(!replacements.is_due(&heads(&[false, false])));
        // At once at first, one by one.
        assert!(replacements.is_due(&heads(&[true, true, true, true])));
        replacements.record();
        assert!(replacements.is_due(&heads(&[false, true, true, true])));
        // One build replaces two, so the round ends with the next one, although another became stale.
        replacements.record();
        assert!(replacements.is_due(&heads(&[false, true])));
        replacements.record();
        let another = heads(&[true, true]);
        assert!(!replacements.is_due(&another));
        tokio::time::advance(STALE_FOR / 2).await;
        assert!(!replacements.is_due(&another));
        tokio::time::advance(STALE_FOR / 2).await;
        assert_eq!(replacements.due(), Instant::now());
        assert!(replacements.is_due(&another));
        // All were joined into one.
        replacements.record();
        assert!(!replacements.is_due(&heads(&[false])));
        assert!(!replacements.is_due(&another));
    }

    #[test]
    fn a_stale_block_is_joined_with_those_that_fit() {
        let heads = [
            head(1, (1, 100), 4_000, false),
            head(2, (101, 200), 90, false),
            head(3, (201, 300), 3_000, true),
            head(4, (301, 400), 1_000, false),
            head(5, (401, 500), 7, false),
        ];
        let built = next_build(&heads, true);
        assert_eq!(built.range, (101, 400));
        assert_eq!(built.replaces, [2, 3, 4]);
        assert!(next_build(&heads, false).is_newest);
    }
}
