//! Prints an expression for the template engine.
//!
//! Operators whose rules differ from those of the engine become filters and tests of ours, defined in `language`.
//!
//! The result means the same to the engine as the tree, whatever the precedence rules of the engine are: brackets
//! are printed where needed. Names of our filters end with `__`, which no author can use, since filters are checked
//! by name before.

use super::ast::{Argument, Binary, Comparison, Expr, Literal};

/// Filters and tests that stand for operators. They are not among those that a template may name.
pub(in crate::template) const KEY: &str = "key__";
pub(in crate::template) const CONCAT: &str = "concat__";
pub(in crate::template) const ADD: &str = "add__";
pub(in crate::template) const CHAIN: &str = "chain__";
pub(in crate::template) const CONDITION: &str = "condition__";
pub(in crate::template) const COALESCE: &str = "coalesce__";
pub(in crate::template) const PATH: &str = "path__";

/// How tightly an expression binds, from loose to tight. Brackets are printed where a looser one is inside a tighter one.
///
/// The order is that of `parse`, with `~` among the filters, since it is printed as one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    If,
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Power,
    Filtered,
    Signed,
    Postfix,
}

/// An expression in the place of a value.
pub(in crate::template) fn value(expr: &Expr) -> String {
    written(expr, Level::If)
}

/// An expression that an `if` may follow.
pub(super) fn without_if(expr: &Expr) -> String {
    written(expr, Level::Or)
}

/// An expression as a condition. Text is refused wherever its truth would be used.
pub(in crate::template) fn condition(expr: &Expr) -> String {
    written(&checked(expr), Level::If)
}

/// Where a value is used as a condition, it is piped through [`CONDITION`], which refuses text. Comparisons and
/// tests give booleans, so they need no check.
fn checked(expr: &Expr) -> Expr {
    let boxed = |expr: &Expr| Box::new(checked(expr));
    match expr {
        Expr::Not(value) => Expr::Not(boxed(value)),
        Expr::Binary(binary @ (Binary::And | Binary::Or), left, right) => {
            Expr::Binary(*binary, boxed(left), boxed(right))
        }
        Expr::If {
            then,
            test,
            otherwise,
        } => Expr::If {
            then: boxed(then),
            test: boxed(test),
            otherwise: Some(match otherwise {
                Some(otherwise) => boxed(otherwise),
                None => Box::new(Expr::Literal(Literal::Word("false"))),
            }),
        },
        Expr::Compare(..) | Expr::Test(..) => expr.clone(),
        value => Expr::Filter(Box::new(value.clone()), CONDITION.to_owned(), Vec::new()),
    }
}

fn written(expr: &Expr, least: Level) -> String {
    let mut out = String::new();
    write(&mut out, expr, least);
    out
}

/// It must say how the engine reads what `write_open` prints, not how authors read what they wrote.
fn level(expr: &Expr) -> Level {
    match expr {
        Expr::If { .. } => Level::If,
        Expr::Binary(Binary::Or, ..) => Level::Or,
        Expr::Binary(Binary::And, ..) => Level::And,
        Expr::Not(_) => Level::Not,
        Expr::Compare(first, rest) => match rest.as_slice() {
            [(Comparison::NotEqual | Comparison::Equal, other)]
                if is_literal(first) || is_literal(other) =>
            {
                Level::Comparison
            }
            [(Comparison::NotIn, _)] => Level::Not,
            _ => Level::Filtered,
        },
        Expr::Binary(Binary::Add, left, right) if !is_plain_sum(left, right) => Level::Filtered,
        Expr::Binary(Binary::Add | Binary::Subtract, ..) => Level::Sum,
        Expr::Binary(Binary::Power, ..) => Level::Power,
        Expr::Binary(..) => Level::Product,
        Expr::Concat(_) | Expr::Filter(..) | Expr::Test(..) => Level::Filtered,
        Expr::Call(called, _) if called.is_coalesce() => Level::Filtered,
        Expr::Negative(_) => Level::Signed,
        _ => Level::Postfix,
    }
}

/// Comparing with a literal is cheap, so the engine may do it.
fn is_literal(expr: &Expr) -> bool {
    expr.is_number() || matches!(expr, Expr::Literal(_))
}

/// Two number literals can be added by the engine.
fn is_plain_sum(left: &Expr, right: &Expr) -> bool {
    left.is_number() && right.is_number()
}

fn write(out: &mut String, expr: &Expr, least: Level) {
    if level(expr) < least {
        out.push('(');
        write_open(out, expr);
        out.push(')');
    } else {
        write_open(out, expr);
    }
}

fn write_open(out: &mut String, expr: &Expr) {
    match expr {
        Expr::Literal(Literal::Number(text)) => out.push_str(text),
        Expr::Literal(Literal::Text(parts)) => out.push_str(&parts.join(" ")),
        Expr::Literal(Literal::Word(word)) => out.push_str(word),
        Expr::Name(name, _) => out.push_str(name),
        Expr::Attribute(of, name) => {
            write(out, of, Level::Postfix);
            out.push('.');
            out.push_str(name);
        }
        Expr::Item(of, index) => {
            write(out, of, Level::Postfix);
            out.push('[');
            write_key(out, index);
            out.push(']');
        }
        Expr::Slice(of, bounds) => write_slice(out, of, bounds),
        Expr::Call(called, arguments) if called.is_coalesce() => write_coalesce(out, arguments),
        Expr::Call(called, arguments) => {
            write(out, called, Level::Postfix);
            write_arguments(out, arguments);
        }
        Expr::Filter(of, name, arguments) => write_filter(out, of, name, arguments),
        Expr::Test(of, name, arguments) => {
            write(out, of, Level::Filtered);
            out.push_str(" is ");
            out.push_str(name);
            // Always with brackets: otherwise the engine takes what follows for an argument.
            write_arguments(out, arguments);
        }
        Expr::Not(value) => {
            out.push_str("not ");
            write(out, value, Level::Not);
        }
        Expr::Negative(value) => {
            out.push('-');
            write(out, value, Level::Postfix);
        }
        Expr::Binary(binary, left, right) => write_binary(out, *binary, left, right),
        Expr::Concat(parts) => write_as_filter(out, CONCAT, parts),
        Expr::Compare(first, rest) => write_comparison(out, first, rest),
        Expr::If {
            then,
            test,
            otherwise,
        } => {
            write(out, then, Level::Or);
            out.push_str(" if ");
            write(out, test, Level::Or);
            out.push_str(" else ");
            match otherwise {
                Some(otherwise) => write(out, otherwise, Level::If),
                // Without `else`, an empty text, as Jinja prints it. The engine's own value is a silent undefined,
                // which is an error as JSON.
                None => out.push_str("''"),
            }
        }
        Expr::List(items) => write_list(out, "[", items, "]"),
        // A comma after the last item: `(a)` would be `a`.
        Expr::Tuple(items) if items.len() == 1 => write_list(out, "(", items, ",)"),
        Expr::Tuple(items) => write_list(out, "(", items, ")"),
        Expr::Map(members) => {
            // With spaces, so that nested objects do not form `{{` or `}}`.
            out.push_str("{ ");
            for (index, (key, value)) in members.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_key(out, key);
                out.push_str(": ");
                write(out, value, Level::If);
            }
            out.push_str(" }");
        }
    }
}

/// The key of a look-up, which is checked unless it is a literal.
fn write_key(out: &mut String, key: &Expr) {
    if is_literal(key) {
        write(out, key, Level::If);
    } else {
        write_filter(out, key, KEY, &[]);
    }
}

fn write_slice(out: &mut String, of: &Expr, bounds: &[Option<Box<Expr>>; 3]) {
    write(out, of, Level::Postfix);
    for (index, bound) in bounds.iter().enumerate() {
        out.push(if index == 0 { '[' } else { ':' });
        if let Some(bound) = bound {
            write(out, bound, Level::If);
        }
    }
    out.push(']');
}

fn write_filter(out: &mut String, of: &Expr, name: &str, arguments: &[Argument]) {
    if name == "get" {
        write_lenient(out, of, Level::Filtered);
    } else {
        write(out, of, Level::Filtered);
    }
    out.push_str(" | ");
    out.push_str(name);
    if !arguments.is_empty() {
        write_arguments(out, arguments);
    }
}

/// `coalesce(a, b)` as a filter: a function would need a name, which a node could have.
fn write_coalesce(out: &mut String, arguments: &[Argument]) {
    let mut values = arguments.iter().map(Argument::value);
    if let Some(first) = values.next() {
        write_lenient(out, first, Level::Filtered);
    }
    out.push_str(" | ");
    out.push_str(COALESCE);
    out.push('(');
    for (index, value) in values.enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        write_lenient(out, value, Level::If);
    }
    out.push(')');
}

/// A value that may be missing. A path is written as a look-up that allows any part of it to be missing.
fn write_lenient(out: &mut String, expr: &Expr, least: Level) {
    let mut keys = Vec::new();
    let mut root = expr;
    loop {
        root = match root {
            Expr::Attribute(of, name) => {
                keys.push(format!("'{name}'"));
                of
            }
            Expr::Item(of, index) => {
                let mut key = String::new();
                write_key(&mut key, index);
                keys.push(key);
                of
            }
            _ => break,
        };
    }
    if keys.is_empty() {
        return write(out, expr, least);
    }
    keys.reverse();
    write(out, root, Level::Filtered);
    out.extend([" | ", PATH, "(", &keys.join(", "), ")"]);
}

/// The first operand becomes the filtered value, the others arguments.
fn write_as_filter(out: &mut String, name: &str, operands: &[Expr]) {
    let Some((first, rest)) = operands.split_first() else {
        return;
    };
    write(out, first, Level::Filtered);
    out.push_str(" | ");
    out.push_str(name);
    write_list(out, "(", rest, ")");
}

fn write_binary(out: &mut String, binary: Binary, left: &Expr, right: &Expr) {
    let (own, next) = match binary {
        Binary::Or => (Level::Or, Level::And),
        Binary::And => (Level::And, Level::Not),
        // `+` makes lists longer, so the length is checked first.
        Binary::Add if !is_plain_sum(left, right) => {
            write(out, left, Level::Filtered);
            out.push_str(" | ");
            out.push_str(ADD);
            return write_list(out, "(", std::slice::from_ref(right), ")");
        }
        Binary::Add | Binary::Subtract => (Level::Sum, Level::Product),
        Binary::Power => (Level::Power, Level::Filtered),
        _ => (Level::Product, Level::Power),
    };
    write(out, left, own);
    out.push(' ');
    out.push_str(binary.sign());
    out.push(' ');
    write(out, right, next);
}

fn write_comparison(out: &mut String, first: &Expr, rest: &[(Comparison, Expr)]) {
    let test = |out: &mut String, name: &str, other: &Expr| {
        write(out, first, Level::Filtered);
        out.push_str(" is ");
        out.push_str(name);
        write_list(out, "(", std::slice::from_ref(other), ")");
    };
    match rest {
        [(comparison @ (Comparison::Equal | Comparison::NotEqual), other)]
            if is_literal(first) || is_literal(other) =>
        {
            write(out, first, Level::Sum);
            out.push(' ');
            out.push_str(comparison.sign());
            out.push(' ');
            write(out, other, Level::Sum);
        }
        [(Comparison::NotIn, other)] => {
            out.push_str("not ");
            test(out, "in", other);
        }
        [(comparison, other)] => test(out, comparison.sign_as_test(), other),
        rest => {
            write(out, first, Level::Filtered);
            out.push_str(" is ");
            out.push_str(CHAIN);
            for (index, (comparison, other)) in rest.iter().enumerate() {
                out.push_str(if index == 0 { "('" } else { ", '" });
                out.push_str(comparison.sign_as_test());
                out.push_str("', ");
                write(out, other, Level::If);
            }
            out.push(')');
        }
    }
}

impl Comparison {
    fn sign_as_test(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }
}

fn write_arguments(out: &mut String, arguments: &[Argument]) {
    out.push('(');
    for (index, argument) in arguments.iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        match argument {
            Argument::Positional(_) => {}
            Argument::Named(name, _) => {
                out.push_str(name);
                out.push('=');
            }
            Argument::List(_) => out.push('*'),
            Argument::Map(_) => out.push_str("**"),
        }
        write(out, argument.value(), Level::If);
    }
    out.push(')');
}

fn write_list(out: &mut String, open: &str, items: &[Expr], close: &str) {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        write(out, item, Level::If);
    }
    out.push_str(close);
}
