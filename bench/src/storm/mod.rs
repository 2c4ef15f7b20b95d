//! A storm: many runs at once, each of which streams the words of a model to a reader of its own.
//!
//! Model, service and readers are three processes, so that processor time and memory of the service are its own.

pub mod floor;
pub mod model;
pub mod process;
pub mod reader;

/// The words of each run.
pub const WORDS: usize = 50;

/// The time before each word. A model writes 10 to 100 words a second.
pub const GAP: std::time::Duration = std::time::Duration::from_millis(100);

/// The word.
pub const WORD: &str = " lorem";
