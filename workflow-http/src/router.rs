//! The route table.

use std::{any::Any, sync::Arc};

#[cfg(not(feature = "ui"))]
use axum::http::Uri;
use axum::{
    Router,
    extract::{OriginalUri, Request},
    http::{HeaderValue, Method, StatusCode, header::X_CONTENT_TYPE_OPTIONS},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower_http::{catch_panic::CatchPanicLayer, set_header::SetResponseHeaderLayer};
use workflow_core::Engine;

#[cfg(feature = "ui")]
use crate::page::answer as page;
use crate::{
    app::App,
    auth::{self, Keyring},
    catalog, cors, events,
    guard::{self, Guard},
    options::Options,
    problem::{Kind, Problem},
    readers::Readers,
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
/// It asks for an API key if the options have one. It does not check which host name a request was
/// sent to, nor from which site it comes, except that a page of another site cannot send it a form:
/// [`serve`](crate::serve) does, or [`Options::with_guard`].
pub fn router(engine: Arc<dyn Engine>, options: Options) -> Router {
    let router = routes()
        .fallback(fallback)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(panicked));
    protected(router, &options).with_state(App {
        engine,
        readers: Readers::at_most(options.limits.readers_per_run),
        options: Arc::new(options),
    })
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
