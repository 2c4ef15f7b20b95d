//! The built-in leaf nodes, one file each. They are written against the public API, as every other node; only the
//! conditions of a switch have no public form.

mod prompt;
mod switch;
mod transform;

pub(crate) use self::switch::SWITCH;
pub use self::{prompt::PromptNode, switch::SwitchNode, transform::TransformNode};
