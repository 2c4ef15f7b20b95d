//! Parts of a request besides its prompt, as a workflow writes them.

use schemars::JsonSchema;
use serde::Deserialize;
use workflow_core::{NodeContext, NodeError, Template};

use crate::request::Part;

/// One of `text`, `inline` and `file`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PartData {
    /// A further text, with `{{ expressions }}`.
    Text(Template),
    /// Data that is sent along: at most 15 MiB in all.
    Inline(InlineData),
    /// A file that the API fetches, or was sent before.
    File(FileData),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InlineData {
    /// What it is, `image/png`.
    mime_type: Template,
    /// The data as base64, most often `{{ input.image }}`.
    data: Template,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileData {
    /// Where it is.
    uri: Template,
    /// What it is, where the API cannot know.
    mime_type: Option<Template>,
}

impl PartData {
    pub(super) fn render(&self, cx: &NodeContext) -> Result<Part, NodeError> {
        Ok(match self {
            Self::Text(text) => Part::text(cx.render(text)?),
            Self::Inline(inline) => {
                Part::base64(cx.render(&inline.mime_type)?, cx.render(&inline.data)?)
            }
            Self::File(file) => {
                let part = Part::file(cx.render(&file.uri)?);
                match &file.mime_type {
                    Some(mime_type) => part.with_mime_type(cx.render(mime_type)?.trim()),
                    None => part,
                }
            }
        })
    }
}
