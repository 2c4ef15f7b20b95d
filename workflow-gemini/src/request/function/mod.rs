//! [`Function`]: what the caller executes for a model, its calls and its responses.

mod call;
mod calling;
mod response;

pub use self::{call::FunctionCall, calling::FunctionCalling, response::FunctionResponse};

use std::{borrow::Cow, sync::Arc};

use serde::Serialize;
use serde_json::Value;

/// The longest name of a function, in characters.
pub(crate) const MAX_NAME: usize = 128;

/// A function that the model may call. The caller executes it and sends the result back; see
/// [`GenerateRequest::with_function`](crate::GenerateRequest::with_function).
///
/// ```
/// use serde_json::json;
/// use workflow_gemini::Function;
///
/// let order = Function::new("get_order", "Finds an order by its number.").with_parameters(json!({
///     "type": "object",
///     "properties": {"number": {"type": "integer"}},
///     "required": ["number"],
/// }));
/// assert_eq!(order.name(), "get_order");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Function {
    name: String,
    description: String,
    // `parametersJsonSchema` is JSON Schema; `parameters` would be a subset of OpenAPI. The API refuses both together.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_json_schema: Option<Arc<Value>>,
}

impl Function {
    /// Creates a function without parameters. The name begins with a letter or `_`; then letters, digits, `_`, `.`, `:` and `-`
    /// follow, up to 128 characters in all. The description says what it does and when to call it; it may be empty.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            parameters_json_schema: None,
        }
    }

    /// Sets the JSON Schema of the arguments, which are an object. The API does not ensure that arguments match it, unless the
    /// mode is [`FunctionCalling::Validated`].
    #[must_use]
    pub fn with_parameters(mut self, schema: impl Into<Arc<Value>>) -> Self {
        self.parameters_json_schema = Some(schema.into());
        self
    }

    /// The name by which the model calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn check(&self) -> Result<(), String> {
        let name = &self.name;
        if !is_name(name) {
            return Err(format!(
                "`{}` cannot be the name of a function: use a letter or `_`, then letters, digits, `_`, `.`, `:` and `-`, \
                 at most {MAX_NAME} characters",
                name.chars().take(MAX_NAME).collect::<String>(),
            ));
        }
        match self.parameters_json_schema.as_deref() {
            None | Some(Value::Object(_)) => Ok(()),
            Some(_) => Err(format!(
                "the parameters of the function `{name}` are no JSON object with a schema"
            )),
        }
    }
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next();
    first.is_some_and(|it| it.is_ascii_alphabetic() || it == '_')
        && letters.all(|it| it.is_ascii_alphanumeric() || "_.:-".contains(it))
        && name.len() <= MAX_NAME
}

/// Checks the declarations, and that the mode fits them.
pub(crate) fn check(
    functions: &[Function],
    calling: Option<&FunctionCalling>,
) -> Result<(), Cow<'static, str>> {
    for (index, function) in functions.iter().enumerate() {
        function.check()?;
        if (functions[..index].iter()).any(|other| other.name == function.name) {
            return Err(format!("the function `{}` is declared twice", function.name).into());
        }
    }
    let Some(calling) = calling else {
        return Ok(());
    };
    // The API: "Function calling config is set without function_declarations".
    if functions.is_empty() {
        return Err("a mode of function calling is set, but no function is declared".into());
    }
    let mut allowed = calling.functions().iter();
    match allowed.find(|name| !functions.iter().any(|it| it.name == **name)) {
        Some(name) => Err(format!(
            "function calling allows `{name}`, which is not declared"
        ))
        .map_err(Cow::Owned),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_those_that_the_api_accepts() {
        let longest = "a".repeat(128);
        for name in ["f", "_", "get_order", "a.b:c-1", &longest] {
            assert!(is_name(name), "{name}");
        }
        let too_long = "a".repeat(129);
        for name in ["", "1a", "-a", "a b", "é", "a/b", &too_long] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn declarations_and_mode_have_to_fit() {
        let f = |name: &str| Function::new(name, "");
        let any = |name: &str| FunctionCalling::any_of([name]);
        assert_eq!(check(&[], None), Ok(()));
        assert_eq!(check(&[f("a"), f("b")], Some(&any("b"))), Ok(()));
        for (functions, calling, named) in [
            (vec![f("a"), f("b"), f("a")], None, "`a` is declared twice"),
            (vec![f("a b")], None, "`a b` cannot be the name"),
            (
                vec![f("a").with_parameters(json!(true))],
                None,
                "the parameters of the function `a`",
            ),
            (vec![f("a")], Some(any("b")), "`b`, which is not declared"),
            (
                vec![],
                Some(FunctionCalling::Auto),
                "no function is declared",
            ),
        ] {
            let error = check(&functions, calling.as_ref()).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }
}
