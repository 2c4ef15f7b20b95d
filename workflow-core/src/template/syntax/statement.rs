//! Parses a template block by block, and prints it for the template engine.
//!
//! Text between blocks and white-space signs are copied unchanged, since the engine does the trimming. The nesting
//! of blocks is left to the engine, too: an `endif` without `if`, for example, is its error.

use super::{
    ast::Expr,
    blocks::{Block, Blocks},
    hints,
    parse::{Parsed, Parser, expression},
    print,
    read::Reader,
};
use crate::template::{
    Key, Path, Paths, TemplateError,
    reference::{Collected, References},
};

/// A parsed template.
pub(in crate::template) struct ParsedTemplate {
    /// The text for the engine.
    pub(in crate::template) text: String,
    pub(in crate::template) references: References,
    /// The paths that it reads.
    pub(in crate::template) paths: Paths,
    /// The names that `set`, `for` and `with` assign.
    pub(in crate::template) assigned: Vec<String>,
    /// Those of them whose value is lost at the end of a loop or `with`, although the name exists outside.
    pub(in crate::template) lost: Vec<String>,
}

/// Parses a whole template.
///
/// Line numbers are added to errors, since an expression knows its own text only.
pub(in crate::template) fn template(source: &str) -> Parsed<ParsedTemplate> {
    let mut found = Collected::default();
    let mut template = Template {
        text: String::with_capacity(source.len()),
        reader: Reader::new(&mut found),
        open: Vec::new(),
        assigned: Vec::new(),
        lost: Vec::new(),
    };
    let mut copied = 0;
    for block in Blocks::of(source) {
        template.text.push_str(&source[copied..block.begin]);
        // Counted for an error only.
        let lines = || source[..block.begin].matches('\n').count();
        template
            .block(&block)
            .map_err(|error| error.on_line(lines() + 1))?;
        copied = block.end;
    }
    template.text.push_str(&source[copied..]);
    let Template {
        text,
        assigned,
        lost,
        ..
    } = template;
    let (references, paths) = found.finish();
    Ok(ParsedTemplate {
        text,
        references,
        paths,
        assigned,
        lost,
    })
}

/// An open block.
enum Open {
    Branch,
    Loop,
    With,
    Filter,
    /// The names that get the text of the block.
    Set(Vec<String>),
}

/// `open` mirrors the nesting of blocks as far as names need it.
struct Template<'a> {
    text: String,
    reader: Reader<'a>,
    open: Vec<Open>,
    assigned: Vec<String>,
    lost: Vec<String>,
}

impl Template<'_> {
    fn block(&mut self, block: &Block) -> Parsed<()> {
        if !block.closed {
            return Err(match block.open {
                "{#" => hints::open_comment(),
                open => hints::open_block(open, block.inside),
            });
        }
        let (begin, inside, end) = without_signs(block.inside);
        let (statement, close) = match block.open {
            "{{" => (self.emitted(inside)?, "}}"),
            _ => (self.statement(inside)?, "%}"),
        };
        // With spaces, since `{{-1}}` would begin with a white-space sign and not with a minus.
        for part in [block.open, begin, " ", &statement, " ", end, close] {
            self.text.push_str(part);
        }
        Ok(())
    }

    fn emitted(&mut self, inside: &str) -> Parsed<String> {
        if let Some(error) = hints::three_braces(inside) {
            return Err(error);
        }
        let expr = expression(inside)?;
        self.reader.walk(&expr, inside)?;
        Ok(print::value(&expr))
    }

    fn statement(&mut self, inside: &str) -> Parsed<String> {
        let inside = inside.trim_start();
        let end = inside
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(inside.len());
        let (word, rest) = inside.split_at(end);
        let mut parser = Parser::new(rest)?;
        let read = match word {
            "if" | "elif" => self.branch(word, &mut parser, rest)?,
            "for" => self.repeat(&mut parser, rest)?,
            "set" => self.set(&mut parser, rest)?,
            "with" => self.with(&mut parser, rest)?,
            "filter" => {
                self.open.push(Open::Filter);
                format!("filter {}", self.filters(&mut parser, rest)?)
            }
            "else" => {
                if parser.skip_word("if") {
                    return Err(TemplateError::syntax("`else if` is one word here")
                        .with_hint("write `elif`"));
                }
                // The `else` of a loop runs if there is no item, so the names of the loop do not exist in it.
                if matches!(self.open.last(), Some(Open::Loop)) {
                    self.reader.names.clear();
                }
                word.to_owned()
            }
            "endif" | "endfor" | "endset" | "endwith" | "endfilter" => {
                self.close();
                word.to_owned()
            }
            // `Blocks` skips the text between `raw` and `endraw`.
            "raw" => word.to_owned(),
            other => return Err(hints::unknown_statement(other)),
        };
        parser.end()?;
        Ok(read)
    }

    /// A wrong end (`endfor` for an `if`) closes whatever is open; the engine then refuses the template.
    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Loop | Open::With) => self.reader.names.close(),
            Some(Open::Set(names)) => names.iter().for_each(|name| self.assign(name, None)),
            _ => {}
        }
    }

    /// Assigns with `set`. In a loop or `with`, the value ends with the block, which is lost if the name exists outside.
    fn assign(&mut self, name: &str, path: Option<Path>) {
        if self.reader.names.is_outer(name) {
            self.lost.push(name.to_owned());
        }
        self.define(name, path);
    }

    fn define(&mut self, name: &str, path: Option<Path>) {
        self.reader.names.assign(name, path);
        self.assigned.push(name.to_owned());
    }

    /// Defines the names of a target. Only a single name stands for the whole value.
    fn define_all(&mut self, target: &Target, path: Option<Path>) {
        let path = path.filter(|_| target.is_one());
        for name in &target.names {
            self.define(name, path.clone());
        }
    }

    fn branch(&mut self, word: &str, parser: &mut Parser, source: &str) -> Parsed<String> {
        let test = parser.without_if()?;
        self.reader.walk(&test, source)?;
        if word == "if" {
            self.open.push(Open::Branch);
        }
        Ok(format!("{word} {}", print::without_if(&test)))
    }

    /// The list is walked before the target is defined: in `for a in a`, the second `a` is the outer one.
    fn repeat(&mut self, parser: &mut Parser, source: &str) -> Parsed<String> {
        let target = Target::read(parser)?;
        parser.expect_word("in")?;
        let list = parser.without_if()?;
        self.reader.walk(&list, source)?;
        let item = self
            .reader
            .path_of(&list)
            .map(|list| list.then(Key::Element));
        self.open.push(Open::Loop);
        self.reader.names.open();
        self.define_all(&target, item);
        let mut written = format!("for {} in {}", target.written, print::without_if(&list));
        if parser.skip_word("if") {
            let test = parser.expression()?;
            self.reader.walk(&test, source)?;
            written.push_str(" if ");
            written.push_str(&print::value(&test));
        }
        if parser.skip_word("recursive") {
            let detail = "loops that call themselves are not part of the language";
            return Err(TemplateError::syntax(detail));
        }
        // Last, so that it is visible in the body only.
        self.reader.names.assign("loop", None);
        Ok(written)
    }

    fn set(&mut self, parser: &mut Parser, source: &str) -> Parsed<String> {
        let target = Target::read(parser)?;
        if parser.skip_sign("=") {
            let mut values = vec![parser.expression()?];
            while parser.skip_sign(",") && parser.peek().is_some() {
                values.push(parser.expression()?);
            }
            let value = match values.pop() {
                Some(only) if values.is_empty() => only,
                last => Expr::Tuple(values.into_iter().chain(last).collect()),
            };
            self.reader.walk(&value, source)?;
            let path = self.reader.path_of(&value).filter(|_| target.is_one());
            for name in &target.names {
                self.assign(name, path.clone());
            }
            return Ok(format!("set {} = {}", target.written, print::value(&value)));
        }
        let written = if parser.skip_sign("|") {
            format!("set {} | {}", target.written, self.filters(parser, source)?)
        } else {
            format!("set {}", target.written)
        };
        self.open.push(Open::Set(target.names));
        Ok(written)
    }

    /// The names are defined one by one, so a value can use the names before it, as in the engine.
    fn with(&mut self, parser: &mut Parser, source: &str) -> Parsed<String> {
        self.open.push(Open::With);
        self.reader.names.open();
        let mut written = "with ".to_owned();
        while parser.peek().is_some() {
            if written.len() > "with ".len() {
                parser.expect_sign(",")?;
                written.push_str(", ");
            }
            let target = Target::read_one(parser)?;
            parser.expect_sign("=")?;
            let value = parser.expression()?;
            self.reader.walk(&value, source)?;
            let path = self.reader.path_of(&value);
            self.define_all(&target, path);
            written.push_str(&target.written);
            written.push_str(" = ");
            written.push_str(&print::value(&value));
        }
        Ok(written)
    }

    /// Filters without a value: `upper | trim`.
    ///
    /// They are parsed as filters of an empty text, which is removed from what is printed.
    fn filters(&mut self, parser: &mut Parser, source: &str) -> Parsed<String> {
        const NOTHING: &str = "''";
        let mut expr = expression(NOTHING)?;
        loop {
            expr = parser.filter(expr)?;
            if !parser.skip_sign("|") {
                break;
            }
        }
        self.reader.walk(&expr, source)?;
        let written = print::value(&expr);
        let filters = written
            .strip_prefix(NOTHING)
            .map(|rest| rest.trim_start_matches([' ', '|']));
        Ok(filters.unwrap_or_default().to_owned())
    }
}

/// The target of an assignment.
struct Target {
    names: Vec<String>,
    written: String,
}

impl Target {
    fn is_one(&self) -> bool {
        self.names.len() == 1 && self.written == self.names[0]
    }

    /// Names separated by commas.
    fn read(parser: &mut Parser) -> Parsed<Self> {
        let mut target = Self::read_one(parser)?;
        while parser.skip_sign(",") {
            target.written.push_str(", ");
            if parser.peek().is_some_and(|token| {
                token.is_name("in") || token.is_sign("=") || token.is_sign(")")
            }) {
                break;
            }
            let next = Self::read_one(parser)?;
            target.names.extend(next.names);
            target.written.push_str(&next.written);
        }
        Ok(target)
    }

    /// A name, or names in brackets.
    fn read_one(parser: &mut Parser) -> Parsed<Self> {
        if parser.skip_sign("(") {
            let inner = parser.deeper(Self::read)?;
            parser.expect_sign(")")?;
            let written = format!("({})", inner.written);
            return Ok(Self { written, ..inner });
        }
        let name = parser.expect_name()?.to_owned();
        if parser.peek().is_some_and(|token| token.is_sign(".")) {
            let detail = format!("a part of `{name}` cannot be set");
            let hint =
                "values do not change: set a new name, or use filters such as `map` and `join`";
            return Err(TemplateError::syntax(detail).with_hint(hint));
        }
        let written = name.clone();
        Ok(Self {
            names: vec![name],
            written,
        })
    }
}

/// The text of a block without its white-space signs, and the signs.
fn without_signs(inside: &str) -> (&str, &str, &str) {
    let begin = usize::from(inside.starts_with(['-', '+']));
    let (begin, inside) = inside.split_at(begin);
    let end = inside.len() - usize::from(inside.ends_with(['-', '+']));
    let (inside, end) = inside.split_at(end);
    (begin, inside, end)
}
