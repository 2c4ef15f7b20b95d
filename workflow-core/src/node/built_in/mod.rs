//! The built-in leaf nodes, one file each. They are written against the public API, as every other node.

mod prompt;
mod transform;

pub use self::{prompt::PromptNode, transform::TransformNode};
