//! The configuration of the template engine: strict, without escaping, with a limited number of steps.

use std::sync::LazyLock;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, syntax::SyntaxConfig};

use super::{cut, fuel::MAX_STEPS, json, lists, objects, order, parsed, pattern, text, time};

/// The environment that every template and expression is compiled with. Clones share its tables.
///
/// Strict undefined behaviour makes a missing name an error. HTML escaping is off: prompts and JSON are not HTML.
pub(in crate::template) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(MAX_STEPS));
    // Errors then name the missing value. It costs nothing while there is no error.
    environment.set_debug(true);
    environment.set_formatter(json::format);
    let mut syntax = SyntaxConfig::builder();
    syntax
        // A statement on a line of its own leaves no empty line. A trailing newline is kept, since a prompt is sent
        // as it is written.
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true);
    if let Ok(syntax) = syntax.build() {
        environment.set_syntax(syntax);
    }
    // `debug` shows internals, `namespace` is mutable state, and `dict` is another way to write `{…}`.
    for global in ["debug", "namespace", "dict"] {
        environment.remove_global(global);
    }
    // JSON authors write `null`, where Jinja has `none`.
    environment.add_global("null", Value::from(()));
    text::add_to(&mut environment);
    lists::add_to(&mut environment);
    order::add_to(&mut environment);
    objects::add_to(&mut environment);
    parsed::add_to(&mut environment);
    pattern::add_to(&mut environment);
    cut::add_to(&mut environment);
    time::add_to(&mut environment);
    environment
});

/// Whether a name is a global function or constant of the language.
pub(crate) fn is_global(name: &str) -> bool {
    ENVIRONMENT.globals().any(|(global, _)| global == name)
}
