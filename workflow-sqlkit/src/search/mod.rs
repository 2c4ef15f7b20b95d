//! The search index: which runs contain a text, without reading the runs.
//!
//! Runs are indexed in *blocks* of up to [`BLOCK_RUNS`], in the background and long after they were written, so that the
//! creation of a run costs nothing more. A block covers a range of row numbers and is never changed, only replaced. The
//! runs that no block covers are few, and searched themselves.
//!
//! A block holds, for each *token*, the runs that have it: one to three consecutive bytes of a searched text, a workflow, or
//! a status. The runs that have all tokens of a query are its candidates. Whether one matches is decided by its row
//! only: a block may name too many runs, never too few.
//!
//! Tokens are bytes and not characters: a text in UTF-8 is part of another one if its bytes are.

mod block;
mod damaged;
mod find;
mod found;
mod head;
mod posting;
mod reader;
mod token;

pub use self::{
    block::{BLOCK_RUNS, EncodedBlock, IndexedRun, LOOK_AFTER_RUNS, row_id, row_ids},
    damaged::DamagedBlocks,
    find::{count, search},
    head::{BlockHead, Built, HeadColumns, NextBuild, Replacements, first_stale, next_build},
    reader::{Among, BlockReader},
    token::{Wanted, searched},
};
