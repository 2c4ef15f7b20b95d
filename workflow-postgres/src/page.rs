//! Lists that are read in batches.

use futures::{Stream, TryStreamExt, stream};

/// The most rows of a batch.
const BATCH: usize = 256;

/// The rows of a list in batches of at most `wanted`, each of which begins after the key of the last row before.
///
/// Postgres sends all rows of a statement, even those that nobody reads; so the first batch is as large as the page,
/// and a second one is read only if rows of the first cannot be decoded.
pub(crate) fn batches<Row, Key, Fetched>(
    start: Key,
    wanted: usize,
    fetch: impl Fn(Key, i64) -> Fetched,
    key: fn(&Row) -> Key,
) -> impl Stream<Item = sqlx::Result<Row>>
where
    Fetched: Future<Output = sqlx::Result<Vec<Row>>>,
{
    let size = wanted.clamp(1, BATCH);
    let batches = stream::try_unfold(Some(start), move |start| {
        let fetched = start.map(|start| fetch(start, workflow_sqlkit::limit(size)));
        async move {
            let Some(fetched) = fetched else {
                return Ok(None);
            };
            let rows = fetched.await?;
            let next = rows.last().filter(|_| rows.len() == size).map(key);
            let rows = stream::iter(rows.into_iter().map(Ok));
            Ok::<_, sqlx::Error>(Some((rows, next)))
        }
    });
    batches.try_flatten()
}
