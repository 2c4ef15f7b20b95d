//! Regular expressions: `regex_search` and `regex_replace`.
//!
//! The engine is the crate `regex`, whose searches take time linear in the text, whatever the pattern. What is bounded here is
//! the length and the compiled size of a pattern, how many are compiled, and the work of all searches (`fuel`).

use std::{collections::HashMap, ops::Range, sync::Arc};

use minijinja::{
    Environment, Error, State, Value,
    value::{Kwargs, ValueKind, from_args},
};
use regex::{Captures, Regex, RegexBuilder};

use super::{
    arguments::{named_as, no_more},
    joined::Joined,
    json::refused,
    order::name_of,
    text::{Arguments, FilterResult, MAX_SHOWN, as_text},
};

pub(super) fn add_to(environment: &mut Environment) {
    environment.add_filter("regex_search", search);
    environment.add_filter("regex_replace", replace);
}

/// The most bytes of a pattern.
const MAX_PATTERN_BYTES: usize = 1_000;

/// The most bytes of a compiled pattern.
const MAX_COMPILED_BYTES: usize = 1024 * 1024;

/// The most bytes of what a search remembers to be fast.
const MAX_MEMORY_BYTES: usize = 256 * 1024;

/// The steps that compiling a pattern costs. It takes up to a few milliseconds.
const STEPS_PER_PATTERN: u64 = 1_000;

/// The most compiled patterns that one rendering holds.
const MAX_PATTERNS: usize = 10;

/// The sizes of patterns, in KiB, by which searches cost more: the slowest search takes time by the states of its pattern.
/// Measured with `\w` and the like for ASCII only, since the states of all other letters do not count for the time.
const SIZES: [usize; 6] = [2, 4, 8, 16, 32, 64];

/// A step pays for so many bytes that a search with a pattern of the smallest size may look at: all from its begin to the
/// end of the text, since a short match may be found after a look at all of it.
const BYTES_PER_STEP: u64 = 2 * 1024;

/// A compiled pattern.
struct Pattern {
    regex: Regex,
    /// How many times as much a search costs as one with the smallest pattern.
    price: u64,
}

impl Pattern {
    fn new(pattern: &str) -> Result<Self, String> {
        let regex = compile(pattern)?;
        let fits = |kib: usize| {
            let built = regex::bytes::RegexBuilder::new(pattern)
                .unicode(false)
                .size_limit(kib * 1024)
                .build();
            // Any other error: it needs all of Unicode, as `\p{L}` does.
            !matches!(built, Err(regex::Error::CompiledTooBig(_)))
        };
        let Some(size) = SIZES.into_iter().find(|kib| fits(*kib)) else {
            return Err(too_large());
        };
        // The fast search does not know the edges of words in text that is not ASCII.
        let has_edges = pattern.contains("\\b") || pattern.contains("\\B");
        let factor = size / SIZES[0] * if has_edges { 8 } else { 1 };
        let price = u64::try_from(factor).unwrap_or(u64::MAX);
        Ok(Self { regex, price })
    }

    /// Pays for a search in so many bytes.
    fn pay(&self, state: &State, bytes: usize) -> Result<(), Error> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        state.consume_fuel(1 + bytes.saturating_mul(self.price) / BYTES_PER_STEP)
    }
}

fn too_large() -> String {
    "the pattern is too large when it is compiled: use smaller counts, or `[a-z]` and `[0-9]` for `\\w` and `\\d`".to_owned()
}

/// Compiles a pattern. The error is worded for its author.
fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(format!(
            "the pattern has {} bytes, at most {MAX_PATTERN_BYTES} are allowed",
            pattern.len()
        ));
    }
    if pattern.contains('\u{8}') {
        // An escape of the template, as in Python.
        return Err("`'\\b'` is a backspace: write `'\\\\b'` for the edge of a word".to_owned());
    }
    let built = RegexBuilder::new(pattern)
        .size_limit(MAX_COMPILED_BYTES)
        .dfa_size_limit(MAX_MEMORY_BYTES)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => too_large(),
        regex::Error::Syntax(shown) => syntax(&shown, pattern),
        other => other.to_string(),
    })
}

/// The last line says what is wrong; those before draw an arrow below the pattern.
fn syntax(shown: &str, pattern: &str) -> String {
    let detail = shown.lines().last().unwrap_or_default();
    let detail = detail.strip_prefix("error: ").unwrap_or(detail);
    let pattern: String = pattern.chars().take(MAX_SHOWN).collect();
    format!("`{pattern}` is not a pattern: {detail}")
}

/// Checks a pattern that is written in a template, and what replaces its matches.
pub(in crate::template) fn check(pattern: &str, replacement: Option<&str>) -> Result<(), String> {
    let pattern = Pattern::new(pattern)?;
    replacement.map_or(Ok(()), |text| {
        Replacement::parse(text, &pattern.regex).map(drop)
    })
}

/// The patterns that a rendering has compiled.
#[derive(Default)]
struct Compiled(HashMap<String, Arc<Pattern>>);

fn compiled(state: &mut State, pattern: &Value, filter: &str) -> Result<Arc<Pattern>, Error> {
    let Some(pattern) = pattern.as_str() else {
        let kind = name_of(pattern);
        return Err(refused(format!(
            "`{filter}` needs a pattern as text, not {kind}"
        )));
    };
    let known = state.get_extension::<Compiled>();
    if let Some(compiled) = known.and_then(|known| known.0.get(pattern)) {
        return Ok(Arc::clone(compiled));
    }
    state.consume_fuel(STEPS_PER_PATTERN)?;
    let compiled =
        Pattern::new(pattern).map_err(|error| refused(format!("`{filter}`: {error}")))?;
    let compiled = Arc::new(compiled);
    let known = state.get_or_insert_extension_with(Compiled::default);
    if known.0.len() >= MAX_PATTERNS {
        known.0.clear();
    }
    known.0.insert(pattern.to_owned(), Arc::clone(&compiled));
    Ok(compiled)
}

/// The first match in a text, or one of its groups. `null` if there is none.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine's kind of argument"
)]
fn search(
    state: &mut State,
    value: &Value,
    pattern: &Value,
    group: Option<Value>,
    named: Kwargs,
) -> FilterResult {
    let group = named_as(group, &named, "group")?;
    no_more(&named)?;
    let pattern = compiled(state, pattern, "regex_search")?;
    let regex = &pattern.regex;
    let value = as_text(state, value)?;
    let text = value.as_str().unwrap_or_default();
    pattern.pay(state, text.len())?;
    let found = match group {
        None => regex.find(text),
        Some(group) => {
            let group = group_of(&group, regex)
                .map_err(|error| refused(format!("`regex_search`: {error}")))?;
            regex
                .captures(text)
                .and_then(|captures| captures.get(group))
        }
    };
    Ok(found.map(|found| found.as_str()).into())
}

/// The number of a group that is given by its number or name.
fn group_of(group: &Value, regex: &Regex) -> Result<usize, String> {
    match (group.as_str(), group.as_usize()) {
        (Some(name), _) => group_named(name, regex),
        (None, Some(number))
            if group.kind() == ValueKind::Number && number < regex.captures_len() =>
        {
            Ok(number)
        }
        _ => Err(no_group(&group.to_string(), regex)),
    }
}

fn group_named(name: &str, regex: &Regex) -> Result<usize, String> {
    let number = match name.parse::<usize>() {
        Ok(number) => Some(number).filter(|number| *number < regex.captures_len()),
        Err(_) => regex.capture_names().position(|known| known == Some(name)),
    };
    number.ok_or_else(|| no_group(name, regex))
}

fn no_group(name: &str, regex: &Regex) -> String {
    let name: String = name.chars().take(MAX_SHOWN).collect();
    match regex.captures_len() - 1 {
        0 => format!("the pattern has no group `{name}`: put what you want into `( )`"),
        last => format!("the pattern has no group `{name}`: its groups are 0 to {last}"),
    }
}

/// The text with its matches replaced: all of them, or the first `count`.
fn replace(state: &mut State, arguments: Arguments) -> FilterResult {
    let arguments = arguments.into_values();
    let (value, pattern, replacement, count, named): (Value, Value, Value, Option<usize>, Kwargs) =
        from_args(&arguments)?;
    let most = named_as(count, &named, "count")?.unwrap_or(usize::MAX);
    no_more(&named)?;
    let pattern = compiled(state, &pattern, "regex_replace")?;
    let regex = &pattern.regex;
    let (value, replacement) = (as_text(state, &value)?, as_text(state, &replacement)?);
    let text = value.as_str().unwrap_or_default();
    let replacement = Replacement::parse(replacement.as_str().unwrap_or_default(), regex);
    let replacement = replacement.map_err(|error| refused(format!("`regex_replace`: {error}")))?;
    pattern.pay(state, text.len())?;
    let mut out = Replaced {
        state,
        pattern: &pattern,
        text,
        made: Joined::new(state),
        copied: 0,
    };
    if replacement.reads_groups() {
        for captures in regex.captures_iter(text).take(most) {
            let whole = captures.get_match().range();
            out.add(whole, &replacement, Some(&captures))?;
        }
    } else {
        for found in regex.find_iter(text).take(most) {
            out.add(found.range(), &replacement, None)?;
        }
    }
    out.made.push(&text[out.copied..])?;
    Ok(out.made.finish())
}

/// A text while its matches are replaced.
struct Replaced<'a, 's, 'e> {
    state: &'a State<'s, 'e>,
    pattern: &'a Pattern,
    text: &'a str,
    made: Joined,
    /// The bytes of the text that are copied or replaced.
    copied: usize,
}

impl Replaced<'_, '_, '_> {
    fn add(
        &mut self,
        found: Range<usize>,
        replacement: &Replacement,
        captures: Option<&Captures>,
    ) -> Result<(), Error> {
        // For the search after this match.
        self.pattern.pay(self.state, self.text.len() - found.end)?;
        self.made.push(&self.text[self.copied..found.start])?;
        self.copied = found.end;
        for part in &replacement.0 {
            match part {
                Part::Text(text) => self.made.push(text)?,
                Part::Group(group) => {
                    let group = captures.and_then(|captures| captures.get(*group));
                    self.made.push(group.map_or("", |group| group.as_str()))?;
                }
            }
        }
        Ok(())
    }
}

/// What replaces a match: text, and groups of the match.
struct Replacement<'t>(Vec<Part<'t>>);

enum Part<'t> {
    Text(&'t str),
    Group(usize),
}

impl<'t> Replacement<'t> {
    /// Reads `$1`, `$name`, `${1}`, `${name}` and `$$`, as the crate `regex` does. It writes nothing for a group
    /// that does not exist; here that is an error, since `$1a` names a group `1a`.
    fn parse(text: &'t str, regex: &Regex) -> Result<Self, String> {
        if text.contains(|c: char| ('\u{1}'..='\u{7}').contains(&c)) {
            // `'\1'` is an octal escape in a template.
            return Err("a group is written `$1` or `${1}`, not `\\1`".to_owned());
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            parts.push(Part::Text(before));
            if let Some(after) = after.strip_prefix('$') {
                parts.push(Part::Text("$"));
                rest = after;
                continue;
            }
            let (name, after) = group_name(after)?;
            let group = group_named(name, regex).map_err(|error| {
                format!("{error}; letters and digits after a group are kept apart with `${{1}}`")
            })?;
            parts.push(Part::Group(group));
            rest = after;
        }
        parts.push(Part::Text(rest));
        Ok(Self(parts))
    }

    fn reads_groups(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Group(_)))
    }
}

/// The name of a group after `$`, and what follows it.
fn group_name(after: &str) -> Result<(&str, &str), String> {
    if let Some(braced) = after.strip_prefix('{') {
        return braced
            .split_once('}')
            .ok_or_else(|| "`${` is not closed: write `${1}`, or `$$` for a `$`".to_owned());
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = after.find(|c| !is_part(c)).unwrap_or(after.len());
    if end == 0 {
        return Err("`$` stands before no group: write `$$` for a `$`".to_owned());
    }
    Ok(after.split_at(end))
}
