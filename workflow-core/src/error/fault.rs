//! What is wrong with a workflow, told so that its author can mend it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! fault_codes {
    ($($(#[$doc:meta])+ $name:ident = $code:literal,)+) => {
        /// The kinds of fault a workflow can have. Clients may rely on the codes; later versions add some.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[non_exhaustive]
        pub enum FaultCode {
            $($(#[$doc])+ #[serde(rename = $code)] $name,)+
        }

        impl FaultCode {
            /// Every code there is.
            pub const ALL: &'static [FaultCode] = &[$(FaultCode::$name,)+];

            /// The code as JSON has it.
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
    /// A field that does not exist.
    UnknownField = "unknown_field",
    /// A key that an object has twice. It is found where JSON text is read; most readers keep the last.
    DuplicateField = "duplicate_field",
    /// A field that has no meaning for a node of this type.
    NotApplicable = "not_applicable",
    /// More nodes than a workflow may have, those in its maps and loops included.
    TooManyNodes = "too_many_nodes",
    /// Maps, loops and called workflows stand in each other deeper than they may.
    NestedTooDeep = "nested_too_deep",
    /// More workflows are called, directly or not, than may be.
    TooManyWorkflows = "too_many_workflows",
    /// An `id` that is not a name.
    InvalidId = "invalid_id",
    /// Two nodes have one `id`.
    DuplicateId = "duplicate_id",
    /// Two ids are the same once `-` is written `_`, as templates must.
    IdCollision = "id_collision",
    /// A name that means something else in templates.
    ReservedName = "reserved_name",
    /// No node type has this name.
    UnknownType = "unknown_type",
    /// No workflow has this name or id.
    UnknownWorkflow = "unknown_workflow",
    /// Several workflows have this name: a call by it could mean any of them.
    AmbiguousWorkflow = "ambiguous_workflow",
    /// `needs` or a template names something that is not there.
    UnknownReference = "unknown_reference",
    /// A template names a field that the schema of the value excludes.
    UnknownFieldReference = "unknown_field_reference",
    /// A template names a node that may not have run yet.
    NotAnAncestor = "not_an_ancestor",
    /// Nodes need, or workflows call, each other in a circle.
    Cycle = "cycle",
    /// A template or expression does not parse.
    TemplateSyntax = "template_syntax",
    /// A template or expression is over one of its bounds.
    TemplateTooLarge = "template_too_large",
    /// A prompt that never changes.
    TemplateWithoutInput = "template_without_input",
    /// `{{` in a field that is taken literally.
    NotATemplate = "not_a_template",
    /// `$secret` in a field that is not made for secrets.
    SecretNotAllowed = "secret_not_allowed",
    /// The node wants the output of its one need, but has several needs.
    NoImplicitInput = "no_implicit_input",
    /// A name that is already visible is given another meaning: by a `set`, `for` or `with` of a
    /// template, by `as`, or by an id within a map or loop.
    ShadowedName = "shadowed_name",
    /// A warning: a condition that reads nothing, so that it is always the same.
    ConstantCondition = "constant_condition",
    /// A warning: nothing reads what the node gives.
    UnusedNode = "unused_node",
    /// A warning: another stored workflow has this name, so that no workflow can be called by it.
    NameInUse = "name_in_use",
    /// A warning: the wait would outlast the time that is allowed around it.
    OutlastsTimeout = "outlasts_timeout",
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One fault: what, where, and the way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Fault {
    /// The kind of fault.
    pub code: FaultCode,
    /// Where: a JSON pointer in its URI form, `#/nodes/1/data/prompt`; `#` is the whole document.
    pub pointer: String,
    /// What is wrong, with the value at fault.
    pub detail: String,
    /// What would mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Fault {
    /// A fault at a pointer.
    pub fn new(code: FaultCode, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            code,
            pointer: pointer.into(),
            detail: detail.into(),
            hint: None,
        }
    }

    /// Says what would mend it.
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

/// Why a workflow was refused: the faults in it, of which the first [`MAX`](Self::MAX) are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidWorkflow(Vec<Fault>);

impl InvalidWorkflow {
    /// How many faults are told; a workflow with more is told these first.
    pub const MAX: usize = 100;

    pub(crate) fn new(mut faults: Vec<Fault>) -> Self {
        faults.truncate(Self::MAX);
        Self(faults)
    }

    /// The faults; at least one.
    pub fn faults(&self) -> &[Fault] {
        &self.0
    }

    /// The faults; at least one.
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
