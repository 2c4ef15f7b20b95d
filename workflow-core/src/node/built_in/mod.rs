//! The built-in nodes, one file each.

mod prompt;
mod transform;

pub use self::{prompt::PromptNode, transform::TransformNode};
