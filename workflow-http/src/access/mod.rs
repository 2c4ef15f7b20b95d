//! Authentication and protection against other sites: API keys, host names, origins.
//!
//! The checks are middlewares around all routes; handlers rely on them and check nothing. There is one level of
//! access: a request with an accepted key may use the whole API.

pub(crate) mod auth;
mod budget;
pub(crate) mod cors;
pub(crate) mod guard;
mod host;
mod key;
pub(crate) mod origin;
mod wrong_keys;

pub(crate) use self::{auth::Keyring, guard::Guard, host::Hosts};
pub use self::{
    host::{Host, InvalidHost},
    key::{ApiKey, InvalidApiKey},
    origin::{InvalidOrigin, Origin},
};
