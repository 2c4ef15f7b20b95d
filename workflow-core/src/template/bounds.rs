//! Limits on the text of a template, checked before it is compiled.
//!
//! The compiler recurses over an expression, so a long chain of operators or filters would overflow its stack. A limit
//! on the length of each block limits the chain.
//!
//! These limits bound compilation; `language::fuel` bounds rendering. A template that exceeds one is refused when
//! its workflow is created, never while it runs.

use super::{TemplateError, syntax::Blocks};

/// The most bytes of a template: 256 KiB.
pub const MAX_TEMPLATE_BYTES: usize = 256 * 1024;

/// The most bytes between `{{ }}` or `{% %}`, and of a bare expression. Longer logic can be split with `set`.
const MAX_BLOCK_BYTES: usize = 1_000;

/// The most `{% elif %}` of a template. Each one is a level of recursion in the compiler.
const MAX_ELIFS: usize = 100;

/// The most brackets and filters in all `{% set %}` and `{% with %}` together. Each can nest a value one level deeper, and
/// values are walked by recursion.
const MAX_SET_DEPTH: usize = 200;

/// Checks a whole template.
///
/// It counts characters without parsing, so it may count brackets within a text: the limits are high enough for
/// that.
pub(super) fn check_template(source: &str) -> Result<(), TemplateError> {
    if source.len() > MAX_TEMPLATE_BYTES {
        let detail = format!(
            "the template has {} bytes, at most {MAX_TEMPLATE_BYTES} are allowed",
            source.len()
        );
        return Err(TemplateError::too_large(detail));
    }
    let mut elifs = 0;
    let mut set_depth = 0;
    for block in Blocks::of(source) {
        check_expression(block.inside)?;
        let (word, rest) = block.statement();
        elifs += usize::from(word == "elif");
        if ["set", "with"].contains(&word) {
            set_depth += 1 + rest.matches(['[', '{', '(', '|']).count();
        }
        if set_depth > MAX_SET_DEPTH {
            let detail =
                format!("`set` and `with` have more than {MAX_SET_DEPTH} brackets and filters");
            return Err(TemplateError::too_large(detail));
        }
        if elifs > MAX_ELIFS {
            return Err(TemplateError::too_large(format!(
                "more than {MAX_ELIFS} `elif`"
            )));
        }
    }
    Ok(())
}

/// Checks a bare expression, or the text between `{{ }}`.
pub(super) fn check_expression(source: &str) -> Result<(), TemplateError> {
    if source.len() <= MAX_BLOCK_BYTES {
        return Ok(());
    }
    let detail = format!(
        "an expression has {} bytes, at most {MAX_BLOCK_BYTES} are allowed",
        source.len()
    );
    Err(TemplateError::too_large(detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_blocks_and_many_elifs_are_refused() {
        let chain = "a.".repeat(600);
        assert!(check_template(&format!("{{{{ {chain} }}}}")).is_err());
        assert!(check_template(&format!("{{% if {chain} %}}")).is_err());
        assert!(check_template(&"{% elif a %}".repeat(101)).is_err());
        assert!(check_template(&"{% elif a %}".repeat(100)).is_ok());
        assert!(check_template(&"x".repeat(MAX_TEMPLATE_BYTES + 1)).is_err());
        assert!(check_template(&format!("{{# {} #}}", "x".repeat(5_000))).is_ok());
    }
}
