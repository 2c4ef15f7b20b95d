//! Commands, claims and obstacles of runs, and the engines that are alive. Each change is one statement, which happens
//! whole or not at all.

use std::time::Duration;

use sqlx::{postgres::PgPool, query, query_as, query_scalar};
use workflow_core::{
    RunId,
    error::Problem,
    fleet::{CommandNumber, InstanceId, Membership, RunCommand},
    store::StoreError,
};
use workflow_sqlkit::{decoded, encoded, row_seq};

use crate::error::failed;

/// The longest validity, a hundred years: Postgres cannot add any duration to a time.
const LONGEST: Duration = Duration::from_hours(24 * 365 * 100);

/// Both count the other engines in the snapshot from before the change.
const REGISTER: &str = "WITH own AS ( \
         INSERT INTO workflow_runner.instance (id, valid_until) \
         VALUES ($1, clock_timestamp() + make_interval(secs => $2)) \
         ON CONFLICT (id) DO UPDATE SET valid_until = excluded.valid_until \
     ) SELECT count(*) + 1, coalesce(min(id) > $1, true) \
       FROM workflow_runner.instance WHERE id <> $1 AND valid_until > clock_timestamp()";
const LEAVE: &str = "WITH own AS ( \
         DELETE FROM workflow_runner.instance WHERE id = $1 \
     ) SELECT count(*), false \
       FROM workflow_runner.instance WHERE id <> $1 AND valid_until > clock_timestamp()";

/// The row of the run is locked before the number is assigned, until the commit. Otherwise a reader could see a command
/// before an earlier one is committed, and delete both.
pub(crate) const SEND: &str = "WITH found AS MATERIALIZED ( \
         SELECT number FROM workflow_runner.run WHERE id = $1 FOR NO KEY UPDATE \
     ) INSERT INTO workflow_runner.command (run, body) SELECT number, $2 FROM found";
pub(crate) const COMMANDS: &str = "SELECT number, body FROM workflow_runner.command \
     WHERE run = (SELECT number FROM workflow_runner.run WHERE id = $1) ORDER BY number";
pub(crate) const DELETE_COMMANDS: &str = "DELETE FROM workflow_runner.command \
     WHERE run = (SELECT number FROM workflow_runner.run WHERE id = $1) AND number <= $2";

/// The lock keeps the run from being deleted before its new row refers to it.
pub(crate) const CLAIM: &str = "WITH found AS MATERIALIZED ( \
         SELECT number FROM workflow_runner.run WHERE id = $1 FOR KEY SHARE \
     ), claimed AS ( \
         INSERT INTO workflow_runner.claim (run, instance, valid_until) \
         SELECT number, $2, clock_timestamp() + make_interval(secs => $3) FROM found \
         ON CONFLICT (run) DO UPDATE SET instance = excluded.instance, valid_until = excluded.valid_until \
         WHERE claim.instance = excluded.instance OR claim.valid_until <= clock_timestamp() \
     ) SELECT number FROM found";
pub(crate) const RELEASE: &str = "DELETE FROM workflow_runner.claim \
     WHERE run = (SELECT number FROM workflow_runner.run WHERE id = $1) AND instance = $2";
pub(crate) const CLAIMED_BY: &str = "SELECT instance FROM workflow_runner.claim \
     WHERE run = (SELECT number FROM workflow_runner.run WHERE id = $1) AND valid_until > clock_timestamp()";

pub(crate) const BLOCK: &str = "WITH found AS MATERIALIZED ( \
         SELECT number FROM workflow_runner.run WHERE id = $1 FOR KEY SHARE \
     ) INSERT INTO workflow_runner.blocked (run, seq, problem) SELECT number, $2, $3 FROM found \
       ON CONFLICT (run) DO UPDATE SET seq = excluded.seq, problem = excluded.problem";
pub(crate) const BLOCKED: &str = "SELECT seq, problem FROM workflow_runner.blocked \
     WHERE run = (SELECT number FROM workflow_runner.run WHERE id = $1)";

/// Begins with the commands, which are few.
pub(crate) const RUNS_WITH_COMMANDS: &str = "SELECT found.id FROM ( \
         SELECT DISTINCT command.run AS number FROM workflow_runner.command ORDER BY 1 LIMIT $1 \
     ) AS commanded JOIN workflow_runner.run AS found ON found.number = commanded.number \
     ORDER BY found.number";

pub(crate) const LENGTHS: &str = "SELECT id, last_seq FROM workflow_runner.run WHERE id = ANY ($1)";

pub(crate) async fn register(
    pool: &PgPool,
    instance: InstanceId,
    valid_for: Duration,
) -> Result<Membership, StoreError> {
    let id = instance.to_string();
    let statement = if valid_for.is_zero() {
        query_as(LEAVE).bind(id)
    } else {
        query_as(REGISTER).bind(id).bind(seconds(valid_for))
    };
    let (instances, is_oldest): (i64, bool) = statement.fetch_one(pool).await.map_err(failed)?;
    let instances = usize::try_from(instances).unwrap_or(0);
    Ok(Membership::new(instances, is_oldest))
}

fn seconds(valid_for: Duration) -> f64 {
    valid_for.min(LONGEST).as_secs_f64()
}

pub(crate) async fn send(
    pool: &PgPool,
    run: RunId,
    command: &RunCommand,
) -> Result<(), StoreError> {
    let sent = query(SEND).bind(run.to_string()).bind(encoded(command)?);
    let sent = sent.execute(pool).await.map_err(failed)?;
    exists(run, sent.rows_affected() > 0)
}

fn exists(run: RunId, exists: bool) -> Result<(), StoreError> {
    exists.then_some(()).ok_or(StoreError::NoSuchRun(run))
}

/// Fails if one of the commands cannot be read, such as one of a newer version: none may be left out.
pub(crate) async fn of_run(
    pool: &PgPool,
    run: RunId,
) -> Result<Vec<(CommandNumber, RunCommand)>, StoreError> {
    let rows = query_as(COMMANDS).bind(run.to_string()).fetch_all(pool);
    let rows: Vec<(i64, String)> = rows.await.map_err(failed)?;
    let commands = rows
        .iter()
        .map(|(number, body)| Ok((CommandNumber(*number), decoded(body.as_bytes())?)));
    commands.collect()
}

pub(crate) async fn delete(
    pool: &PgPool,
    run: RunId,
    upto: CommandNumber,
) -> Result<(), StoreError> {
    let deleted = query(DELETE_COMMANDS).bind(run.to_string()).bind(upto.0);
    deleted.execute(pool).await.map_err(failed).map(|_| ())
}

pub(crate) async fn claim(
    pool: &PgPool,
    run: RunId,
    instance: InstanceId,
    valid_for: Duration,
) -> Result<(), StoreError> {
    let found: Option<i64> = query_scalar(CLAIM)
        .bind(run.to_string())
        .bind(instance.to_string())
        .bind(seconds(valid_for))
        .fetch_optional(pool)
        .await
        .map_err(failed)?;
    exists(run, found.is_some())
}

pub(crate) async fn release(
    pool: &PgPool,
    run: RunId,
    instance: InstanceId,
) -> Result<(), StoreError> {
    let released = query(RELEASE)
        .bind(run.to_string())
        .bind(instance.to_string());
    released.execute(pool).await.map_err(failed).map(|_| ())
}

pub(crate) async fn runs_with_commands(
    pool: &PgPool,
    limit: usize,
) -> Result<Vec<RunId>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = query_scalar(RUNS_WITH_COMMANDS).bind(limit);
    let ids: Vec<String> = found.fetch_all(pool).await.map_err(failed)?;
    let ids = ids.iter().map(|id| id.parse());
    ids.collect::<Result<_, _>>()
        .map_err(workflow_sqlkit::unavailable)
}

pub(crate) async fn claimed_by(
    pool: &PgPool,
    run: RunId,
) -> Result<Option<InstanceId>, StoreError> {
    let claimed = query_scalar(CLAIMED_BY).bind(run.to_string());
    let instance: Option<String> = claimed.fetch_optional(pool).await.map_err(failed)?;
    let instance = instance.map(|id| id.parse()).transpose();
    instance.map_err(workflow_sqlkit::unavailable)
}

pub(crate) async fn block(
    pool: &PgPool,
    run: RunId,
    at: u64,
    why: &Problem,
) -> Result<(), StoreError> {
    let blocked = query(BLOCK)
        .bind(run.to_string())
        .bind(row_seq(at))
        .bind(encoded(why)?);
    let blocked = blocked.execute(pool).await.map_err(failed)?;
    exists(run, blocked.rows_affected() > 0)
}

pub(crate) async fn blocked(
    pool: &PgPool,
    run: RunId,
) -> Result<Option<(u64, Problem)>, StoreError> {
    let found = query_as(BLOCKED).bind(run.to_string()).fetch_optional(pool);
    let found: Option<(i64, String)> = found.await.map_err(failed)?;
    let blocked = found.map(|(seq, problem)| {
        let seq = u64::try_from(seq).unwrap_or(0);
        Ok((seq, decoded(problem.as_bytes())?))
    });
    blocked.transpose()
}

pub(crate) async fn lengths(
    pool: &PgPool,
    runs: &[RunId],
) -> Result<Vec<(RunId, u64)>, StoreError> {
    let ids: Vec<String> = runs.iter().map(RunId::to_string).collect();
    let rows = query_as(LENGTHS).bind(ids).fetch_all(pool);
    let rows: Vec<(String, i64)> = rows.await.map_err(failed)?;
    let lengths = rows.into_iter().filter_map(|(id, last_seq)| {
        let last_seq = u64::try_from(last_seq).ok()?;
        Some((id.parse().ok()?, last_seq))
    });
    Ok(lengths.collect())
}
