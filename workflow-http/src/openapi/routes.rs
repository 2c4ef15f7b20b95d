//! The route table: handlers and their descriptions.

use axum::{
    Router,
    handler::Handler,
    http::Method,
    middleware,
    routing::{self, MethodRouter},
};
use serde_json::Value;

use super::{
    operation::{Describe, Route},
    schemas::Schemas,
};
use crate::{
    app::App,
    request::{Arguments, query},
};

/// A router and the descriptions of its routes. There is no way to add a route without a description. What the
/// arguments of a handler refuse is taken from their types.
#[derive(Default)]
pub(crate) struct Routes {
    router: Router<App>,
    table: Vec<Route>,
}

impl Routes {
    pub(crate) fn get<H, T>(self, path: &'static str, handler: H, describe: Describe) -> Self
    where
        H: Handler<T, App>,
        T: Arguments + 'static,
    {
        self.add::<T>(Method::GET, path, routing::get(handler), describe)
    }

    pub(crate) fn post<H, T>(self, path: &'static str, handler: H, describe: Describe) -> Self
    where
        H: Handler<T, App>,
        T: Arguments + 'static,
    {
        self.add::<T>(Method::POST, path, routing::post(handler), describe)
    }

    pub(crate) fn put<H, T>(self, path: &'static str, handler: H, describe: Describe) -> Self
    where
        H: Handler<T, App>,
        T: Arguments + 'static,
    {
        self.add::<T>(Method::PUT, path, routing::put(handler), describe)
    }

    pub(crate) fn delete<H, T>(self, path: &'static str, handler: H, describe: Describe) -> Self
    where
        H: Handler<T, App>,
        T: Arguments + 'static,
    {
        self.add::<T>(Method::DELETE, path, routing::delete(handler), describe)
    }

    /// `T` is the type parameter of axum's `Handler`: a tuple of the types of the arguments. It is what connects a
    /// handler with the problems of its extractors.
    fn add<T: Arguments>(
        mut self,
        method: Method,
        path: &'static str,
        handler: MethodRouter<App>,
        describe: Describe,
    ) -> Self {
        // Probes and the page of the document take whatever comes: caches and monitors add parameters of their own.
        let operation = describe(&mut Schemas::new(Value::Null));
        let handler = if operation.is_open() {
            handler
        } else {
            let query = middleware::from_fn_with_state(operation.query(), query::check);
            handler.layer(query)
        };
        self.router = self.router.route(path, handler);
        self.table.push(Route {
            method,
            path,
            describe,
            refusals: T::refusals(),
        });
        self
    }

    pub(crate) fn rows(&self) -> &[Route] {
        &self.table
    }

    pub(crate) fn into_router(self) -> Router<App> {
        self.router
    }
}
