//! Who may use the service: keys, host names and other sites.

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
