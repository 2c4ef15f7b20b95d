//! The syntax of templates and expressions: reading them, and writing them for the template engine.
//!
//! In the order of reading: `blocks` finds `{{ }}` and `{% %}`, `token` and `parse` make a tree (`ast`)
//! of an expression, `read` looks what it reads, `print` writes it, `statement` does a whole template.

mod ast;
mod blocks;
mod hints;
mod parse;
mod print;
mod read;
mod statement;
mod token;

pub(super) use self::{
    ast::{Argument, Expr, Literal},
    blocks::{Blocks, is_literal, whole_expression},
    hints::{braces, other_filter},
    parse::expression,
    print::{ADD, CHAIN, CONCAT, CONDITION, KEY, condition, value},
    read::{only_path, read},
    statement::template,
};
