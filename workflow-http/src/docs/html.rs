//! Escaping of text for HTML.

use std::fmt::{self, Display, Formatter};

/// A text without markup. Escapes what ends a text or a double-quoted attribute; attributes must therefore be in
/// double quotes, since `'` is not escaped.
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            c => write!(f, "{c}"),
        })
    }
}

/// Sentences in which backticks enclose code, as in the documentation of Rust. A backtick without a partner makes
/// the rest code.
pub(crate) struct Prose<'a>(pub(crate) &'a str);

impl Display for Prose<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (place, part) in self.0.split('`').enumerate() {
            let part = Text(part);
            if place % 2 == 1 {
                write!(f, "<code>{part}</code>")?;
            } else {
                write!(f, "{part}")?;
            }
        }
        Ok(())
    }
}
