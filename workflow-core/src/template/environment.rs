//! The one configuration of the template language.

use std::sync::LazyLock;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, syntax::SyntaxConfig};

use super::value::{self, Budget};
use crate::size::MAX_OUTPUT_BYTES;

/// Steps a rendering may take; it also pays for the memory it uses.
const FUEL: u64 = 100_000;

/// What every template and expression is compiled with. A clone shares its tables.
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_debug(false);
    environment.set_formatter(value::format);
    let mut syntax = SyntaxConfig::builder();
    syntax
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true);
    if let Ok(syntax) = syntax.build() {
        environment.set_syntax(syntax);
    }
    for global in ["debug", "namespace", "dict"] {
        environment.remove_global(global);
    }
    environment.add_global("null", Value::from(()));
    environment.add_filter("tojson", |value: Value| {
        value::to_json(&value, &mut Budget::of(MAX_OUTPUT_BYTES)).map(|json| json.to_string())
    });
    environment
});

/// Whether the name is the language's own: a global function or constant.
pub(crate) fn is_global(name: &str) -> bool {
    ENVIRONMENT.globals().any(|(global, _)| global == name)
}
