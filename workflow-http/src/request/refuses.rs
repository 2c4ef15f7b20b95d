//! The problems of the arguments of handlers. The route table collects them from the types of a handler, so that no
//! route leaves one out of the OpenAPI document.
//!
//! An extractor without an `Argument` implementation cannot be used in a route: the handler does not compile. The
//! lists themselves are written by hand: an extractor that fails with a new problem needs it in its list.

use axum::{extract::State, http::HeaderMap};

use super::{
    Id, IdempotencyKey, IfMatch, JsonBody, OptionalTyped, Path, Query, SpecBody, Typed,
    extract::Resource,
};
use crate::{app::App, problem::Kind};

/// A type that handlers can have as an argument.
pub(crate) trait Argument {
    /// The problems with which it refuses a request.
    const REFUSALS: &'static [Kind];
}

impl Argument for State<App> {
    const REFUSALS: &'static [Kind] = &[];
}

impl Argument for HeaderMap {
    const REFUSALS: &'static [Kind] = &[];
}

impl<T> Argument for Path<T> {
    const REFUSALS: &'static [Kind] = &[Kind::UnknownPath];
}

impl<T: Resource> Argument for Id<T> {
    const REFUSALS: &'static [Kind] = &[T::UNKNOWN];
}

impl<T> Argument for Query<T> {
    const REFUSALS: &'static [Kind] = &[Kind::InvalidQuery];
}

impl Argument for IdempotencyKey {
    const REFUSALS: &'static [Kind] = &[Kind::InvalidIdempotencyKey];
}

impl Argument for IfMatch {
    const REFUSALS: &'static [Kind] = &[Kind::InvalidIfMatch, Kind::OtherVersion];
}

/// Faults of a text that is JSON are the handler's: to it they are faults of a workflow.
impl Argument for SpecBody {
    const REFUSALS: &'static [Kind] = &[
        Kind::NotJson,
        Kind::JsonTooDeep,
        Kind::UnreadableBody,
        Kind::BodyTooSlow,
        Kind::BodyTooLarge,
        Kind::WrongMediaType,
        Kind::TooManyBodies,
    ];
}

impl Argument for JsonBody {
    const REFUSALS: &'static [Kind] = &[
        Kind::NotJson,
        Kind::JsonTooDeep,
        Kind::UnreadableBody,
        Kind::BodyTooSlow,
        Kind::BodyTooLarge,
        Kind::WrongMediaType,
        Kind::TooManyBodies,
        Kind::InvalidBody,
    ];
}

impl<T> Argument for Typed<T> {
    const REFUSALS: &'static [Kind] = JsonBody::REFUSALS;
}

impl<T> Argument for OptionalTyped<T> {
    const REFUSALS: &'static [Kind] = JsonBody::REFUSALS;
}

/// All arguments of a handler: the type parameter of axum's `Handler`, which is a tuple of a marker and the types.
pub(crate) trait Arguments {
    fn refusals() -> Vec<Kind>;
}

// Tuples have no common trait, so each length needs an implementation. A handler with six arguments does not
// compile until there is a row for it below.
macro_rules! arguments {
    ($($argument:ident),*) => {
        impl<M, $($argument: Argument),*> Arguments for (M, $($argument,)*) {
            fn refusals() -> Vec<Kind> {
                [$($argument::REFUSALS),*].concat()
            }
        }
    };
}

/// A handler without arguments.
impl Arguments for ((),) {
    fn refusals() -> Vec<Kind> {
        Vec::new()
    }
}

arguments!(A);
arguments!(A, B);
arguments!(A, B, C);
arguments!(A, B, C, D);
arguments!(A, B, C, D, E);
