//! Parses an expression by recursive descent, with the operator precedence of Jinja.
//!
//! From loose to tight: `if`/`else`, `or`, `and`, `not`, comparisons, `+` `-`, `~`, `*` `/` `//` `%`, `**`, filters
//! and tests, the sign `-`, and then `.name`, `[index]` and calls. There is one function for each level.

use super::{
    ast::{Argument, Binary, Comparison, Expr, Literal},
    hints,
    token::{Kind, Token, tokens},
};
use crate::template::TemplateError;

/// The deepest nesting of brackets and signs. Parsing, printing and compiling all recurse. Chains of operators of
/// one level do not nest here, but their trees do: `bounds` limits their length.
const MAX_DEPTH: usize = 60;

pub(super) type Parsed<T> = Result<T, TemplateError>;

pub(super) struct Parser<'a> {
    source: &'a str,
    tokens: Vec<Token<'a>>,
    next: usize,
    depth: usize,
}

/// Parses a whole expression.
pub(in crate::template) fn expression(source: &str) -> Parsed<Expr> {
    let mut parser = Parser::new(source)?;
    let expr = parser.expression()?;
    parser.end()?;
    Ok(expr)
}

/// Words that cannot be names.
const KEYWORDS: [&str; 7] = ["and", "or", "not", "is", "in", "if", "else"];

impl<'a> Parser<'a> {
    pub(super) fn new(source: &'a str) -> Parsed<Self> {
        Ok(Self {
            source,
            tokens: tokens(source)?,
            next: 0,
            depth: 0,
        })
    }

    pub(super) fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.next).copied()
    }

    fn peek_second(&self) -> Option<Token<'a>> {
        self.tokens.get(self.next + 1).copied()
    }

    pub(super) fn skip_sign(&mut self, sign: &str) -> bool {
        self.skip_if(|token| token.is_sign(sign))
    }

    pub(super) fn skip_word(&mut self, word: &str) -> bool {
        self.skip_if(|token| token.is_name(word))
    }

    fn skip_if(&mut self, fits: impl FnOnce(&Token) -> bool) -> bool {
        let fits = self.peek().is_some_and(|token| fits(&token));
        self.next += usize::from(fits);
        fits
    }

    pub(super) fn expect_sign(&mut self, sign: &str) -> Parsed<()> {
        if self.skip_sign(sign) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{sign}`")))
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.skip_word(word) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{word}`")))
    }

    /// A name. A word of the language counts as one, too, since `a.if` is a field.
    pub(super) fn expect_name(&mut self) -> Parsed<&'a str> {
        match self.peek() {
            Some(token) if token.kind == Kind::Name => {
                self.next += 1;
                Ok(token.text)
            }
            _ => Err(self.unexpected("a name")),
        }
    }

    /// Refuses further tokens.
    pub(super) fn end(&self) -> Parsed<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("the end of the expression")),
        }
    }

    pub(super) fn unexpected(&self, expected: &str) -> TemplateError {
        hints::unexpected(self.source, self.peek(), expected)
    }

    /// Parses one level deeper, up to [`MAX_DEPTH`].
    ///
    /// Every function that recurses must go through it.
    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let detail = format!("an expression is nested more than {MAX_DEPTH} deep");
            return Err(TemplateError::too_large(detail));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// An expression, with `a if b else c`.
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.deeper(|parser| {
            let mut expr = parser.without_if()?;
            while parser.skip_word("if") {
                let test = parser.without_if()?.boxed();
                let otherwise = if parser.skip_word("else") {
                    Some(parser.expression()?.boxed())
                } else {
                    None
                };
                let then = expr.boxed();
                expr = Expr::If {
                    then,
                    test,
                    otherwise,
                };
            }
            Ok(expr)
        })
    }

    /// An expression that ends before an `if`, as in `{% for a in b if c %}`.
    pub(super) fn without_if(&mut self) -> Parsed<Expr> {
        let mut left = self.and()?;
        while self.skip_word("or") {
            left = Expr::Binary(Binary::Or, left.boxed(), self.and()?.boxed());
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Expr> {
        let mut left = self.not()?;
        while self.skip_word("and") {
            left = Expr::Binary(Binary::And, left.boxed(), self.not()?.boxed());
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed<Expr> {
        if self.skip_word("not") {
            return self.deeper(|parser| Ok(Expr::Not(parser.not()?.boxed())));
        }
        self.comparison()
    }

    /// A chain `a < b < c` is one node and not two comparisons: it means `a < b and b < c`.
    fn comparison(&mut self) -> Parsed<Expr> {
        let first = self.sum()?;
        let mut rest = Vec::new();
        while let Some(comparison) = self.comparison_sign() {
            rest.push((comparison, self.sum()?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        Ok(Expr::Compare(first.boxed(), rest))
    }

    fn comparison_sign(&mut self) -> Option<Comparison> {
        let token = self.peek()?;
        let (comparison, length) = match (token.kind, token.text) {
            (Kind::Sign, "==") => (Comparison::Equal, 1),
            (Kind::Sign, "!=") => (Comparison::NotEqual, 1),
            (Kind::Sign, "<") => (Comparison::Less, 1),
            (Kind::Sign, "<=") => (Comparison::LessOrEqual, 1),
            (Kind::Sign, ">") => (Comparison::Greater, 1),
            (Kind::Sign, ">=") => (Comparison::GreaterOrEqual, 1),
            (Kind::Name, "in") => (Comparison::In, 1),
            // `not` begins a comparison only before `in`.
            (Kind::Name, "not") if self.peek_second()?.is_name("in") => (Comparison::NotIn, 2),
            _ => return None,
        };
        self.next += length;
        Some(comparison)
    }

    fn sum(&mut self) -> Parsed<Expr> {
        let signs = [("+", Binary::Add), ("-", Binary::Subtract)];
        self.left_to_right(&signs, Self::concatenation)
    }

    /// `~` binds closer than `+`.
    fn concatenation(&mut self) -> Parsed<Expr> {
        let first = self.product()?;
        if !self.peek().is_some_and(|token| token.is_sign("~")) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.skip_sign("~") {
            parts.push(self.product()?);
        }
        Ok(Expr::Concat(parts))
    }

    fn product(&mut self) -> Parsed<Expr> {
        let signs = [
            ("*", Binary::Multiply),
            ("/", Binary::Divide),
            ("//", Binary::FloorDivide),
            ("%", Binary::Remainder),
        ];
        self.left_to_right(&signs, Self::power)
    }

    /// From left to right, as in Jinja: `2 ** 3 ** 2` is 64. Python would start from the right.
    fn power(&mut self) -> Parsed<Expr> {
        self.left_to_right(&[("**", Binary::Power)], Self::filtered)
    }

    /// Operators of one level, grouped from the left. The tree grows without recursion here; see [`MAX_DEPTH`].
    fn left_to_right(
        &mut self,
        signs: &[(&str, Binary)],
        operand: fn(&mut Self) -> Parsed<Expr>,
    ) -> Parsed<Expr> {
        let mut left = operand(self)?;
        loop {
            let found = signs.iter().find(|(sign, _)| self.skip_sign(sign));
            let Some((_, binary)) = found else {
                return Ok(left);
            };
            left = Expr::Binary(*binary, left.boxed(), operand(self)?.boxed());
        }
    }

    /// A value with its filters and tests. They apply to `-a` as a whole.
    fn filtered(&mut self) -> Parsed<Expr> {
        let mut expr = self.signed()?;
        loop {
            if self.skip_sign("|") {
                expr = self.filter(expr)?;
            } else if self.skip_word("is") {
                expr = self.test(expr)?;
            } else {
                return Ok(expr);
            }
        }
    }

    pub(super) fn filter(&mut self, value: Expr) -> Parsed<Expr> {
        let name = self.expect_name()?.to_owned();
        let arguments = self.arguments_if_any()?;
        Ok(Expr::Filter(value.boxed(), name, arguments))
    }

    fn test(&mut self, value: Expr) -> Parsed<Expr> {
        let negated = self.skip_word("not");
        let name = self.expect_name()?.to_owned();
        let arguments = if self.argument_follows() {
            vec![Argument::Positional(self.signed()?)]
        } else {
            self.arguments_if_any()?
        };
        let test = Expr::Test(value.boxed(), name, arguments);
        Ok(if negated {
            Expr::Not(test.boxed())
        } else {
            test
        })
    }

    /// Whether an argument of a test follows without brackets: `is divisibleby 3`.
    fn argument_follows(&self) -> bool {
        self.peek().is_some_and(|token| match token.kind {
            Kind::Name => !["and", "or", "else", "is", "if", "in", "not"].contains(&token.text),
            Kind::Number | Kind::Text => true,
            Kind::Sign => ["[", "{", "-"].contains(&token.text),
        })
    }

    fn arguments_if_any(&mut self) -> Parsed<Vec<Argument>> {
        if self.skip_sign("(") {
            self.arguments()
        } else {
            Ok(Vec::new())
        }
    }

    fn signed(&mut self) -> Parsed<Expr> {
        if !self.skip_sign("-") {
            let primary = self.primary()?;
            return self.postfix(primary);
        }
        self.deeper(|parser| Ok(Expr::Negative(parser.signed()?.boxed())))
    }

    fn postfix(&mut self, mut expr: Expr) -> Parsed<Expr> {
        loop {
            if self.skip_sign(".") {
                expr = self.after_dot(expr)?;
            } else if self.skip_sign("[") {
                expr = self.subscript(expr)?;
            } else if self.skip_sign("(") {
                let arguments = self.arguments()?;
                hints::check_call(&expr, &arguments)?;
                expr = Expr::Call(expr.boxed(), arguments);
            } else {
                return Ok(expr);
            }
        }
    }

    /// `items.0` is an index, as in the engine.
    fn after_dot(&mut self, expr: Expr) -> Parsed<Expr> {
        if let Some(index) = self.peek().filter(|token| token.kind == Kind::Number) {
            self.next += 1;
            let index = Expr::Literal(Literal::Number(index.text.to_owned()));
            return Ok(Expr::Item(expr.boxed(), index.boxed()));
        }
        Ok(Expr::Attribute(
            expr.boxed(),
            self.expect_name()?.to_owned(),
        ))
    }

    /// A slice has up to two colons, and each bound may be absent.
    fn subscript(&mut self, expr: Expr) -> Parsed<Expr> {
        let mut bounds = [None, None, None];
        let mut colons = 0;
        loop {
            if self.skip_sign("]") {
                break;
            }
            if colons < 2 && self.skip_sign(":") {
                colons += 1;
            } else if bounds[colons].is_none() {
                bounds[colons] = Some(self.expression()?.boxed());
            } else {
                return Err(self.unexpected("`]`"));
            }
        }
        if colons > 0 {
            return Ok(Expr::Slice(expr.boxed(), bounds));
        }
        let [index, ..] = bounds;
        let index =
            index.ok_or_else(|| TemplateError::syntax("nothing stands between `[` and `]`"))?;
        Ok(Expr::Item(expr.boxed(), index))
    }

    /// The arguments of a call, after its opening bracket.
    fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        let arguments = self.separated(")", |parser| {
            if parser.skip_sign("**") {
                return Ok(Argument::Map(parser.expression()?));
            }
            if parser.skip_sign("*") {
                return Ok(Argument::List(parser.expression()?));
            }
            let named = parser.peek().filter(|token| token.kind == Kind::Name);
            let assigned = parser.peek_second().is_some_and(|token| token.is_sign("="));
            if let Some(name) = named.filter(|_| assigned) {
                parser.next += 2;
                return Ok(Argument::Named(name.text.to_owned(), parser.expression()?));
            }
            Ok(Argument::Positional(parser.expression()?))
        })?;
        Ok(arguments.0)
    }

    /// Items separated by commas up to a closing bracket, and whether there is a trailing comma.
    fn separated<T>(
        &mut self,
        close: &str,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<(Vec<T>, bool)> {
        let mut items = Vec::new();
        let mut comma = false;
        loop {
            if self.skip_sign(close) {
                return Ok((items, comma));
            }
            if !items.is_empty() && !comma {
                return Err(self.unexpected(&format!("`,` or `{close}`")));
            }
            items.push(item(self)?);
            comma = self.skip_sign(",");
        }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let Some(token) = self.peek() else {
            return Err(self.unexpected("a value"));
        };
        match (token.kind, token.text) {
            (Kind::Name, word) if KEYWORDS.contains(&word) => Err(self.unexpected("a value")),
            (Kind::Name, word) => {
                self.next += 1;
                Ok(name_or_word(word, token.at))
            }
            (Kind::Number, number) => {
                self.next += 1;
                Ok(Expr::Literal(Literal::Number(number.to_owned())))
            }
            (Kind::Text, _) => Ok(Expr::Literal(Literal::Text(self.texts()))),
            (Kind::Sign, "(") => self.bracketed(|parser| {
                // `()` is an empty tuple, `(a)` is `a`, and `(a,)` a tuple of one.
                let (mut items, comma) = parser.separated(")", Self::expression)?;
                match items.pop() {
                    Some(only) if items.is_empty() && !comma => Ok(only),
                    last => {
                        items.extend(last);
                        Ok(Expr::Tuple(items))
                    }
                }
            }),
            (Kind::Sign, "[") => self.bracketed(|parser| {
                let (items, _) = parser.separated("]", Self::expression)?;
                Ok(Expr::List(items))
            }),
            (Kind::Sign, "{") => self.bracketed(|parser| {
                let (members, _) = parser.separated("}", |parser| {
                    let key = parser.expression()?;
                    parser.expect_sign(":")?;
                    Ok((key, parser.expression()?))
                })?;
                Ok(Expr::Map(members))
            }),
            _ => Err(self.unexpected("a value")),
        }
    }

    /// Skips the opening bracket. The depth is counted by `expression`, through which every item goes.
    fn bracketed(&mut self, read: impl FnOnce(&mut Self) -> Parsed<Expr>) -> Parsed<Expr> {
        self.next += 1;
        read(self)
    }

    /// Adjacent texts form one text. They stay apart in the tree and are printed side by side, so the engine joins
    /// them.
    fn texts(&mut self) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some(token) = self.peek().filter(|token| token.kind == Kind::Text) {
            texts.push(token.text.to_owned());
            self.next += 1;
        }
        texts
    }
}

/// Both spellings are words, as in the engine, so neither can be the name of a value.
fn name_or_word(word: &str, at: usize) -> Expr {
    let literal = match word {
        "true" | "True" => "true",
        "false" | "False" => "false",
        "none" | "None" => "none",
        name => return Expr::Name(name.to_owned(), at),
    };
    Expr::Literal(Literal::Word(literal))
}

impl Expr {
    fn boxed(self) -> Box<Self> {
        Box::new(self)
    }
}
