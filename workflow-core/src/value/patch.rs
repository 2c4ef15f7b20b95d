//! The difference between two JSON values as a JSON Patch (RFC 6902), with a bound on its size.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::size;

/// One operation of a JSON Patch (RFC 6902). A difference has these three only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "lowercase")]
#[non_exhaustive]
pub enum PatchOperation {
    /// Adds a member, or an item at the end of a list.
    Add {
        /// The place, as a JSON pointer (RFC 6901).
        path: String,
        /// What is added.
        value: Value,
    },
    /// Removes a member or an item.
    Remove {
        /// The place, as a JSON pointer.
        path: String,
    },
    /// Replaces a value.
    Replace {
        /// The place, as a JSON pointer.
        path: String,
        /// The new value.
        value: Value,
    },
}

/// The patch that turns `before` into `after`; empty if they are equal. `None` if it would have more than `most` bytes:
/// no more memory than that is spent on it, about.
///
/// Lists are compared item by item, by position. A patch that would be larger than the new value replaces it whole. The
/// order of members is no difference.
pub(crate) fn patch(before: &Value, after: &Value, most: usize) -> Option<Vec<PatchOperation>> {
    if before == after {
        return Some(Vec::new());
    }
    let whole = OPERATION_BYTES + 2 + size::bytes(after);
    let mut detailed = Differ {
        left: whole.min(most),
        path: String::new(),
        patch: Vec::new(),
    };
    if detailed.compare(before, after).is_some() {
        return Some(detailed.patch);
    }
    (whole <= most).then(|| {
        let (path, value) = (String::new(), after.clone());
        vec![PatchOperation::Replace { path, value }]
    })
}

/// What an operation has besides its path and its value: `{"op":"replace","path":,"value":},`.
const OPERATION_BYTES: usize = 34;

struct Differ {
    /// The bytes that the patch may still have.
    left: usize,
    /// Where the comparison is.
    path: String,
    patch: Vec<PatchOperation>,
}

impl Differ {
    /// `None` if the limit is reached. Values are at most [`MAX_DEPTH`](super::MAX_DEPTH) deep, so recursion is bounded.
    fn compare(&mut self, before: &Value, after: &Value) -> Option<()> {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => self.compare_members(before, after),
            (Value::Array(before), Value::Array(after)) => self.compare_items(before, after),
            _ if before == after => Some(()),
            _ => {
                let path = self.pay(Some(after))?;
                let value = after.clone();
                self.patch.push(PatchOperation::Replace { path, value });
                Some(())
            }
        }
    }

    fn compare_members(
        &mut self,
        before: &Map<String, Value>,
        after: &Map<String, Value>,
    ) -> Option<()> {
        for (name, value) in after {
            self.within(name, |differ| match before.get(name) {
                Some(before) => differ.compare(before, value),
                None => differ.add(value),
            })?;
        }
        let removed = before.keys().filter(|name| !after.contains_key(*name));
        for name in removed {
            self.within(name, Self::remove)?;
        }
        Some(())
    }

    fn compare_items(&mut self, before: &[Value], after: &[Value]) -> Option<()> {
        for (index, (before, after)) in before.iter().zip(after).enumerate() {
            self.within(&index, |differ| differ.compare(before, after))?;
        }
        for (index, value) in after.iter().enumerate().skip(before.len()) {
            self.within(&index, |differ| differ.add(value))?;
        }
        // From the end, so that the numbers of those before it stay the same.
        for index in (after.len()..before.len()).rev() {
            self.within(&index, Self::remove)?;
        }
        Some(())
    }

    fn add(&mut self, value: &Value) -> Option<()> {
        let path = self.pay(Some(value))?;
        let value = value.clone();
        self.patch.push(PatchOperation::Add { path, value });
        Some(())
    }

    fn remove(&mut self) -> Option<()> {
        let path = self.pay(None)?;
        self.patch.push(PatchOperation::Remove { path });
        Some(())
    }

    /// Takes the bytes of an operation from the limit, and returns its path.
    fn pay(&mut self, value: Option<&Value>) -> Option<String> {
        let bytes = OPERATION_BYTES + size::bytes(&self.path) + value.map_or(0, size::bytes);
        self.left = self.left.checked_sub(bytes)?;
        Some(self.path.clone())
    }

    /// Calls `inner` with this segment at the end of the path, escaped (RFC 6901, section 3).
    fn within(
        &mut self,
        segment: &(impl ToString + ?Sized),
        inner: impl FnOnce(&mut Self) -> Option<()>,
    ) -> Option<()> {
        let length = self.path.len();
        let segment = segment.to_string().replace('~', "~0").replace('/', "~1");
        let _ = write!(self.path, "/{segment}");
        let done = inner(self);
        self.path.truncate(length);
        done
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..3).prop_map(Value::from),
            "[a~/é\"]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a~/\"\n]{0,2}", inner, 0..4)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        /// Another implementation applies the patch.
        #[test]
        fn a_patch_turns_the_first_value_into_the_second(before in value(), after in value()) {
            let patch = patch(&before, &after, usize::MAX).unwrap();
            let patch = serde_json::to_value(patch).unwrap();
            let patch: json_patch::Patch = serde_json::from_value(patch).unwrap();
            let mut patched = before;
            json_patch::patch(&mut patched, &patch).unwrap();
            prop_assert_eq!(patched, after);
        }

        #[test]
        fn a_patch_stays_within_its_limit(before in value(), after in value(), most in 0_usize..200) {
            if let Some(patch) = patch(&before, &after, most) {
                prop_assert!(size::bytes(&patch) <= most + 2, "{patch:?}");
            }
        }
    }

    #[test]
    fn a_patch_that_is_larger_than_the_value_replaces_it() {
        let before: Value = (0..100).collect();
        let after: Value = (100..200).collect();
        let path = String::new();
        let value = after.clone();
        assert_eq!(
            patch(&before, &after, usize::MAX),
            Some(vec![PatchOperation::Replace { path, value }])
        );
        assert_eq!(patch(&before, &after, 100), None);
        let longer = patch(
            &json!({"text": "x".repeat(100)}),
            &json!({"text": "y"}),
            100,
        );
        let value = json!("y");
        let path = "/text".to_owned();
        assert_eq!(longer, Some(vec![PatchOperation::Replace { path, value }]));
    }
}
