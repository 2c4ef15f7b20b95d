//! The shared parts of the fuzz targets: mutations of JSON, substitutes for node types, and runs in virtual time.

pub mod faults;
pub mod json;
pub mod nodes;
pub mod run;
pub mod samples;
