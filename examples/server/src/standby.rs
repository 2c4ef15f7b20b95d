//! Waiting for a database that another process serves.
//!
//! A standby answers probes meanwhile: an orchestrator keeps it running, and a load balancer sends it nothing.

use std::net;

use axum::{
    Json, Router,
    http::{
        StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::IntoResponse,
    routing::get,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use workflow_http::Options;
use workflow_postgres::{DatabaseLock, PostgresStore};

use crate::error::CliError;

/// Waits until this process holds the lock of the database: alone, or together with the other instances of a fleet. Answers at the address meanwhile.
pub(crate) async fn lock(
    store: &PostgresStore,
    is_shared: bool,
    listener: &net::TcpListener,
) -> Result<DatabaseLock, CliError> {
    let waits = CancellationToken::new();
    let on_wait = || {
        let other = if is_shared {
            "an instance without --restate"
        } else {
            "another instance"
        };
        tracing::info!(
            "{other} serves {}: waiting as its standby",
            store.database()
        );
        waits.cancel();
    };
    let locking = async {
        if is_shared {
            store.lock_shared(on_wait).await
        } else {
            store.lock(on_wait).await
        }
    };
    tokio::pin!(locking);
    tokio::select! {
        lock = &mut locking => return lock.map_err(CliError::Lock),
        () = waits.cancelled() => {}
    }
    let held = CancellationToken::new();
    let options = Options::default().with_shutdown(held.clone());
    let listener = TcpListener::from_std(listener.try_clone()?)?;
    let serving = workflow_http::serve(listener, router(), &options);
    let locking = async {
        let lock = locking.await;
        held.cancel();
        lock
    };
    let (lock, served) = tokio::join!(locking, serving);
    served?;
    lock.map_err(CliError::Lock)
}

fn router() -> Router {
    Router::new()
        .route("/healthz", get(|| async { Json(json!({"status": "ok"})) }))
        .fallback(|| async {
            let problem = json!({
                "code": "standby",
                "title": "Standby",
                "detail": "another instance serves the database: this one takes over when that one ends",
                "status": 503,
            });
            let headers = [(CONTENT_TYPE, "application/problem+json"), (RETRY_AFTER, "1")];
            (StatusCode::SERVICE_UNAVAILABLE, headers, problem.to_string()).into_response()
        })
}
