//! One operation: its parameters, body and responses, and a `curl` command for it.

use std::fmt::{self, Write};

use serde_json::Value;

use super::{items, members, schema, server, text};
use crate::docs::{Prose, Text};

pub(super) fn write(
    page: &mut String,
    document: &Value,
    path: &str,
    method: &str,
    operation: &Value,
) -> fmt::Result {
    let (id, summary) = (
        text(&operation["operationId"]),
        Text(text(&operation["summary"])),
    );
    let shown = method.to_ascii_uppercase();
    writeln!(
        page,
        "<section id=\"{id}\">\n<h3>{summary}</h3>\n\
         <p class=\"route\"><b>{shown}</b> <code>{}</code></p>",
        Text(path)
    )?;
    if let Some(description) = operation["description"].as_str() {
        writeln!(page, "<p>{}</p>", Prose(description))?;
    }
    parameters(page, document, operation)?;
    body(page, operation)?;
    let line = curl(document, path, &shown, operation);
    writeln!(
        page,
        "<pre tabindex=\"0\" aria-label=\"With curl\">{}</pre>",
        Text(&line)
    )?;
    answers(page, operation)?;
    writeln!(page, "</section>")
}

fn parameters(page: &mut String, document: &Value, operation: &Value) -> fmt::Result {
    let mut parameters = items(&operation["parameters"]).peekable();
    if parameters.peek().is_none() {
        return Ok(());
    }
    writeln!(page, "<table><caption>Parameters</caption>")?;
    for reference in parameters {
        let pointer = text(&reference["$ref"]).trim_start_matches('#');
        let Some(parameter) = document.pointer(pointer) else {
            continue;
        };
        write!(
            page,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>",
            Text(text(&parameter["name"])),
            Text(text(&parameter["in"]))
        )?;
        schema::write_type(page, &parameter["schema"])?;
        writeln!(
            page,
            "</td><td>{}</td></tr>",
            Prose(text(&parameter["description"]))
        )?;
    }
    writeln!(page, "</table>")
}

fn body(page: &mut String, operation: &Value) -> fmt::Result {
    let body = &operation["requestBody"];
    let Some((media_type, media)) = members(&body["content"]).next() else {
        return Ok(());
    };
    let may = if body["required"] == true {
        ""
    } else {
        ", may be left out"
    };
    write!(page, "<p>Body{may}: <code>{media_type}</code>, ")?;
    schema::write_type(page, &media["schema"])?;
    writeln!(page, "</p>")
}

/// A command for a shell, with the example as the body. The single quotes of the example are closed, escaped and
/// reopened, which is the only way to have one in single quotes (POSIX, "Shell Command Language", section 2.2.2).
fn curl(document: &Value, path: &str, method: &str, operation: &Value) -> String {
    let mut line = String::from("curl");
    if method != "GET" {
        let _ = write!(line, " -X {method}");
    }
    let _ = write!(line, " http://localhost:8000{}{path}", server(document));
    if document["security"].is_array() && !operation["security"].is_array() {
        line.push_str(" \\\n  -H \"x-api-key: $KEY\"");
    }
    if let Some((media_type, media)) = members(&operation["requestBody"]["content"]).next() {
        let example = media["example"].to_string().replace('\'', "'\\''");
        let _ = write!(
            line,
            " \\\n  -H 'content-type: {media_type}' \\\n  -d '{example}'"
        );
    }
    line
}

fn answers(page: &mut String, operation: &Value) -> fmt::Result {
    writeln!(page, "<table><caption>Answers</caption>")?;
    for (status, answer) in members(&operation["responses"]) {
        write!(
            page,
            "<tr><th scope=\"row\">{status}</th><td>{}",
            Prose(text(&answer["description"]))
        )?;
        for (media_type, media) in members(&answer["content"]) {
            if media_type != crate::problem::MEDIA_TYPE {
                form(page, media_type, media)?;
            }
        }
        writeln!(page, "</td></tr>")?;
    }
    writeln!(page, "</table>")
}

/// One media type of a response: its type and an example. Of an event stream, the type of its events is shown.
fn form(page: &mut String, media_type: &str, media: &Value) -> fmt::Result {
    write!(page, "<br><code>{media_type}</code> ")?;
    let events = &media["schema"]["properties"]["data"]["contentSchema"];
    schema::write_type(
        page,
        if events.is_null() {
            &media["schema"]
        } else {
            events
        },
    )?;
    let example = match &media["example"] {
        Value::Null => return Ok(()),
        Value::String(text) => text.clone(),
        other => format!("{other:#}"),
    };
    write!(
        page,
        "<details><summary>Example</summary><pre tabindex=\"0\">{}</pre></details>",
        Text(&example)
    )
}
