//! `Template`: text with expressions, the type of templated fields.

use std::{fmt, sync::Arc};

use minijinja::Environment;

use super::scope::Scope;
use super::{
    Paths, TemplateError, bounds, from_text::from_text, language::ENVIRONMENT, missing::node_error,
    reference::References, syntax,
};
use crate::error::NodeError;

/// Compiled text with `{{ expressions }}`. Use it as the type of a field of a node's `data`: what the field reads is then
/// checked when a workflow is created. Cloning it copies one `Arc`.
///
/// The language is that of Jinja, with the differences that `docs/LANGUAGE.md` lists. A missing value is an error
/// and not an empty text. Rendering takes at most 100,000 steps, and 64 bytes of output count as one.
#[derive(Clone)]
pub struct Template(Arc<Compiled>);

/// The engine borrows the source of a template from its environment, so each template owns a clone of the common
/// environment, whose tables are shared, with itself in it.
struct Compiled {
    /// An environment with this one template. It owns the source that the compiled form borrows.
    environment: Environment<'static>,
    source: Box<str>,
    references: References,
    paths: Paths,
    assigned: Box<[String]>,
    lost: Box<[String]>,
}

/// The name of a template within its own environment.
const NAME: &str = "template";

impl Template {
    /// Compiles a template.
    ///
    /// ```
    /// use workflow_core::Template;
    ///
    /// assert!(Template::parse("Explain {{ input }}").is_ok());
    /// let error = Template::parse("Explain {{ input").unwrap_err();
    /// assert!(error.to_string().contains("expected"), "{error}");
    /// ```
    ///
    /// # Errors
    /// [`TemplateError`] if it does not parse or exceeds a size limit.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        bounds::check_template(source)?;
        let parsed = syntax::template(source)?;
        let mut environment = ENVIRONMENT.clone();
        let added = environment.add_template_owned(NAME, parsed.text);
        added.map_err(|error| TemplateError::of_engine(&error))?;
        Ok(Self(Arc::new(Compiled {
            environment,
            source: source.into(),
            references: parsed.references,
            paths: parsed.paths,
            assigned: parsed.assigned.into(),
            lost: parsed.lost.into(),
        })))
    }

    /// The text that it was compiled from.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    pub(crate) fn references(&self) -> &References {
        &self.0.references
    }

    /// The paths that it reads.
    pub(crate) fn paths(&self) -> &Paths {
        &self.0.paths
    }

    /// The names that its `set`, `for` and `with` assign.
    pub(crate) fn assigned(&self) -> impl Iterator<Item = &str> {
        self.0.assigned.iter().map(String::as_str)
    }

    /// The names that a `set` in a loop or `with` assigns, although they exist outside: the new value is lost at the end of the
    /// block.
    pub(crate) fn lost(&self) -> impl Iterator<Item = &str> {
        self.0.lost.iter().map(String::as_str)
    }

    /// # Errors
    /// `template_error`, which names the missing value or the exceeded limit.
    pub(crate) fn render(&self, scope: &Arc<Scope>) -> Result<String, NodeError> {
        let context = minijinja::Value::from_dyn_object(Arc::clone(scope));
        let rendered = self
            .0
            .environment
            .get_template(NAME)
            .and_then(|template| template.render(context));
        rendered.map_err(|error| node_error(&error, &self.0.references, scope))
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Template").field(&self.source()).finish()
    }
}

from_text!(Template, { "type": "string", "x-workflow": "template" });
