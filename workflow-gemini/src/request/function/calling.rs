//! [`FunctionCalling`]: whether a model may, must or must not call functions.

use serde_json::{Value, json};

/// Whether the model may, must or must not call the functions of a request.
///
/// Without it the API applies [`Auto`](Self::Auto).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FunctionCalling {
    /// The model answers with text, with calls, or with both.
    Auto,
    /// The model has to call a function.
    Any {
        /// The functions that it may call; empty for every declared one.
        functions: Vec<String>,
    },
    /// The model may not call a function, but knows them. For the last request of a loop, which has to bring an answer.
    None,
    /// As [`Auto`](Self::Auto), and the API ensures that calls match the schemas of their functions.
    Validated {
        /// The functions that it may call; empty for every declared one.
        functions: Vec<String>,
    },
}

impl FunctionCalling {
    /// The model has to call one of the declared functions.
    pub fn any() -> Self {
        Self::any_of::<String>([])
    }

    /// The model has to call one of these functions.
    pub fn any_of<S: Into<String>>(functions: impl IntoIterator<Item = S>) -> Self {
        let functions = functions.into_iter().map(Into::into).collect();
        Self::Any { functions }
    }

    /// The functions that it is limited to; empty for no limit.
    pub(super) fn functions(&self) -> &[String] {
        match self {
            Self::Any { functions } | Self::Validated { functions } => functions,
            Self::Auto | Self::None => &[],
        }
    }

    /// `functionCallingConfig`.
    pub(crate) fn to_json(&self) -> Value {
        let mode = match self {
            Self::Auto => "AUTO",
            Self::Any { .. } => "ANY",
            Self::None => "NONE",
            Self::Validated { .. } => "VALIDATED",
        };
        let mut config = json!({ "mode": mode });
        if !self.functions().is_empty() {
            config["allowedFunctionNames"] = self.functions().into();
        }
        config
    }
}
