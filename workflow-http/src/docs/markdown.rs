//! Markdown as HTML, with a place for each heading and for each code in the first column of a table.

use std::{
    collections::HashSet,
    fmt::{self, Write},
};

use pulldown_cmark::{
    CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html,
};

use super::html::Text;

pub(super) struct Page {
    /// The first heading.
    pub(super) title: String,
    /// All others.
    pub(super) headings: Vec<Heading>,
    pub(super) html: String,
}

pub(super) struct Heading {
    level: HeadingLevel,
    text: String,
    id: String,
}

/// Reads a text of this repository: its HTML, if it has any, is passed on.
pub(super) fn read(text: &str) -> Page {
    let events: Vec<Event<'_>> = Parser::new_ext(text, Options::ENABLE_TABLES).collect();
    let mut headings: Vec<Heading> = Vec::new();
    let mut places = Places::default();
    let mut shown = Vec::with_capacity(events.len());
    let mut links = Vec::new();
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let text = heading_text(&events[at..]);
                let id = slug(&text);
                places.section.clone_from(&id);
                shown.push(Event::Start(Tag::Heading {
                    level: *level,
                    id: Some(id.clone().into()),
                    classes: Vec::new(),
                    attrs: Vec::new(),
                }));
                headings.push(Heading {
                    level: *level,
                    text,
                    id,
                });
            }
            Event::Start(Tag::CodeBlock(kind)) => shown.push(code_block(kind)),
            Event::End(TagEnd::CodeBlock) => shown.push(Event::Html("</code></pre>\n".into())),
            Event::Start(Tag::Link { dest_url, .. }) => {
                let target = target(dest_url);
                links.push(target.is_some());
                shown.extend(target.map(|target| {
                    Event::InlineHtml(format!("<a href=\"{}\">", Text(&target)).into())
                }));
            }
            Event::End(TagEnd::Link) => {
                let is_kept = links.pop().unwrap_or_default();
                shown.extend(is_kept.then(|| Event::InlineHtml("</a>".into())));
            }
            Event::Code(code) if places.is_first_cell => shown.push(places.mark(code)),
            other => {
                places.follow(other);
                shown.push(other.clone());
            }
        }
    }
    let mut page = String::with_capacity(2 * text.len());
    html::push_html(&mut page, shown.into_iter());
    let title = if headings.is_empty() {
        String::new()
    } else {
        headings.remove(0).text
    };
    Page {
        title,
        headings,
        html: page,
    }
}

/// Links to the headings.
pub(super) fn contents(page: &mut String, headings: &[Heading]) -> fmt::Result {
    if headings.is_empty() {
        return Ok(());
    }
    writeln!(page, "<ul>")?;
    for heading in headings {
        let class = match heading.level {
            HeadingLevel::H2 => " class=\"tag\"",
            _ => "",
        };
        let (id, text) = (Text(&heading.id), Text(&heading.text));
        writeln!(page, "<li><a{class} href=\"#{id}\">{text}</a></li>")?;
    }
    writeln!(page, "</ul>")
}

/// The places of codes: `faults-cycle` is the row of `cycle` below the heading "Faults".
#[derive(Default)]
struct Places {
    section: String,
    is_first_cell: bool,
    cell: usize,
    used: HashSet<String>,
}

impl Places {
    /// Notes in which cell of a table's body the text is.
    fn follow(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(Tag::TableRow) => self.cell = 0,
            Event::Start(Tag::TableCell) => {
                self.cell += 1;
                self.is_first_cell = self.cell == 1;
            }
            Event::End(TagEnd::TableCell) => self.is_first_cell = false,
            Event::Start(Tag::TableHead) => self.cell = 1,
            _ => {}
        }
    }

    /// A code with its place; of several with the same place, the first one has it.
    fn mark<'a>(&mut self, code: &str) -> Event<'a> {
        let id = format!("{}-{code}", self.section);
        let (code, shown) = (Text(code), Text(&id));
        let html = if self.used.contains(&id) {
            format!("<code>{code}</code>")
        } else {
            format!("<code id=\"{shown}\">{code}</code>")
        };
        self.used.insert(id);
        Event::InlineHtml(html.into())
    }
}

/// The text between a heading's start and end.
fn heading_text(events: &[Event<'_>]) -> String {
    let inside = events
        .iter()
        .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let texts = inside.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(&**text),
        _ => None,
    });
    texts.collect()
}

/// The id of a heading, by the rule that GitHub's links to headings follow.
fn slug(text: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let kept = text.chars().filter(kept).flat_map(char::to_lowercase);
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Long lines of code scroll, so the block can have the focus. The second word after the fence is the name of a file.
fn code_block<'a>(kind: &CodeBlockKind<'_>) -> Event<'a> {
    let name = match kind {
        CodeBlockKind::Fenced(info) => info.split_once(' ').map_or("Code", |(_, name)| name),
        CodeBlockKind::Indented => "Code",
    };
    let html = format!("<pre tabindex=\"0\" aria-label=\"{}\"><code>", Text(name));
    Event::Html(html.into())
}

/// Where a link leads within the service; `None` for files that it does not serve.
fn target<'a>(written: &'a CowStr<'a>) -> Option<CowStr<'a>> {
    let (file, place) = match written.split_once('#') {
        Some((file, place)) => (file, format!("#{place}")),
        None => (&**written, String::new()),
    };
    let is_elsewhere = file.starts_with("http://") || file.starts_with("https://");
    let is_here = file.is_empty() || file.starts_with("docs/") || file == "./";
    match file {
        "LANGUAGE.md" => Some(format!("language{place}").into()),
        "TUTORIAL.md" => Some(format!("tutorial{place}").into()),
        "workflow.schema.json" => Some("../api/schema/workflow.json".into()),
        _ if is_elsewhere || is_here => Some(written.clone()),
        _ => None,
    }
}
