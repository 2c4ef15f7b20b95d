//! [`FunctionCall`]: a call that a model requests.

use serde_json::{Map, Value};

use super::FunctionResponse;

/// The most characters of a faulty value in a message.
const MAX_QUOTED: usize = 100;

/// A call of a [`Function`](super::Function) that the model requests. The client does not execute it.
///
/// The name can be one that was not declared, and the arguments can differ from their schema: check both, and answer a
/// mistake with [`error`](Self::error), so that the model can correct it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FunctionCall {
    /// The API's id of the call. Older models send none.
    pub id: Option<String>,
    /// The function, as the model named it; never empty.
    pub name: String,
    /// The arguments. Whole numbers may be written as `17.0`.
    pub args: Map<String, Value>,
}

impl FunctionCall {
    /// The response with the result of the function.
    pub fn output(&self, output: impl Into<Value>) -> FunctionResponse {
        self.response(Map::from_iter([("output".to_owned(), output.into())]))
    }

    /// The response of a function that failed or was not executed.
    pub fn error(&self, message: impl Into<String>) -> FunctionResponse {
        let message = Value::String(message.into());
        self.response(Map::from_iter([("error".to_owned(), message)]))
    }

    /// The response with this object. By the API's convention, `output` has a result and `error` a failure.
    pub fn response(&self, response: Map<String, Value>) -> FunctionResponse {
        FunctionResponse {
            id: self.id.clone(),
            name: self.name.clone(),
            response,
        }
    }

    /// Reads the call of a raw part. `None` if it has none.
    ///
    /// # Errors
    /// Why the call cannot be read, in words.
    pub(crate) fn of_part(part: &Value) -> Option<Result<Self, String>> {
        Self::raw(part).map(Self::read)
    }

    /// The `functionCall` of a raw part.
    pub(crate) fn raw(part: &Value) -> Option<&Value> {
        part.get("functionCall").filter(|call| !call.is_null())
    }

    fn read(call: &Value) -> Result<Self, String> {
        let Value::Object(members) = call else {
            return Err(format!("it is no object, but {}", quoted(call)));
        };
        let text = |name| {
            let text = members.get(name).and_then(Value::as_str);
            text.filter(|text| !text.is_empty())
        };
        let Some(name) = text("name") else {
            return Err("it has no name".to_owned());
        };
        // Only Vertex AI sends pieces, and only if the request asks for them.
        let is_piece = members.contains_key("partialArgs")
            || members.get("willContinue") == Some(&Value::Bool(true));
        if is_piece {
            return Err(format!(
                "the arguments of `{}` come in pieces (`partialArgs`), which are not supported",
                short(name)
            ));
        }
        let args = match members.get("args") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(args)) => args.clone(),
            Some(other) => {
                return Err(format!(
                    "the arguments of `{}` are no object, but {}",
                    short(name),
                    quoted(other)
                ));
            }
        };
        Ok(Self {
            id: text("id").map(str::to_owned),
            name: name.to_owned(),
            args,
        })
    }
}

fn quoted(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) => format!("`{}`", short(text)),
        other => short(&other.to_string()),
    }
}

fn short(text: &str) -> String {
    text.chars().take(MAX_QUOTED).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(call: &Value) -> Result<FunctionCall, String> {
        FunctionCall::of_part(&json!({ "functionCall": call })).unwrap()
    }

    #[test]
    fn id_and_arguments_may_be_missing() {
        for (call, id, args) in [
            (json!({"name": "f"}), None, json!({})),
            (
                json!({"name": "f", "args": null, "id": ""}),
                None,
                json!({}),
            ),
            (
                json!({"id": "zi06h2mp", "name": "f", "args": {"n": 17.0, "a": [1]}}),
                Some("zi06h2mp"),
                json!({"n": 17.0, "a": [1]}),
            ),
            (
                json!({"name": "f", "args": {}, "willContinue": false}),
                None,
                json!({}),
            ),
        ] {
            let call = read(&call).unwrap();
            assert_eq!((call.id.as_deref(), &*call.name), (id, "f"));
            assert_eq!(Value::Object(call.args), args);
        }
    }

    #[test]
    fn what_is_no_call_is_named() {
        for (call, named) in [
            (json!("f"), "it is no object, but `f`"),
            (json!([]), "it is no object, but a list"),
            (json!({}), "it has no name"),
            (json!({"name": ""}), "it has no name"),
            (json!({"name": 1, "args": {}}), "it has no name"),
            (
                json!({"name": "f", "args": "{}"}),
                "the arguments of `f` are no object, but `{}`",
            ),
            (json!({"name": "f", "args": [1]}), "but a list"),
            (
                json!({"name": "f", "partialArgs": [{"jsonPath": "$.a", "stringValue": "b"}]}),
                "in pieces",
            ),
            (json!({"name": "f", "willContinue": true}), "in pieces"),
        ] {
            let error = read(&call).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
        let long = read(&json!({"name": "f", "args": "ü".repeat(10_000)})).unwrap_err();
        assert!(long.len() < 300, "{long}");
    }

    #[test]
    fn other_parts_are_no_calls() {
        for part in [
            json!({"text": "f()"}),
            json!({"functionCall": null}),
            json!({"toolCall": {"id": "x1", "toolType": "GOOGLE_SEARCH_WEB", "args": {}}}),
            json!("functionCall"),
        ] {
            assert!(FunctionCall::of_part(&part).is_none(), "{part}");
        }
    }
}
