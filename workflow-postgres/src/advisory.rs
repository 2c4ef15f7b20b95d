//! The advisory locks of a database. Their numbers are "wfrn" in ASCII, then one of their own.

use sqlx::{PgConnection, query_scalar};

/// Of several instances, one deletes at a time.
pub(crate) const MAINTENANCE: i64 = 0x7766_726e_0001;

/// One process drives the runs, or several that share the lock: see [`lock`](crate::lock).
pub(crate) const DRIVING: i64 = 0x7766_726e_0002;

/// Of several instances, one builds the search index at a time.
pub(crate) const INDEXING: i64 = 0x7766_726e_0003;

/// Takes a lock until the end of the transaction. Returns `false` if another transaction has it.
pub(crate) async fn try_lock(transaction: &mut PgConnection, lock: i64) -> sqlx::Result<bool> {
    query_scalar("SELECT pg_try_advisory_xact_lock($1)")
        .bind(lock)
        .fetch_one(transaction)
        .await
}
