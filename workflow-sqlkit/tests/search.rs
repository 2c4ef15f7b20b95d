//! Counts of texts, with blocks in memory.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::HashMap;

use workflow_core::{
    RunId, RunStatus,
    record::{RunCounts, RunQuery},
    store::StoreError,
};
use workflow_sqlkit::{
    RunRow,
    search::{
        Among, BLOCK_RUNS, BlockHead, BlockReader, EncodedBlock, IndexedRun, Wanted, count, row_id,
    },
};

/// Blocks whose candidates all match.
struct Blocks {
    heads: Vec<BlockHead>,
    rows: HashMap<i64, Vec<u8>>,
}

impl Blocks {
    /// Full blocks, in which every `nth` run has the text `the`.
    fn new(blocks: usize, nth: i64) -> Self {
        let (mut heads, mut rows) = (Vec::new(), HashMap::new());
        let each = i64::try_from(BLOCK_RUNS).unwrap();
        for block in 0..i64::try_from(blocks).unwrap() {
            let range = (block * each + 1, (block + 1) * each);
            let runs = (range.0..=range.1).map(|number| IndexedRun {
                number,
                id: RunId::new().to_string(),
                workflow: String::new(),
                status: "completed".to_owned(),
                has_ended: true,
                name: Vec::new(),
                excerpt: if number % nth == 0 {
                    b"in the".to_vec()
                } else {
                    Vec::new()
                },
            });
            let block = (block, EncodedBlock::of(range, runs.collect()));
            rows.extend(
                (0..)
                    .zip(block.1.rows)
                    .map(|(at, row)| (row_id(block.0, at), row)),
            );
            heads.push(BlockHead {
                block: block.0,
                range,
                runs: block.1.runs,
                min_id: block.1.min_id,
                max_id: block.1.max_id,
                is_stale: false,
            });
        }
        Self { heads, rows }
    }

    async fn count(&self, text: &str) -> RunCounts {
        count(self, &Wanted::of(&RunQuery::default(), text))
            .await
            .unwrap()
    }
}

impl BlockReader for Blocks {
    async fn heads(&self) -> Result<Vec<BlockHead>, StoreError> {
        Ok(self.heads.clone())
    }

    async fn youngest(&self) -> Result<Option<i64>, StoreError> {
        Ok(None)
    }

    async fn rows(&self, ids: &[i64]) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        Ok(ids
            .iter()
            .filter_map(|id| Some((*id, self.rows.get(id)?.clone())))
            .collect())
    }

    async fn runs(&self, _: Among<'_>, _: usize) -> Result<Vec<(i64, RunRow)>, StoreError> {
        Ok(Vec::new())
    }

    fn report_damage(&self, block: i64) {
        panic!("block {block} is not damaged");
    }

    async fn counts(&self, among: Among<'_>) -> Result<RunCounts, StoreError> {
        let mut counts = RunCounts::default();
        if let Among::Numbers(numbers) = among {
            counts.add(RunStatus::Completed, numbers.len() as u64);
        }
        Ok(counts)
    }
}

#[tokio::test]
async fn a_text_that_is_not_frequent_is_counted_exactly() {
    let blocks = Blocks::new(3, 8);
    let expected = (3 * BLOCK_RUNS / 8) as u64;
    let counts = blocks.count("the").await;
    assert_eq!((counts.completed, counts.at_least), (expected, false));
    let counts = blocks.count("absent").await;
    assert_eq!((counts.completed, counts.at_least), (0, false));
}

#[tokio::test]
async fn a_frequent_text_is_counted_in_part() {
    let counts = Blocks::new(2, 1).count("the").await;
    // Candidates are read by 1,024, until there are 2,000.
    assert_eq!((counts.completed, counts.at_least), (2_048, true));
}
