//! The template language: its filters, tests and functions, and the limit of each.
//!
//! The engine counts what a filter makes only after it is made. So every filter that can make much from little is
//! limited here before it runs: text from values (`json`, `text`), growing lists (`lists`), and comparisons
//! (`order`).

mod arguments;
mod cut;
mod environment;
mod fuel;
mod joined;
mod json;
pub(super) mod known;
mod lists;
mod objects;
mod order;
mod parsed;
mod pattern;
mod text;
mod time;

pub(super) use self::{
    environment::ENVIRONMENT,
    fuel::{BYTES_PER_STEP, MAX_STEPS},
    json::{condition_value, to_json},
};
pub(crate) use self::{
    environment::is_global,
    json::Budget,
    known::{FILTERS, FUNCTIONS, STATEMENTS, TESTS},
};
