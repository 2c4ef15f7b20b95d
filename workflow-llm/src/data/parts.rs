//! The `parts` of an `LLMNode`.

use schemars::JsonSchema;
use serde::Deserialize;
use workflow_core::{NodeError, PlanContext, Template};

use crate::part::Part;

/// One of `text`, `inline` and `file`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PartData {
    /// A further text, with `{{ expressions }}`.
    Text(Template),
    /// Data within the request: at most 15 MiB in total.
    Inline(InlineData),
    /// A file that the API fetches, or that was uploaded before.
    File(FileData),
}

// Not a doc comment: schemars would add it to the JSON Schema. All fields are templates, because data
// usually comes from the input.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InlineData {
    /// The MIME type, for example `image/png`.
    mime_type: Template,
    /// The data as base64, most often `{{ input.image }}`.
    data: Template,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileData {
    /// The URI of the file.
    uri: Template,
    /// The MIME type, if the API cannot detect it.
    mime_type: Option<Template>,
}

impl PartData {
    /// Renders the templates. The client checks the result before it sends it: base64, MIME type, size.
    pub(super) fn render(&self, cx: &PlanContext<'_>) -> Result<Part, NodeError> {
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
