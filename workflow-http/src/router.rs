//! The route table, and the middleware around it.
//!
//! [`routes`] is the only list of routes: the router, the OpenAPI document and the API reference are made
//! from it. The order of the layers matters and is set here only. A request passes, from the outside in:
//!
//! 1. metrics, so that refusals are counted, too;
//! 2. compression, outside of everything that writes a body;
//! 3. the header that forbids to guess the type of a response;
//! 4. host and origin, if the router checks them ([`Options::with_guard`]);
//! 5. CORS, before keys, since preflight requests carry none;
//! 6. API keys and their budgets;
//! 7. the handler, inside of a layer that turns a panic into a problem.
//!
//! [`serve`](fn@crate::serve) adds more around these: request ids and traces, host and origin, and the limit of the URL.

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
    api::{catalog, evaluate, plans, runs, waits, workflows},
    app::{App, AppState},
    docs, metrics,
    openapi::{self, Routes},
    options::Options,
    problem::{Kind, Problem},
    request::{Bodies, coding},
    sse::{Readers, events},
};

/// A router that serves an engine: the REST API, event streams, probes, metrics and the page.
///
/// A router that is nested under a path needs this path as [`Options::with_base_path`], since its links begin
/// with it. Use `nest_service`: it also serves the path with a trailing slash, where the page is, and `nest`
/// does not.
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
/// The router requires an API key if the options have one. It does not check the host name or the origin of a
/// request, except that a page of another site cannot send it a form; [`serve`](fn@crate::serve) checks both, and
/// so does the router with [`Options::with_guard`].
///
/// A panic in a handler is logged and becomes a problem with the code `internal` (500).
pub fn router(engine: Arc<dyn Engine>, options: Options) -> Router {
    let table = routes();
    let description = openapi::describe_routes(table.rows(), engine.registry(), &options);
    let router = table
        .into_router()
        // `method_not_allowed_fallback` applies to the routes that exist when it is called, so it must come after
        // the table.
        .fallback(fallback)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(panicked));
    let router = protected(router, &options);
    let measure = middleware::from_fn_with_state(options.metrics.clone(), metrics::measure);
    // Browsers must not sniff the type: they could render a model's text as a page.
    let nosniff = HeaderValue::from_static("nosniff");
    let typed = SetResponseHeaderLayer::overriding(X_CONTENT_TYPE_OPTIONS, nosniff);
    let app = App::new(AppState {
        engine,
        readers: Readers::at_most(options.limits.readers_per_run),
        bodies: Bodies::at_most(options.limits.bodies_bytes),
        #[cfg(feature = "ui")]
        page: Page::new(&options.base_path),
        options,
        description,
    });
    // A layer that is added later is outside of those before; of those that are added together, the first is outermost. Each call
    // of `layer` has a price: for every request, axum allocates a copy of all that is inside. `layer` after the routes is
    // also what makes `MatchedPath` available to metrics.
    router
        .layer((measure, coding::one_coding(), coding::compression(), typed))
        .with_state(app)
}

/// Adds the layers that protect all routes. From the outside in: host and origin, CORS, API key.
///
/// CORS is outside of authentication: a preflight request carries no key (Fetch standard, "CORS-preflight fetch"), and
/// allowed sites must be able to read a 401.
///
/// Each layer is only there if the options need it: without keys and other sites, a request passes none of them.
fn protected(mut router: Router<App>, options: &Options) -> Router<App> {
    if !options.api_keys.is_empty() {
        let keys = middleware::from_fn_with_state(Keyring::new(options), auth::check);
        router = router.layer(keys);
    }
    router = cors::open_to(&options.cors_origins, router);
    if options.guarded {
        let guard = middleware::from_fn_with_state(Guard::new(options), guard::check);
        router = router.layer(guard);
    }
    router
}

/// Each row has a path, a handler, and a description for the OpenAPI document.
fn routes() -> Routes {
    use openapi::describe::{
        catalog as catalog_docs, plans as plan_docs, runs as run_docs, workflows as workflow_docs,
    };
    Routes::default()
        .post("/api/workflows", workflows::create, workflow_docs::create)
        .get("/api/workflows", workflows::list, workflow_docs::list)
        .post(
            "/api/workflows/validate",
            workflows::validate,
            workflow_docs::validate,
        )
        .get("/api/workflows/{id}", workflows::get, workflow_docs::get)
        .put(
            "/api/workflows/{id}",
            workflows::update,
            workflow_docs::update,
        )
        .delete(
            "/api/workflows/{id}",
            workflows::delete,
            workflow_docs::delete,
        )
        .get(
            "/api/workflows/{id}/versions",
            workflows::versions,
            workflow_docs::versions,
        )
        .post(
            "/api/workflows/{id}/plan",
            plans::of_workflow,
            plan_docs::of_workflow,
        )
        .post("/api/workflows/{id}/run", runs::run, run_docs::run)
        .post("/api/workflows/{id}/runs", runs::start, run_docs::start)
        .get("/api/runs", runs::list, run_docs::list)
        .get("/api/runs/{id}", runs::get, run_docs::get)
        .delete("/api/runs/{id}", runs::delete, run_docs::delete)
        .post("/api/runs/{id}/retry", runs::retry, run_docs::retry)
        .post("/api/runs/{id}/plan", plans::of_run, plan_docs::of_run)
        .get("/api/runs/{id}/steps/{*path}", runs::step, run_docs::step)
        .get("/api/runs/{id}/events", events::get, run_docs::events)
        .get("/api/runs/{id}/diff/{other}", runs::diff, run_docs::diff)
        .post(
            "/api/runs/{id}/evaluate",
            evaluate::evaluate,
            run_docs::evaluate,
        )
        .post("/api/runs/{id}/cancel", runs::cancel, run_docs::cancel)
        .post(
            "/api/runs/{id}/waits/{wait_id}",
            waits::answer,
            run_docs::answer,
        )
        .get(
            "/api/schema/workflow.json",
            catalog::workflow_schema,
            catalog_docs::workflow_schema,
        )
        .get(
            "/api/openapi.json",
            openapi::document,
            catalog_docs::document,
        )
        .get(
            "/api/node-types",
            catalog::node_types,
            catalog_docs::node_types,
        )
        .get("/healthz", catalog::healthz, catalog_docs::healthz)
        .get("/readyz", catalog::readyz, catalog_docs::readyz)
        .get("/metrics", metrics::get, catalog_docs::metrics)
        .get(docs::INDEX, docs::index, catalog_docs::docs)
        .get(docs::TUTORIAL, docs::tutorial, catalog_docs::tutorial)
        .get(docs::LANGUAGE, docs::language, catalog_docs::language)
        .get(docs::API, openapi::page, catalog_docs::page)
}

/// Serves paths that no route matches: files of the page, or 404. A path under `/api` that has no route is 404 as
/// well: the page does not answer for unknown paths.
async fn fallback(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    request: Request,
) -> Response {
    #[cfg(feature = "ui")]
    if let Some(answer) = app.page.answer(&uri, &request) {
        return answer;
    }
    // Used by the page only.
    let _ = (app, request);
    let detail = format!("no resource at {}", uri.path());
    Kind::UnknownPath.of(detail).into_response()
}

/// Serves a method that the path does not have: 405, or 204 for `OPTIONS`. The router adds the header `Allow`,
/// which RFC 9110, section 15.5.6, requires for 405 and which is the whole response to `OPTIONS`.
async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let detail = format!("{method} is not served at {}", uri.path());
    Kind::WrongMethod.of(detail).into_response()
}

/// The response to a request whose handler panicked. The message goes to the log only. The connection stays open,
/// and other requests are not affected. A lock that was held is poisoned; the locks of this crate ignore that.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer passes the panic by value"
)]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Problem::internal(&text).into_response()
}
