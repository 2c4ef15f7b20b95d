//! The document as a page for readers: HTML and one style sheet, no script.
//!
//! It needs no key, so it shows nothing that depends on one. Everything in it comes from the document; there is no
//! text that only the page has, except the notice about keys.

mod operation;
mod schema;

use std::fmt::{self, Write};

use serde_json::{Map, Value};

use crate::docs::{self, Place, Prose, Text};

/// The page of a document.
pub(super) fn of(document: &Value) -> String {
    let title = format!("{}: API", text(&document["info"]["title"]));
    docs::write(
        Place::Inside,
        &title,
        |page| contents(page, document),
        |page| write(page, &title, document),
    )
}

fn write(page: &mut String, title: &str, document: &Value) -> fmt::Result {
    writeln!(page, "<h1>{}</h1>", Text(title))?;
    for paragraph in text(&document["info"]["description"]).split("\n\n") {
        writeln!(page, "<p>{}</p>", Prose(paragraph))?;
    }
    keys(page, document)?;
    for tag in items(&document["tags"]) {
        let name = text(&tag["name"]);
        writeln!(
            page,
            "<h2 id=\"{name}\">{}</h2>",
            Prose(text(&tag["description"]))
        )?;
        for (path, method, operation) in operations(document, name) {
            operation::write(page, document, path, method, operation)?;
        }
    }
    writeln!(page, "<h2 id=\"schemas\">Schemas</h2>")?;
    for (name, schema) in shown_schemas(document) {
        schema::write(page, name, schema)?;
    }
    Ok(())
}

fn contents(page: &mut String, document: &Value) -> fmt::Result {
    for tag in items(&document["tags"]) {
        let name = text(&tag["name"]);
        writeln!(page, "<a class=\"tag\" href=\"#{name}\">{name}</a>\n<ul>")?;
        for (_, _, operation) in operations(document, name) {
            let (id, summary) = (
                text(&operation["operationId"]),
                Text(text(&operation["summary"])),
            );
            writeln!(page, "<li><a href=\"#{id}\">{summary}</a></li>")?;
        }
        writeln!(page, "</ul>")?;
    }
    writeln!(page, "<a class=\"tag\" href=\"#schemas\">schemas</a>")
}

fn keys(page: &mut String, document: &Value) -> fmt::Result {
    let asks = document["security"].is_array();
    let key = if asks {
        "This service asks for an API key: send <code>Authorization: Bearer KEY</code> or \
         <code>X-API-Key: KEY</code>."
    } else {
        "This service asks for no API key."
    };
    let base = server(document);
    writeln!(
        page,
        "<p>{key} For programs, this page is an <a href=\"{base}/api/openapi.json\">OpenAPI \
         document</a>; workflows have a <a href=\"{base}/api/schema/workflow.json\">JSON Schema</a>.</p>"
    )
}

/// The operations of a tag, with path and method.
fn operations<'a>(
    document: &'a Value,
    tag: &'a str,
) -> impl Iterator<Item = (&'a str, &'a str, &'a Value)> {
    let of_path = |(path, methods): (&'a str, &'a Value)| {
        members(methods).map(move |(method, operation)| (path, method, operation))
    };
    let all = members(&document["paths"]).flat_map(of_path);
    all.filter(move |(_, _, operation)| items(&operation["tags"]).any(|it| it == tag))
}

/// The schemas that the page shows. Those of the workflow language have a document of their own, and they describe
/// the registered node types, which are not public in a service with keys.
fn shown_schemas(document: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let all = members(&document["components"]["schemas"]);
    all.filter(|(_, schema)| !schema["x-language"].is_boolean())
}

/// The base path; empty at the root. Escaped, since it comes from the options.
fn server(document: &Value) -> Text<'_> {
    Text(text(&document["servers"][0]["url"]).trim_end_matches('/'))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = value.as_object().into_iter().flat_map(Map::iter);
    members.map(|(name, value)| (name.as_str(), value))
}
