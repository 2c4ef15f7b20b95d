//! HTTP without the API: secrets, foreign text and `Retry-After`.

mod excerpt;
mod retry_after;
mod secret;

pub(crate) use self::{
    excerpt::excerpt,
    retry_after::wished_wait,
    secret::{Secret, UnusableSecret},
};
