//! How Postgres executes each statement over 100,000 runs: by an index, without a scan of a table and without a sort.

use sqlx::{AssertSqlSafe, PgConnection, Row, postgres::PgPool, query, query_scalar};
use workflow_core::{RunStatus, WorkflowId, record::RunQuery};
use workflow_test_services::Postgres;

use workflow_sqlkit::search::Among;

use crate::{PostgresStore, commands, index, maintenance, runs, search, workflows, write};

/// Rows as a service has them after a while: ten workflows, most runs completed, a thousand unfinished.
const ROWS: [&str; 7] = [
    "INSERT INTO workflow_runner.workflow (id, name, newest, checksum) \
     SELECT lpad(n::text, 36, '0'), decode('6e', 'hex') || n::text::bytea, 1, 0 FROM generate_series(1, 2000) AS n",
    "INSERT INTO workflow_runner.version (workflow, version, record, checksum) \
     SELECT id, newest, '{}', 0 FROM workflow_runner.workflow",
    "INSERT INTO workflow_runner.run (id, workflow, status, last_seq, ended_at, name, excerpt, record, head, \
        key_scope, key, request, checksum, head_checksum) \
     SELECT lpad(n::text, 36, '0'), lpad((n % 10)::text, 36, '0'), \
        CASE WHEN n % 100 = 0 THEN 'waiting' WHEN n % 20 = 0 THEN 'failed' ELSE 'completed' END, 1, \
        CASE WHEN n % 100 = 0 THEN NULL ELSE '2026-01-01T00:00:00.' || lpad(n::text, 6, '0') || 'Z' END, \
        'name', 'excerpt', '{}', '{}', 'scope', n::text::bytea, '', 0, 0 \
     FROM generate_series(1, 100000) AS n",
    "INSERT INTO workflow_runner.event (run, seq, body, checksum) \
     SELECT run, seq, '{}', 0 FROM generate_series(1, 100000) AS run, generate_series(1, 3) AS seq",
    "INSERT INTO workflow_runner.command (run, body) SELECT number, '{}' FROM workflow_runner.run, generate_series(1, 2)",
    "INSERT INTO workflow_runner.claim (run, instance, valid_until) SELECT number, '', now() FROM workflow_runner.run",
    "INSERT INTO workflow_runner.blocked (run, seq, problem) SELECT number, 1, '{}' FROM workflow_runner.run",
];

/// What Postgres does for a statement, without its parameters.
async fn plan(connection: &mut PgConnection, sql: &str) -> String {
    // Planned without values, as a statement that was executed often.
    sqlx::raw_sql("SET plan_cache_mode = force_generic_plan")
        .execute(&mut *connection)
        .await
        .unwrap();
    let prepared = AssertSqlSafe(format!("PREPARE asked AS {sql}"));
    sqlx::raw_sql(prepared)
        .execute(&mut *connection)
        .await
        .unwrap();
    let parameters: i32 = query_scalar(
        "SELECT coalesce(array_length(parameter_types, 1), 0) FROM pg_prepared_statements WHERE name = 'asked'",
    )
    .fetch_one(&mut *connection)
    .await
    .unwrap();
    let nulls = vec!["NULL"; usize::try_from(parameters).unwrap()].join(", ");
    let call = if nulls.is_empty() {
        String::new()
    } else {
        format!("({nulls})")
    };
    let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE asked{call}"));
    let rows = sqlx::raw_sql(explain)
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    sqlx::raw_sql("DEALLOCATE asked")
        .execute(connection)
        .await
        .unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    lines.join("\n")
}

async fn filled(pool: &PgPool) {
    for sql in ROWS {
        query(sql).execute(pool).await.unwrap();
    }
    query("ANALYZE").execute(pool).await.unwrap();
}

/// Each combination of filters without a text.
fn queries() -> Vec<RunQuery> {
    let mut queries = Vec::new();
    for workflow_id in [None, Some(WorkflowId::new())] {
        for status in [None, Some(RunStatus::Failed)] {
            let mut query = RunQuery::default();
            (query.workflow_id, query.status) = (workflow_id, status);
            queries.push(query);
        }
    }
    queries
}

#[tokio::test]
async fn every_statement_uses_an_index() {
    let server = Postgres::start();
    let store = PostgresStore::connect(&server.create_database())
        .await
        .unwrap();
    filled(store.pool()).await;
    let mut statements: Vec<String> = [
        runs::RUN,
        runs::OF_KEY,
        runs::UNFINISHED,
        workflows::NEWEST,
        workflows::VERSION,
        workflows::VERSIONS,
        workflows::NAMED,
        workflows::LISTED,
        write::APPEND,
        write::UPDATE_WORKFLOW,
        write::DELETE_RUN,
        maintenance::DELETE_OLD,
        maintenance::DELETE_FIRST_ENDED,
        maintenance::DELETE_EVENTS,
        commands::SEND,
        commands::COMMANDS,
        commands::DELETE_COMMANDS,
        commands::CLAIM,
        commands::RELEASE,
        commands::CLAIMED_BY,
        commands::BLOCK,
        commands::BLOCKED,
        commands::LENGTHS,
        search::YOUNGEST,
        index::NEWEST,
        index::RUNS,
        index::RUNS_IN,
    ]
    .map(str::to_owned)
    .into();
    statements.extend(queries().iter().map(|query| {
        let sql = runs::listed(query, String::new(), 50);
        sql.sql().as_str().to_owned()
    }));
    let search = RunQuery::default();
    let search = search::TextSearch::new(store.pool(), &search, "text", store.signals()).unwrap();
    let searches = [Among::Range((1, 2)), Among::Numbers(&[1, 2])].map(|among| {
        let sql = search.runs_query(among, 10);
        sql.sql().as_str().to_owned()
    });
    let mut connection = store.pool().acquire().await.unwrap();
    // Sorts no more rows than are read: the index of ids has the order of a page, but a search must not read all runs.
    for sql in searches {
        let plan = plan(&mut connection, &sql).await;
        assert!(
            plan.contains("run_pkey") && !plan.contains("Seq Scan"),
            "{plan}"
        );
    }
    // Sorts no more rows than are read.
    let log = plan(&mut connection, runs::LOG).await;
    assert!(
        log.contains("Index Scan using event_pkey") && !log.contains("Seq Scan"),
        "{log}"
    );
    for sql in statements {
        let plan = plan(&mut connection, &sql).await;
        assert!(plan.contains("Index"), "{sql}\n{plan}");
        for slow in ["Seq Scan", "Sort "] {
            assert!(!plan.contains(slow), "{sql}\n{plan}");
        }
    }
}
