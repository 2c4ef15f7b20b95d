//! What templates can do: the filters, tests and functions, and the bounds of each.
//!
//! The engine counts what a filter has made after it has been made. So whatever could make much
//! of little is bounded here before: every text that is made of a value (`json`, `text`), every
//! list that grows (`lists`), and everything that compares (`order`).

mod environment;
mod fuel;
mod json;
pub(super) mod known;
mod lists;
mod order;
mod text;

pub(super) use self::{
    environment::ENVIRONMENT,
    fuel::{BYTES_PER_STEP, MAX_STEPS},
    json::{condition_value, to_json},
};
pub(crate) use self::{environment::is_global, json::Budget};
