//! Which prompts were told to wait.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
};

/// How many prompts are remembered.
const MOST: usize = 1_000;

/// Every other call with a prompt is over the limit, the first one to begin with.
#[derive(Default)]
pub(super) struct Limits(Mutex<HashSet<u64>>);

impl Limits {
    pub(super) fn is_over(&self, prompt: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        prompt.hash(&mut hasher);
        let prompt = hasher.finish();
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.remove(&prompt) {
            return false;
        }
        if told.len() >= MOST {
            told.clear();
        }
        told.insert(prompt)
    }
}
