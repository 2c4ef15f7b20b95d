//! `run`: what templates can read of the run itself.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use minijinja::value::{Enumerator, Object};
use serde_json::Value;

use super::shared::Shared;
use crate::value::{RunId, Timestamp};

/// The name. It gives way to a node, an item or a name in a template that is called the same, since stored workflows may have
/// one.
pub(crate) const RUN: &str = "run";

/// The fields of `run` in templates, each with the help that editors show.
pub(crate) const RUN_FIELDS: [(&str, &str); 3] = [
    ("id", "The id of the run."),
    (
        "started_at",
        "When the run started: `2026-01-31T12:00:00.000000Z`. It stays the same when the service restarts.",
    ),
    (
        "url",
        "The address of the run on the page, where people answer. There is none if the service has no public address.",
    ),
];

/// The field of `run` that only the nodes of `on_failure` read: why the run has failed.
pub(crate) const RUN_ERROR: &str = "error";

/// The values of a run that do not change while it runs. They follow from its first two events, so they are the same after a
/// restart.
pub(crate) struct RunValues {
    id: RunId,
    url: OnceLock<Arc<str>>,
    started_at: OnceLock<Timestamp>,
    /// Why the run has failed, for its `on_failure`.
    error: OnceLock<Shared>,
}

impl RunValues {
    /// The values of a run that has no events.
    pub(crate) fn new(id: RunId) -> Self {
        Self {
            id,
            url: OnceLock::new(),
            started_at: OnceLock::new(),
            error: OnceLock::new(),
        }
    }

    /// Sets the address that `run.created` states. A second call has no effect.
    pub(crate) fn set_url(&self, url: Option<&Arc<str>>) {
        if let Some(url) = url {
            let _ = self.url.set(Arc::clone(url));
        }
    }

    /// Sets the time of `run.started`. A second call has no effect.
    pub(crate) fn set_started(&self, at: Timestamp) {
        let _ = self.started_at.set(at);
    }

    /// Sets why the run has failed. A second call has no effect.
    pub(crate) fn set_error(&self, error: Arc<Value>) {
        let _ = self.error.set(Shared::new(error));
    }

    fn field(&self, name: &str) -> Option<minijinja::Value> {
        match name {
            "id" => Some(self.id.to_string().into()),
            "started_at" => Some(self.started_at.get()?.to_string().into()),
            "url" => Some(Arc::clone(self.url.get()?).into()),
            RUN_ERROR => Some(self.error.get()?.view()),
            _ => None,
        }
    }
}

impl Object for RunValues {
    fn get_value(self: &Arc<Self>, key: &minijinja::Value) -> Option<minijinja::Value> {
        self.field(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<minijinja::Value> {
        self.field(name)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = RUN_FIELDS.iter().map(|(name, _)| *name).chain([RUN_ERROR]);
        let present = names.filter(|name| self.field(name).is_some());
        Enumerator::Values(present.map(Into::into).collect())
    }
}

impl fmt::Debug for RunValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunValues")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
