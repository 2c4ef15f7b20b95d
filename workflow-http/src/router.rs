//! The route table.

use std::{any::Any, sync::Arc};

#[cfg(not(feature = "ui"))]
use axum::http::Uri;
use axum::{
    Router,
    extract::{OriginalUri, Request},
    http::Method,
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower_http::catch_panic::CatchPanicLayer;
use workflow_core::Engine;

#[cfg(feature = "ui")]
use crate::page::answer as page;
use crate::{
    app::App,
    catalog, cors, events, log,
    options::Options,
    problem::{Kind, Problem},
    runs, waits, workflows,
};

/// An engine as a service.
///
/// Nested under a path, it needs to be told which, for the links it gives. `nest_service` also
/// serves the path with a slash at its end, where the page is; `nest` does not:
///
/// ```
/// # use std::sync::Arc;
/// # use workflow_core::{LocalEngine, Registry};
/// # use workflow_http::Options;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let engine = Arc::new(LocalEngine::builder(Registry::default()).build());
/// let options = Options::default().with_base_path("/flows");
/// let app: axum::Router = axum::Router::new()
///     .nest_service("/flows", workflow_http::router(engine, options));
/// # }
/// ```
///
/// It does not check which host name a request was sent to, nor from which site it comes, except
/// that a page of another site cannot send it a form. [`serve`](crate::serve) does.
pub fn router(engine: Arc<dyn Engine>, options: Options) -> Router {
    let origins = options.cors_origins.clone();
    let options = Arc::new(options);
    let router = routes()
        .fallback(fallback)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(panicked));
    cors::open_to(&origins, router)
        .layer(middleware::from_fn(log::request))
        .with_state(App { engine, options })
}

fn routes() -> Router<App> {
    Router::new()
        .route(
            "/api/workflows",
            post(workflows::create).get(workflows::list),
        )
        .route("/api/workflows/validate", post(workflows::validate))
        .route(
            "/api/workflows/{id}",
            get(workflows::get)
                .put(workflows::update)
                .delete(workflows::delete),
        )
        .route("/api/workflows/{id}/versions", get(workflows::versions))
        .route("/api/workflows/{id}/run", post(runs::run))
        .route("/api/workflows/{id}/runs", post(runs::start))
        .route("/api/runs", get(runs::list))
        .route("/api/runs/{id}", get(runs::get).delete(runs::delete))
        .route("/api/runs/{id}/retry", post(runs::retry))
        .route("/api/runs/{id}/steps/{*path}", get(runs::step))
        .route("/api/runs/{id}/events", get(events::get))
        .route("/api/runs/{id}/cancel", post(runs::cancel))
        .route("/api/runs/{id}/waits/{wait_id}", post(waits::answer))
        .route("/api/schema/workflow.json", get(catalog::workflow_schema))
        .route("/api/node-types", get(catalog::node_types))
        .route("/healthz", get(catalog::healthz))
        .route("/readyz", get(catalog::readyz))
}

/// What no route names: a file of the page, or nothing.
async fn fallback(OriginalUri(uri): OriginalUri, request: Request) -> Response {
    let unknown = || Kind::UnknownPath.of(format!("there is nothing at {}", uri.path()));
    page(&uri, &request).unwrap_or_else(|| unknown().into_response())
}

/// Without the feature `ui` there is no page.
#[cfg(not(feature = "ui"))]
fn page(_: &Uri, _: &Request) -> Option<Response> {
    None
}

/// The router adds which methods are served, as `Allow`.
async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri) -> Problem {
    Kind::WrongMethod.of(format!("{method} is not served at {}", uri.path()))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer gives the panic away"
)]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Problem::internal(&text).into_response()
}
