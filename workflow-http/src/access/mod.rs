//! Authentication and protection against other sites: API keys, host names, origins.
//!
//! The checks are middlewares around all routes; handlers rely on them and check nothing. There is one level of
//! access: a request with an accepted key may use the whole API.
//!
//! | attack or mistake | prevented by |
//! |---|---|
//! | use by clients without permission | `auth`: a key in a header, compared by its hash |
//! | guessing keys | `wrong_keys`: a budget per network |
//! | use up the service with one key | `budget`: requests per minute and key |
//! | a page that makes its own name resolve to this machine (DNS rebinding) | `guard` and `host`: known names only |
//! | a page that sends writes without reading the response | `guard` and `origin`: the same host, or a listed site |
//! | a page that sends a form as JSON | `request::media`: JSON must be declared by pages of other sites |
//! | a page that reads responses | browsers, unless `cors` lists its site |

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
