//! [`Thinking`]: how much a model may think before it writes, and which models accept what.

use super::spelling::unknown;

/// How much the model may think before it writes: a level or a budget, depending on the model. The API
/// refuses both together.
///
/// ```
/// use workflow_gemini::{GenerateRequest, Thinking};
///
/// let fast = GenerateRequest::new("Hi")
///     .with_model("gemini-2.5-flash")
///     .with_thinking(Thinking::Budget(0));
/// let thorough = GenerateRequest::new("Hi").with_thinking(Thinking::level("high"));
/// # let _ = (fast, thorough);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Thinking {
    /// A level, for models from Gemini 3 on: `LOW`, `MEDIUM`, `HIGH`, on some models `MINIMAL` or
    /// `XHIGH`.
    Level(String),
    /// A budget in tokens, for Gemini 2.5 models: 0 turns thinking off, -1 lets the model choose.
    Budget(i32),
}

impl Thinking {
    /// Creates a level. Case does not matter: `low` and `LOW` are the same.
    pub fn level(level: impl AsRef<str>) -> Self {
        Self::Level(level.as_ref().trim().to_ascii_uppercase())
    }

    /// Checks that a model accepts the setting, if the model is known. Unknown models are left to the
    /// API.
    pub(crate) fn check(&self, model: &str) -> Result<(), String> {
        let model = model.trim();
        let model = model.strip_prefix("models/").unwrap_or(model);
        let Some(family) = FAMILIES.iter().find(|family| family.has(model)) else {
            return Ok(());
        };
        match self {
            Self::Level(_) if family.levels.is_empty() => Err(format!(
                "`{model}` takes no `thinking_level`: use `thinking_budget`"
            )),
            Self::Level(level) if !family.levels.contains(&&*level.to_ascii_lowercase()) => {
                let level = level.to_ascii_lowercase();
                let known = family.levels.iter().copied();
                Err(format!("{} for `{model}`", unknown("level", &level, known)))
            }
            Self::Budget(_) if !family.budget => Err(format!(
                "`{model}` takes no `thinking_budget`: use `thinking_level`"
            )),
            _ => Ok(()),
        }
    }
}

/// Models that accept the same settings, as the API's documentation says in November 2026.
struct Family {
    names: &'static [&'static str],
    levels: &'static [&'static str],
    /// Whether the models accept a budget.
    budget: bool,
}

/// The known models. A model that is missing here is not checked, so an outdated table refuses nothing by
/// mistake unless a model of the table changes.
const FAMILIES: [Family; 4] = [
    Family {
        names: &["gemini-3.7-flash", "gemini-3.8-flash", "gemini-3.1-pro"],
        levels: &["low", "medium", "high"],
        budget: true,
    },
    Family {
        names: &[
            "gemini-3-flash",
            "gemini-3.5-flash",
            "gemini-3.6-flash",
            "gemini-3.5-flash-lite",
            "gemini-3.1-flash-lite",
        ],
        levels: &["minimal", "low", "medium", "high"],
        budget: true,
    },
    Family {
        names: &[
            "gemini-4-hydrogen",
            "gemini-4-neon",
            "gemini-4-argon",
            "gemini-4-carbon",
        ],
        levels: &["low", "medium", "high", "xhigh"],
        budget: false,
    },
    Family {
        names: &[
            "gemini-2.5-pro",
            "gemini-2.5-flash",
            "gemini-2.5-flash-lite",
        ],
        levels: &[],
        budget: true,
    },
];

impl Family {
    /// Whether a model is in the family: one of its names, or a version or preview of one, such as
    /// `gemini-3.7-flash-001`. `gemini-3.8-flash-image` is another model.
    fn has(&self, model: &str) -> bool {
        self.names.iter().any(|name| {
            let Some(rest) = model.strip_prefix(name) else {
                return false;
            };
            let version = rest.strip_prefix('-').unwrap_or_default();
            rest.is_empty()
                || version.starts_with("preview")
                || version.starts_with(|c: char| c.is_ascii_digit())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_a_known_model_refuses_is_refused() {
        for (model, level, expected) in [
            ("gemini-3.8-flash", "low", None),
            ("models/gemini-3.8-flash", "HIGH", None),
            (
                "gemini-3.8-flash",
                "minimal",
                Some("use one of `low`, `medium`, `high` for"),
            ),
            (
                "gemini-3.7-flash-001",
                "minimal",
                Some("`gemini-3.7-flash-001`"),
            ),
            (
                "gemini-3.1-pro-preview",
                "xhigh",
                Some("did you mean `high`?"),
            ),
            ("gemini-3.5-flash-lite", "minimal", None),
            ("gemini-3-flash-preview", "minimal", None),
            ("gemini-3.6-flash", "xhigh", Some("did you mean `high`?")),
            ("gemini-4-neon", "xhigh", None),
            ("gemini-4-neon", "minimal", Some("is not a level")),
            ("gemini-2.5-flash", "low", Some("use `thinking_budget`")),
            ("gemini-3.8-flash-image", "minimal", None),
            ("gemini-flash-latest", "minimal", None),
            ("some-other-model", "minimal", None),
        ] {
            let error = Thinking::level(level).check(model).err();
            match expected {
                None => assert_eq!(error, None, "{model} {level}"),
                Some(part) => {
                    let error = error.unwrap();
                    assert!(error.contains(part), "{model} {level}: {error}");
                }
            }
        }
        assert!(Thinking::Budget(0).check("gemini-4-argon").is_err());
        for model in ["gemini-2.5-pro", "gemini-3.8-flash", "gemini-new"] {
            assert_eq!(Thinking::Budget(-1).check(model), Ok(()));
        }
    }
}
