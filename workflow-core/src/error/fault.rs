//! Faults: what is wrong with a workflow, an input or an answer, with the place and a hint.
//!
//! A check collects faults and reports all of them at once, so that an author need not fix and submit one by
//! one. The codes are part of the API. Details and hints are for people and may change.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! fault_codes {
    ($($(#[$doc:meta])+ $name:ident = $code:literal,)+) => {
        /// The kinds of fault. Codes never change their meaning; later versions may add some.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[non_exhaustive]
        pub enum FaultCode {
            $($(#[$doc])+ #[serde(rename = $code)] $name,)+
        }

        impl FaultCode {
            /// Every code, in the order of their documentation.
            pub const ALL: &'static [FaultCode] = &[$(FaultCode::$name,)+];

            /// The code as JSON has it: `missing_field`.
            pub fn as_str(self) -> &'static str {
                match self { $(FaultCode::$name => $code,)+ }
            }
        }
    };
}

fault_codes! {
    /// A value has the wrong type or is out of its range.
    InvalidValue = "invalid_value",
    /// A required field is missing.
    MissingField = "missing_field",
    /// A field is not defined here.
    UnknownField = "unknown_field",
    /// An object has a key twice. Found when JSON text is read: most JSON readers keep the last value silently.
    DuplicateField = "duplicate_field",
    /// A field has no meaning for a node of this type.
    NotApplicable = "not_applicable",
    /// The workflow has more nodes than allowed, those in its maps and loops included.
    TooManyNodes = "too_many_nodes",
    /// Maps, loops, called workflows or JSON values are nested deeper than allowed.
    NestedTooDeep = "nested_too_deep",
    /// More workflows are called, directly or indirectly, than allowed.
    TooManyWorkflows = "too_many_workflows",
    /// An `id` does not have the form of an id.
    InvalidId = "invalid_id",
    /// Two nodes have the same `id`.
    DuplicateId = "duplicate_id",
    /// Two ids are the same in templates, where `-` is written `_`.
    IdCollision = "id_collision",
    /// A name has another meaning in templates.
    ReservedName = "reserved_name",
    /// No node type has this name.
    UnknownType = "unknown_type",
    /// No workflow has this name or id.
    UnknownWorkflow = "unknown_workflow",
    /// Several workflows have this name: a call by it could mean any of them.
    AmbiguousWorkflow = "ambiguous_workflow",
    /// `needs` or a template names something that does not exist.
    UnknownReference = "unknown_reference",
    /// A template reads a field that the schema of the value excludes.
    UnknownFieldReference = "unknown_field_reference",
    /// A template reads a node that may not have run yet.
    NotAnAncestor = "not_an_ancestor",
    /// A node reads one in another branch of a switch, which is always skipped when the reader runs.
    OtherBranch = "other_branch",
    /// Nodes need each other, or workflows call each other, in a cycle.
    Cycle = "cycle",
    /// A template or expression does not parse.
    TemplateSyntax = "template_syntax",
    /// A template or expression exceeds one of its limits.
    TemplateTooLarge = "template_too_large",
    /// A prompt reads nothing, so it never changes.
    TemplateWithoutInput = "template_without_input",
    /// `{{` in a field that is used literally.
    NotATemplate = "not_a_template",
    /// `$secret` in a field that does not accept secrets.
    SecretNotAllowed = "secret_not_allowed",
    /// The node reads the output of its one need, but has several needs.
    NoImplicitInput = "no_implicit_input",
    /// A visible name is defined a second time: by a `set`, `for` or `with` of a template, by `as`, or by an
    /// id within a map or loop.
    ShadowedName = "shadowed_name",
    /// A step is to run alone, and a step that it needs has no result.
    MissingResult = "missing_result",
    /// A warning: a node, an item or a name in a template is called `run`, so that the run itself cannot be read; or one in or around
    /// a loop is called `history`, so that the results of its earlier rounds cannot be.
    HiddenName = "hidden_name",
    /// A warning: a condition reads nothing, so its result is always the same.
    ConstantCondition = "constant_condition",
    /// A warning: nothing reads the output of the node, and the node has no side effects.
    UnusedNode = "unused_node",
    /// A warning: another stored workflow has this name, so neither can be called by it.
    NameInUse = "name_in_use",
    /// A warning: one of the `examples` in the workflow's `input` schema does not match the schema.
    InvalidExample = "invalid_example",
    /// A warning: a wait is as long as the timeout around it, or longer.
    OutlastsTimeout = "outlasts_timeout",
    /// A warning: a tool of an agent may change something outside of the run, and does not say what happens to a call of it that
    /// was running when its host stopped.
    AmbiguousTool = "ambiguous_tool",
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One fault: what is wrong, where, and how to correct it.
///
/// `Display` writes all of it on one line: `#/nodes/0/id: "1a" is not an id [invalid_id], …`.
///
/// ```
/// use workflow_core::{Fault, error::FaultCode};
///
/// let fault = Fault::new(FaultCode::MissingField, "#/nodes/0", "`id` is missing")
///     .with_hint("give the node an id");
/// assert_eq!(
///     fault.to_string(),
///     "#/nodes/0: `id` is missing [missing_field], give the node an id"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Fault {
    /// The kind of fault.
    pub code: FaultCode,
    /// The place: a JSON pointer in its URI form (RFC 6901, section 6), such as `#/nodes/1/data/prompt`. `#` is
    /// the whole document. In pointers longer than a few hundred characters, names of fields are cut.
    pub pointer: String,
    /// What is wrong, with the value in question.
    pub detail: String,
    /// How to correct it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Fault {
    /// A fault at a pointer, without a hint.
    pub fn new(code: FaultCode, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            code,
            pointer: pointer.into(),
            detail: detail.into(),
            hint: None,
        }
    }

    /// Sets the hint: how to correct the fault.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.pointer, self.detail, self.code)?;
        match &self.hint {
            Some(hint) => write!(f, ", {hint}"),
            None => Ok(()),
        }
    }
}

/// Why a workflow is refused: its faults, at least one and at most [`MAX`](Self::MAX).
///
/// ```
/// use workflow_core::{Registry, Workflow};
///
/// let refused = Workflow::from_json(r#"{"nodes": []}"#, &Registry::default()).unwrap_err();
/// assert_eq!(refused.faults().len(), 1);
/// assert_eq!(refused.faults()[0].pointer, "#/nodes");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidWorkflow(Vec<Fault>);

impl InvalidWorkflow {
    /// The most faults that are reported. Of a workflow with more, the first ones are reported: the list stays
    /// readable, and a hostile document cannot make an unbounded response.
    pub const MAX: usize = 100;

    pub(crate) fn new(mut faults: Vec<Fault>) -> Self {
        faults.truncate(Self::MAX);
        Self(faults)
    }

    /// The faults; at least one.
    pub fn faults(&self) -> &[Fault] {
        &self.0
    }

    /// As [`faults`](Self::faults), without a copy.
    pub fn into_faults(self) -> Vec<Fault> {
        self.0
    }
}

impl fmt::Display for InvalidWorkflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "1 fault in the workflow: {one}"),
            many => {
                write!(f, "{} faults in the workflow", many.len())?;
                if many.len() == Self::MAX {
                    f.write_str(", or more")?;
                }
                many.iter().try_for_each(|fault| write!(f, "; {fault}"))
            }
        }
    }
}

impl std::error::Error for InvalidWorkflow {}
