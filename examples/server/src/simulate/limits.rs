//! Simulated rate limits.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
};

/// The most prompts that are remembered.
const MAX_PROMPTS: usize = 1_000;

/// The prompts whose last call was over the limit. Every other call with a prompt is, beginning with the first one.
#[derive(Default)]
pub(super) struct Limits(Mutex<HashSet<u64>>);

impl Limits {
    pub(super) fn is_over(&self, prompt: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        prompt.hash(&mut hasher);
        let prompt = hasher.finish();
        let mut limited = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if limited.remove(&prompt) {
            return false;
        }
        if limited.len() >= MAX_PROMPTS {
            limited.clear();
        }
        limited.insert(prompt)
    }
}
