//! The syntax tree of an expression.
//!
//! It keeps literals as written, so that printing does not change them: `1_000`, `0x1f` and escapes in texts stay
//! what they are.

/// An expression. Only `parse` makes one, so its depth is limited.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::template) enum Expr {
    /// A number, text, `true`, `false` or `none`, as written.
    Literal(Literal),
    /// A name, and its position in the source.
    Name(String, usize),
    Attribute(Box<Expr>, String),
    Item(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, [Option<Box<Expr>>; 3]),
    Call(Box<Expr>, Vec<Argument>),
    Filter(Box<Expr>, String, Vec<Argument>),
    Test(Box<Expr>, String, Vec<Argument>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `a ~ b ~ c`.
    Concat(Vec<Expr>),
    /// `a < b`, or a chain of comparisons, `a < b <= c`.
    Compare(Box<Expr>, Vec<(Comparison, Expr)>),
    /// `then if test else otherwise`.
    If {
        then: Box<Expr>,
        test: Box<Expr>,
        otherwise: Option<Box<Expr>>,
    },
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::template) enum Literal {
    Number(String),
    /// One or more adjacent quoted texts, with their quotes.
    Text(Vec<String>),
    Word(&'static str),
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::template) enum Argument {
    Positional(Expr),
    Named(String, Expr),
    /// `*list`.
    List(Expr),
    /// `**map`.
    Map(Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::template) enum Binary {
    Or,
    And,
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::template) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

impl Argument {
    pub(in crate::template) fn value(&self) -> &Expr {
        match self {
            Self::Positional(value)
            | Self::Named(_, value)
            | Self::List(value)
            | Self::Map(value) => value,
        }
    }
}

impl Binary {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::FloorDivide => "//",
            Self::Remainder => "%",
            Self::Power => "**",
        }
    }
}

impl Comparison {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }
}

impl Expr {
    /// The text of a text literal without escapes. `None` for other expressions, for adjacent texts and for texts
    /// with escapes: checks then know nothing of it.
    pub(in crate::template) fn plain_text(&self) -> Option<&str> {
        let Self::Literal(Literal::Text(parts)) = self else {
            return None;
        };
        let [one] = parts.as_slice() else { return None };
        let inside = &one[1..one.len() - 1];
        (!inside.contains('\\')).then_some(inside)
    }

    /// Whether it is the name of the function `coalesce`, if it is called.
    pub(super) fn is_coalesce(&self) -> bool {
        matches!(self, Self::Name(name, _) if name == "coalesce")
    }

    pub(in crate::template) fn is_number(&self) -> bool {
        match self {
            Self::Literal(Literal::Number(_)) => true,
            Self::Negative(value) => value.is_number(),
            _ => false,
        }
    }
}
