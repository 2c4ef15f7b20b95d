//! The route table.

use std::{any::Any, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, OriginalUri, Request},
    http::{HeaderName, Method, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower_http::{catch_panic::CatchPanicLayer, cors::CorsLayer};
use workflow_core::Engine;

use crate::{
    app::App,
    catalog, events, log,
    options::Options,
    origin::Origin,
    problem::{Kind, Problem},
    runs, workflows,
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
    let body_limit = DefaultBodyLimit::max(options.max_body_bytes);
    let origins = options.cors_origins.clone();
    let app = App {
        engine,
        options: Arc::new(options),
    };
    let router = Router::new()
        .route(
            "/api/workflows",
            post(workflows::create).get(workflows::list),
        )
        .route("/api/workflows/validate", post(workflows::validate))
        .route(
            "/api/workflows/{id}",
            get(workflows::get).delete(workflows::delete),
        )
        .route("/api/workflows/{id}/run", post(runs::run))
        .route("/api/workflows/{id}/runs", post(runs::start))
        .route("/api/runs", get(runs::list))
        .route("/api/runs/{id}", get(runs::get))
        .route("/api/runs/{id}/events", get(events::get))
        .route("/api/runs/{id}/cancel", post(runs::cancel))
        .route("/api/node-types", get(catalog::node_types))
        .route("/healthz", get(catalog::healthz));
    let router = router
        .fallback(fallback)
        .method_not_allowed_fallback(wrong_method)
        .layer(body_limit)
        .layer(CatchPanicLayer::custom(panicked));
    open_to(&origins, router)
        .layer(middleware::from_fn(log::request))
        .with_state(app)
}

/// What no route names: the page, or nothing.
async fn fallback(OriginalUri(uri): OriginalUri, request: Request) -> Response {
    #[cfg(feature = "ui")]
    if let Some(answer) = crate::page::answer(&uri, &request) {
        return answer;
    }
    let _ = request;
    Kind::UnknownPath
        .of(format!("there is nothing at {}", uri.path()))
        .into_response()
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

/// Lets pages of these sites use the service, and read what they need of its answers.
fn open_to(origins: &[Origin], router: Router<App>) -> Router<App> {
    if origins.is_empty() {
        return router;
    }
    let named = HeaderName::from_static;
    let cors = CorsLayer::new()
        .allow_origin(
            origins
                .iter()
                .map(|origin| origin.header().clone())
                .collect::<Vec<_>>(),
        )
        .allow_methods([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            named("last-event-id"),
            named("idempotency-key"),
        ])
        .expose_headers([header::LOCATION, header::ETAG, named("x-run-id")])
        .max_age(Duration::from_secs(3600));
    router.layer(cors)
}
