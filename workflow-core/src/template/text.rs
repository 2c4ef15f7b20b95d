//! `Template`: text with expressions, the type of a node's templated fields.

use std::{fmt, sync::Arc};

use minijinja::Environment;

use super::scope::Scope;
use super::{
    Paths, TemplateError, bounds, from_text::from_text, language::ENVIRONMENT, missing::node_error,
    reference::References, syntax,
};
use crate::error::NodeError;

/// A text with `{{ expressions }}`, compiled. Use it as the type of a field of a node's `data`, and
/// the field's references are checked when a workflow is created.
#[derive(Clone)]
pub struct Template(Arc<Compiled>);

struct Compiled {
    /// Holds this one template. It owns the source the compiled form borrows from.
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
    /// # Errors
    /// When it does not parse, or is over one of the bounds of its size.
    ///
    /// ```
    /// use workflow_core::Template;
    ///
    /// assert!(Template::parse("Explain {{ input }}").is_ok());
    /// let error = Template::parse("Explain {{ input").unwrap_err();
    /// assert!(error.to_string().contains("expected"), "{error}");
    /// ```
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        bounds::check_template(source)?;
        let understood = syntax::template(source)?;
        let mut environment = ENVIRONMENT.clone();
        let added = environment.add_template_owned(NAME, understood.text);
        added.map_err(|error| TemplateError::of_engine(&error))?;
        Ok(Self(Arc::new(Compiled {
            environment,
            source: source.into(),
            references: understood.references,
            paths: understood.paths,
            assigned: understood.assigned.into(),
            lost: understood.lost.into(),
        })))
    }

    /// The text it was compiled from.
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

    /// The names its `set`, `for` and `with` give values to.
    pub(crate) fn assigned(&self) -> impl Iterator<Item = &str> {
        self.0.assigned.iter().map(String::as_str)
    }

    /// The names to which a `set` in a loop or `with` gives a value that ends with it, while one from
    /// outside goes on.
    pub(crate) fn lost(&self) -> impl Iterator<Item = &str> {
        self.0.lost.iter().map(String::as_str)
    }

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
