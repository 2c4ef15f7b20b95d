//! The syntax of templates and expressions: parsing, and printing for the template engine.
//!
//! In reading order: `blocks` finds `{{ }}` and `{% %}`; `token` and `parse` make a tree (`ast`) of an expression;
//! `read` collects what it reads; `print` writes it for the engine; `statement` does all of this for a whole template.
//!
//! The engine never gets the author's text, only what `print` wrote. So it cannot understand anything that was not
//! checked here.

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
    print::{ADD, CHAIN, COALESCE, CONCAT, CONDITION, KEY, PATH, condition, value},
    read::{only_path, read},
    statement::template,
};
