//! JSON that templates read.

use std::sync::{Arc, OnceLock};

use minijinja::value::Serde;
use serde_json::Value;

/// Shared JSON with its form for templates, which is converted at most once, on first use.
///
/// Converted lazily: most outputs are read by no template, and a conversion copies the value.
pub(crate) struct Shared {
    pub(super) json: Arc<Value>,
    view: OnceLock<minijinja::Value>,
}

impl Shared {
    pub(crate) fn new(json: Arc<Value>) -> Self {
        Self {
            json,
            view: OnceLock::new(),
        }
    }

    pub(super) fn view(&self) -> minijinja::Value {
        self.view
            .get_or_init(|| minijinja::Value::from(Serde(&*self.json)))
            .clone()
    }
}
