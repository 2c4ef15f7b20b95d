//! The route table.

use std::{any::Any, sync::Arc};

use axum::{
    Router,
    extract::{OriginalUri, Request, State},
    http::{HeaderValue, Method, StatusCode, header::X_CONTENT_TYPE_OPTIONS},
    middleware,
    response::{IntoResponse, Response},
};
use tower_http::{catch_panic::CatchPanicLayer, set_header::SetResponseHeaderLayer};
use workflow_core::Engine;

#[cfg(feature = "ui")]
use crate::page::Page;
use crate::{
    access::{Guard, Keyring, auth, cors, guard},
    api::{catalog, runs, waits, workflows},
    app::App,
    metrics,
    openapi::{self, Routes},
    options::Options,
    problem::{Kind, Problem},
    request::{Bodies, coding},
    sse::{Readers, events},
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
/// It asks for an API key if the options have one. It does not check which host name a request was
/// sent to, nor from which site it comes, except that a page of another site cannot send it a form:
/// [`serve`](crate::serve) does, or [`Options::with_guard`].
pub fn router(engine: Arc<dyn Engine>, options: Options) -> Router {
    let table = routes();
    let description = openapi::describe_routes(table.rows(), engine.registry(), &options);
    let router = table
        .into_router()
        .fallback(fallback)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(panicked));
    let router = protected(router, &options);
    let app = App {
        engine,
        readers: Readers::at_most(options.limits.readers_per_run),
        bodies: Bodies::at_most(options.limits.bodies_bytes),
        #[cfg(feature = "ui")]
        page: Arc::new(Page::new(&options.base_path)),
        options: Arc::new(options),
        description: Arc::new(description),
    };
    coding::compressed(router)
        .layer(middleware::from_fn_with_state(
            app.clone(),
            metrics::measure,
        ))
        .with_state(app)
}

/// What stands before all routes.
fn protected(mut router: Router<App>, options: &Options) -> Router<App> {
    if !options.api_keys.is_empty() {
        let keys = middleware::from_fn_with_state(Keyring::new(options), auth::check);
        router = router.layer(keys);
    }
    // What an answer says of its type holds: no browser takes a text of a model for a page.
    let nosniff = HeaderValue::from_static("nosniff");
    let typed = SetResponseHeaderLayer::overriding(X_CONTENT_TYPE_OPTIONS, nosniff);
    router = cors::open_to(&options.cors_origins, router).layer(typed);
    if options.guarded {
        let guard = middleware::from_fn_with_state(Guard::new(options), guard::check);
        router = router.layer(guard);
    }
    router
}

fn routes() -> Routes {
    use openapi::describe::{
        catalog as service_told, runs as runs_told, workflows as workflows_told,
    };
    Routes::default()
        .post("/api/workflows", workflows::create, workflows_told::create)
        .get("/api/workflows", workflows::list, workflows_told::list)
        .post(
            "/api/workflows/validate",
            workflows::validate,
            workflows_told::validate,
        )
        .get("/api/workflows/{id}", workflows::get, workflows_told::get)
        .put(
            "/api/workflows/{id}",
            workflows::update,
            workflows_told::update,
        )
        .delete(
            "/api/workflows/{id}",
            workflows::delete,
            workflows_told::delete,
        )
        .get(
            "/api/workflows/{id}/versions",
            workflows::versions,
            workflows_told::versions,
        )
        .post("/api/workflows/{id}/run", runs::run, runs_told::run)
        .post("/api/workflows/{id}/runs", runs::start, runs_told::start)
        .get("/api/runs", runs::list, runs_told::list)
        .get("/api/runs/{id}", runs::get, runs_told::get)
        .delete("/api/runs/{id}", runs::delete, runs_told::delete)
        .post("/api/runs/{id}/retry", runs::retry, runs_told::retry)
        .get("/api/runs/{id}/steps/{*path}", runs::step, runs_told::step)
        .get("/api/runs/{id}/events", events::get, runs_told::events)
        .post("/api/runs/{id}/cancel", runs::cancel, runs_told::cancel)
        .post(
            "/api/runs/{id}/waits/{wait_id}",
            waits::answer,
            runs_told::answer,
        )
        .get(
            "/api/schema/workflow.json",
            catalog::workflow_schema,
            service_told::workflow_schema,
        )
        .get(
            "/api/openapi.json",
            openapi::document,
            service_told::document,
        )
        .get(
            "/api/node-types",
            catalog::node_types,
            service_told::node_types,
        )
        .get("/healthz", catalog::healthz, service_told::healthz)
        .get("/readyz", catalog::readyz, service_told::readyz)
        .get("/metrics", metrics::get, service_told::metrics)
        .get(openapi::PAGE, openapi::page, service_told::page)
}

/// What no route names: a file of the page, or nothing.
async fn fallback(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    request: Request,
) -> Response {
    #[cfg(feature = "ui")]
    if let Some(answer) = app.page.answer(&uri, &request) {
        return answer;
    }
    let _ = (app, request);
    let detail = format!("there is nothing at {}", uri.path());
    Kind::UnknownPath.of(detail).into_response()
}

/// The router adds which methods are served, as `Allow`: that is all who asks for them wants.
async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let detail = format!("{method} is not served at {}", uri.path());
    Kind::WrongMethod.of(detail).into_response()
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
