//! One schema: its fields, or its alternatives.

use std::fmt::{self, Write};

use serde_json::Value;

use super::{items, members, text};
use crate::docs::{Prose, Text};
use crate::openapi::reference::referred;

pub(super) fn write(page: &mut String, name: &str, schema: &Value) -> fmt::Result {
    writeln!(
        page,
        "<section id=\"schema-{name}\">\n<h3>{}</h3>",
        Text(name)
    )?;
    if let Some(description) = schema["description"].as_str() {
        writeln!(page, "<p>{}</p>", Prose(description))?;
    }
    if !schema["properties"].is_object() {
        write!(page, "<p>")?;
        write_type(page, schema)?;
        writeln!(page, "</p>")?;
    }
    fields(page, schema)?;
    writeln!(page, "</section>")
}

fn fields(page: &mut String, schema: &Value) -> fmt::Result {
    let mut fields = members(&schema["properties"]).peekable();
    if fields.peek().is_none() {
        return Ok(());
    }
    writeln!(page, "<table><caption>Fields</caption>")?;
    for (name, field) in fields {
        let is_required = items(&schema["required"]).any(|it| it == name);
        let mark = if is_required { "" } else { "?" };
        write!(
            page,
            "<tr><th scope=\"row\"><code>{}{mark}</code></th><td>",
            Text(name)
        )?;
        write_type(page, field)?;
        writeln!(
            page,
            "</td><td>{}</td></tr>",
            Prose(text(&field["description"]))
        )?;
    }
    writeln!(page, "</table>")
}

/// The type of a value in a few words. Only what the document uses is handled; everything else is "any JSON".
///
/// `Workflow` is not linked: the page does not show its schema.
pub(super) fn write_type(page: &mut String, schema: &Value) -> fmt::Result {
    if let Some(name) = referred(schema) {
        return match name {
            "Workflow" => write!(page, "Workflow"),
            _ => write!(page, "<a href=\"#schema-{name}\">{}</a>", Text(name)),
        };
    }
    if let Some(constant) = schema.get("const") {
        return write!(page, "<code>{}</code>", Text(&constant.to_string()));
    }
    if schema["enum"].is_array() {
        return list(page, &schema["enum"], " ", |page, it| {
            write!(page, "<code>{}</code>", Text(text(it)))
        });
    }
    for choices in [&schema["oneOf"], &schema["anyOf"]] {
        if choices.is_array() {
            return list(page, choices, " or ", write_type);
        }
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" && schema["items"].is_object() => {
            write!(page, "list of ")?;
            write_type(page, &schema["items"])
        }
        Value::String(kind) => write!(page, "{}", Text(kind)),
        kinds @ Value::Array(_) => list(page, kinds, " or ", |page, it| {
            write!(page, "{}", Text(text(it)))
        }),
        _ => write!(page, "any JSON"),
    }
}

fn list(
    page: &mut String,
    values: &Value,
    between: &str,
    write: impl Fn(&mut String, &Value) -> fmt::Result,
) -> fmt::Result {
    for (place, value) in items(values).enumerate() {
        if place > 0 {
            page.write_str(between)?;
        }
        write(page, value)?;
    }
    Ok(())
}
