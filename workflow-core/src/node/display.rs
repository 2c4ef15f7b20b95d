//! Display hints: how a page draws nodes of a type.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

/// Hints for a page that draws nodes of one type, so that the page knows no type by name.
///
/// Every hint is optional: without any, a node is a plain box with its type as the label. The hints are part of
/// `GET /api/node-types`, and do not affect how a node runs.
///
/// ```
/// use workflow_core::node::DisplayHints;
///
/// let hints = DisplayHints::new()
///     .with_label("Translation")
///     .with_icon("transform")
///     .with_summary("language")
///     .with_streamed_text();
/// assert_eq!(hints.icon(), Some("transform"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct DisplayHints {
    /// A human-readable name of the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    label: Option<Cow<'static, str>>,
    /// The name of an icon. A page draws an unknown name as a plain box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    icon: Option<Cow<'static, str>>,
    /// The field of `data` that summarizes a node. Of a URL, the host is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    summary: Option<Cow<'static, str>>,
    /// Whether a running node streams text.
    streams_text: bool,
}

impl DisplayHints {
    /// No hints.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a human-readable name of the type. Default: none.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<Cow<'static, str>>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets the name of an icon. The page of `workflow-http` has, among others, `llm`, `prompt`, `transform`,
    /// `http` and `search`. Default: none.
    #[must_use]
    pub fn with_icon(mut self, icon: impl Into<Cow<'static, str>>) -> Self {
        self.icon = Some(icon.into());
        self
    }

    /// Sets the field of `data` that summarizes a node, such as `model`. Default: none.
    #[must_use]
    pub fn with_summary(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.summary = Some(field.into());
        self
    }

    /// Declares that running nodes stream text, so that a page reserves space for it. Default: they do not.
    #[must_use]
    pub fn with_streamed_text(mut self) -> Self {
        self.streams_text = true;
        self
    }

    /// A human-readable name of the type.
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// The name of an icon.
    pub fn icon(&self) -> Option<&str> {
        self.icon.as_deref()
    }

    /// The field of `data` that summarizes a node.
    pub fn summary(&self) -> Option<&str> {
        self.summary.as_deref()
    }

    /// Whether a running node streams text.
    pub fn streams_text(&self) -> bool {
        self.streams_text
    }
}
