//! [`Models`]: the providers of a host, by name.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::Arc,
};

use workflow_core::{
    RetryPolicy,
    node::{DisplayHints, NodeType},
};

use crate::{
    error::{Delivery, ModelError},
    model::Model,
};

/// Attempts of a node, or of one turn of an agent, unless the workflow sets `retry`.
const ATTEMPTS: u32 = 5;

/// The providers of a host, by name. One of them is the default. Cheap to clone.
///
/// | a workflow names | the model is |
/// |---|---|
/// | nothing | the default model of the default provider |
/// | `qwen3:8b` | that of the default provider |
/// | `local/qwen3:8b` | `qwen3:8b` of the provider `local`; further slashes belong to the model |
/// | `models/m1`, and there is no provider `models` | that of the default provider, if it has such names ([`Model::model_name`]); else `unknown_provider` |
///
/// ```
/// # use std::sync::Arc;
/// # use workflow_llm::{Model, ModelError, ModelRequest, ModelStream, ProviderInfo};
/// # struct Fake(ProviderInfo);
/// # impl Fake {
/// #     fn new(name: &'static str) -> Self { Self(ProviderInfo::new(name, "none", "m1")) }
/// # }
/// # impl Model for Fake {
/// #     fn ask(&self, _: Arc<ModelRequest>) -> ModelStream { Box::pin(futures::stream::empty()) }
/// #     fn body(&self, _: &ModelRequest) -> Result<serde_json::Value, ModelError> { Ok(().into()) }
/// #     fn provider(&self) -> &ProviderInfo { &self.0 }
/// # }
/// use workflow_llm::Models;
///
/// let models = Models::new(Fake::new("cloud")).with_provider("local", Fake::new("local"))?;
/// let named = models.named(Some("local/qwen3:8b")).unwrap();
/// assert_eq!((named.provider(), named.model()), ("local", "qwen3:8b"));
/// assert_eq!(models.named(None).unwrap().model(), "m1");
/// assert_eq!(models.named(Some("locla/qwen3:8b")).unwrap_err().code(), "unknown_provider");
/// assert_eq!(models.listed(), ["m1", "local/m1"]);
/// # Ok::<(), workflow_llm::InvalidProvider>(())
/// ```
#[derive(Clone)]
pub struct Models(Arc<Providers>);

#[derive(Clone)]
struct Providers {
    default: (Arc<str>, Arc<dyn Model>),
    by_name: BTreeMap<Arc<str>, Arc<dyn Model>>,
}

/// A model of a provider.
#[derive(Clone)]
pub struct NamedModel {
    provider: Arc<str>,
    client: Arc<dyn Model>,
    model: String,
    /// Unless it is the name of the model.
    label: Option<String>,
}

/// Why a provider cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidProvider {
    /// The name has other characters than letters, digits, `_`, `-` and `.`, or none, or more than 60.
    #[error("`{0}` cannot name a provider: use up to 60 letters, digits, `_`, `-` and `.`")]
    Name(String),
    /// The name is taken.
    #[error("there are two providers of the name `{0}`")]
    Duplicate(String),
}

/// The longest name of a provider.
const LONGEST_NAME: usize = 60;
/// The most characters of a model's name in an error.
const SHOWN: usize = 100;

impl Models {
    /// One provider, which is the default, under the name that it has itself.
    pub fn new(default: impl Model) -> Self {
        let client: Arc<dyn Model> = Arc::new(default);
        let name: Arc<str> = client.provider().name().into();
        Self(Arc::new(Providers {
            default: (Arc::clone(&name), Arc::clone(&client)),
            by_name: BTreeMap::from([(name, client)]),
        }))
    }

    /// Adds a provider under a name.
    ///
    /// # Errors
    /// [`InvalidProvider`] if the name is not one, or is taken.
    pub fn with_provider(
        mut self,
        name: impl Into<String>,
        client: impl Model,
    ) -> Result<Self, InvalidProvider> {
        let name = name.into();
        let is_known = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_known) {
            return Err(InvalidProvider::Name(shown(&name)));
        }
        if self.0.by_name.contains_key(&*name) {
            return Err(InvalidProvider::Duplicate(name));
        }
        let providers = Arc::make_mut(&mut self.0);
        providers.by_name.insert(name.into(), Arc::new(client));
        Ok(self)
    }

    /// The default provider, and its name.
    pub fn default_provider(&self) -> (&str, &Arc<dyn Model>) {
        let (name, client) = &self.0.default;
        (name, client)
    }

    /// The provider of this name.
    pub fn provider(&self, name: &str) -> Option<&Arc<dyn Model>> {
        self.0.by_name.get(name)
    }

    /// A model of the provider of this name; slashes belong to the model. An empty name means the provider's default. `None` if there is no such
    /// provider.
    pub fn of_provider(&self, provider: &str, model: &str) -> Option<NamedModel> {
        let (name, client) = self.0.by_name.get_key_value(provider)?;
        Some(self.model(name, client, Some(model)))
    }

    /// The names of all providers, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.by_name.keys().map(|name| &**name)
    }

    /// Models to choose from, as workflows write them: the default model and the listed ones of each provider, without repetitions. Those of the
    /// default provider come first, without its name; the others follow, sorted by provider.
    pub fn listed(&self) -> Vec<String> {
        let (default, client) = self.default_provider();
        let others = self
            .0
            .by_name
            .iter()
            .filter(|(name, _)| &***name != default);
        let mut listed: Vec<String> = Vec::new();
        for model in of(client) {
            // A model such as `a/b` is not that of the default provider if there is a provider `a`.
            let is_own = |named: &NamedModel| named.provider() == default;
            let is_plain = self.named(Some(model)).as_ref().is_ok_and(is_own);
            listed.push(if is_plain {
                model.to_owned()
            } else {
                format!("{default}/{model}")
            });
        }
        for (name, client) in others {
            listed.extend(of(client).map(|model| format!("{name}/{model}")));
        }
        let mut known = HashSet::new();
        listed.retain(|model| known.insert(model.clone()));
        listed
    }

    /// Sets what the node types that call these models have in common.
    pub(crate) fn describe<'a>(
        &self,
        node_type: &'a mut NodeType,
        label: &'static str,
        icon: &'static str,
    ) -> &'a mut NodeType {
        let display = DisplayHints::new().with_label(label).with_icon(icon);
        node_type
            .with_activity(self.activity())
            .with_models(self.listed())
            .with_display(display.with_summary("model").with_streamed_text())
            .with_retry(RetryPolicy::attempts(ATTEMPTS))
    }

    /// What a running step does: the [activity](crate::ProviderInfo::activity) of the only provider, or "Calling a model".
    pub fn activity(&self) -> String {
        if self.0.by_name.len() > 1 {
            return "Calling a model".to_owned();
        }
        self.0.default.1.provider().activity()
    }

    /// The model that a name means. `None` and a name of spaces mean the default.
    ///
    /// # Errors
    /// `unknown_provider`, with the known ones. It is not retried.
    pub fn named(&self, written: Option<&str>) -> Result<NamedModel, ModelError> {
        let (default, client) = &self.0.default;
        let written = written.map(str::trim).filter(|name| !name.is_empty());
        let Some(written) = written else {
            return Ok(self.model(default, client, None));
        };
        if let Some((name, model)) = written.split_once('/')
            && let Some((name, client)) = self.0.by_name.get_key_value(name)
        {
            return Ok(self.model(name, client, Some(model)));
        }
        match client.model_name(written) {
            Some(model) => Ok(self.model(default, client, Some(model))),
            None => Err(self.unknown(written)),
        }
    }

    /// A model of a provider, or its default. Slashes belong to the model here, whatever the names of the provider's models look like.
    fn model(
        &self,
        provider: &Arc<str>,
        client: &Arc<dyn Model>,
        model: Option<&str>,
    ) -> NamedModel {
        let model = model.map(str::trim).filter(|model| !model.is_empty());
        let model = model.unwrap_or_else(|| client.provider().default_model());
        let model = client.model_name(model).unwrap_or(model.trim());
        let is_default = *provider == self.0.default.0;
        NamedModel {
            provider: Arc::clone(provider),
            client: Arc::clone(client),
            label: (!is_default).then(|| format!("{provider}/{model}")),
            model: model.to_owned(),
        }
    }

    fn unknown(&self, written: &str) -> ModelError {
        let name = written.split('/').next().unwrap_or_default();
        let known: Vec<&str> = self.names().collect();
        let message = format!(
            "`{}` names the provider `{}`, which this service does not have: it has `{}`",
            shown(written),
            shown(name),
            known.join("`, `")
        );
        ModelError::new("unknown_provider", message)
            .with_delivery(Delivery::NotSent)
            .with_hint("use a model of a provider that the service has, or add the provider to the service")
    }
}

impl<M: Model> From<M> for Models {
    fn from(default: M) -> Self {
        Self::new(default)
    }
}

impl NamedModel {
    /// The name of the provider in [`Models`].
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The client of the provider.
    pub fn client(&self) -> &Arc<dyn Model> {
        &self.client
    }

    /// The name of the model at its provider.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The name in records and events: as [`model`](Self::model), with the provider before it unless that is the default.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.model)
    }

    /// Whether both are one model of one provider.
    pub fn is_same(&self, other: &Self) -> bool {
        self.provider == other.provider && self.model == other.model
    }
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Models")
            .field("default", &self.0.default.0)
            .field("names", &self.0.by_name.keys())
            .finish()
    }
}

impl fmt::Debug for NamedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

/// The default model of a provider, and those that it lists.
fn of(client: &Arc<dyn Model>) -> impl Iterator<Item = &str> {
    let info = client.provider();
    let models = info.models().iter().map(String::as_str);
    let all = std::iter::once(info.default_model()).chain(models);
    all.map(str::trim).filter(|model| !model.is_empty())
}

/// The beginning of a name that anyone may have written.
fn shown(name: &str) -> String {
    match name.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
