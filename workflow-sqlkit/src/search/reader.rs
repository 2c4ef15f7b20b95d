//! What a search reads of its database.

use workflow_core::{record::RunCounts, store::StoreError};

use super::head::BlockHead;
use crate::row::RunRow;

/// The runs among which rows are read.
#[derive(Clone, Copy, Debug)]
pub enum Among<'a> {
    /// A range of row numbers, both included.
    Range((i64, i64)),
    /// These row numbers.
    Numbers(&'a [i64]),
}

/// What a database reads for one search. It knows the query: each method with runs returns or counts only those that
/// match it.
pub trait BlockReader: Sync {
    /// All blocks, by range.
    fn heads(&self) -> impl Future<Output = Result<Vec<BlockHead>, StoreError>> + Send;

    /// The row number of the youngest run before the cursor, whether it matches or not.
    fn youngest(&self) -> impl Future<Output = Result<Option<i64>, StoreError>> + Send;

    /// The rows of blocks with these ids, each with its id. A row may be missing.
    fn rows(
        &self,
        ids: &[i64],
    ) -> impl Future<Output = Result<Vec<(i64, Vec<u8>)>, StoreError>> + Send;

    /// The newest matching runs, before the cursor, with the numbers of their rows. At most `limit`, in any order.
    fn runs(
        &self,
        among: Among<'_>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(i64, RunRow)>, StoreError>> + Send;

    /// Called with a block that cannot be read: it has to be built again, unless it was replaced meanwhile.
    fn report_damage(&self, block: i64);

    /// The matching runs by status.
    fn counts(
        &self,
        among: Among<'_>,
    ) -> impl Future<Output = Result<RunCounts, StoreError>> + Send;
}
