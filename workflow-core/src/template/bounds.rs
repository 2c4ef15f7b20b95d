//! What is checked on the text of a template before it is compiled.
//!
//! The compiler recurses over an expression, so a long chain of operators or filters would overflow
//! its stack. Bounding the length of each block bounds the chain.

use super::{TemplateError, blocks::Blocks};

/// The most bytes of a template.
pub const MAX_TEMPLATE_BYTES: usize = 256 * 1024;

/// The most bytes inside one `{{ }}` or `{% %}`, and of a bare expression.
const MAX_BLOCK_BYTES: usize = 1_000;

/// The most `{% elif %}` of a template: each one is a level of the compiler's recursion.
const MAX_ELIFS: usize = 100;

/// Checks a whole template.
pub(super) fn check_template(source: &str) -> Result<(), TemplateError> {
    if source.len() > MAX_TEMPLATE_BYTES {
        let detail = format!(
            "the template has {} bytes, at most {MAX_TEMPLATE_BYTES} are allowed",
            source.len()
        );
        return Err(TemplateError::too_large(detail));
    }
    let mut elifs = 0;
    for block in Blocks::of(source) {
        check_expression(block.inside)?;
        elifs += usize::from(block.statement().0 == "elif");
        if elifs > MAX_ELIFS {
            return Err(TemplateError::too_large(format!(
                "more than {MAX_ELIFS} `elif`"
            )));
        }
    }
    Ok(())
}

/// Checks a bare expression, or the inside of a block.
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
