//! What the targets share: mutations of JSON, node types that stand in for real ones, and runs in virtual time.

pub mod faults;
pub mod json;
pub mod nodes;
pub mod run;
pub mod samples;
