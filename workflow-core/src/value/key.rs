//! The key of what a step does.

use std::{borrow::Cow, fmt, io, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Identifies what a step does: a hash of its rendered request. Two steps with the same key would do the same, so the
/// result of one can stand for the other.
///
/// In JSON it is text: 64 hexadecimal digits.
///
/// ```
/// use workflow_core::value::StepKey;
///
/// let key = |text: &str| StepKey::builder("Translate", 1).text("language", "fr").text("text", text).build();
/// assert_eq!(key("a word"), key("a word"));
/// assert_ne!(key("a word"), key("another"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepKey([u8; 32]);

impl StepKey {
    /// Begins the key of a node type. Raise `revision` when the same fields would give another result: results of
    /// earlier revisions are then not reused.
    pub fn builder(node_type: &str, revision: u32) -> StepKeyBuilder {
        let mut hash = Sha256::new();
        hash.update(revision.to_le_bytes());
        StepKeyBuilder(hash).text("type", node_type)
    }
}

/// Builds a [`StepKey`] from everything that can change the result of a step. The order of the fields counts; each is
/// stored with its name and length, so that no two sequences of fields give the same bytes.
pub struct StepKeyBuilder(Sha256);

impl StepKeyBuilder {
    fn name(&mut self, name: &str, kind: u8) {
        self.0.update((name.len() as u64).to_le_bytes());
        self.0.update(name);
        self.0.update([kind]);
    }

    /// Adds a text.
    #[must_use]
    pub fn text(mut self, name: &str, text: &str) -> Self {
        self.name(name, b't');
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
        self
    }

    /// Adds a value, as its JSON is sent: the order of members counts, since it reaches the receiver.
    #[must_use]
    pub fn json(self, name: &str, value: &Value) -> Self {
        self.serialized(name, value)
    }

    /// Adds what `value` serializes to as JSON. A value that cannot be serialized counts as its error.
    #[must_use]
    pub fn serialized(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.name(name, b'j');
        let mut feed = Feed::new(&mut self.0);
        let written = serde_json::to_writer(&mut feed, value);
        let bytes = feed.bytes;
        if let Err(error) = written {
            self.0.update(error.to_string());
        }
        // After the value, since its length is not known before.
        self.0.update(bytes.to_le_bytes());
        self
    }

    /// The key.
    pub fn build(self) -> StepKey {
        StepKey(self.0.finalize().into())
    }
}

impl fmt::Debug for StepKeyBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepKeyBuilder").finish_non_exhaustive()
    }
}

/// Hashes what is written, and counts its bytes.
pub(super) struct Feed<'a> {
    hash: &'a mut Sha256,
    pub(super) bytes: u64,
}

impl<'a> Feed<'a> {
    pub(super) fn new(hash: &'a mut Sha256) -> Self {
        Self { hash, bytes: 0 }
    }
}

impl io::Write for Feed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Display for StepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for StepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StepKey({self})")
    }
}

/// A text that is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key of a step has 64 hexadecimal digits")]
pub struct InvalidStepKey;

impl FromStr for StepKey {
    type Err = InvalidStepKey;

    fn from_str(text: &str) -> Result<Self, InvalidStepKey> {
        let digits = text.as_bytes();
        let mut key = [0; 32];
        if digits.len() != 64 {
            return Err(InvalidStepKey);
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = str::from_utf8(pair).map_err(|_| InvalidStepKey)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidStepKey)?;
        }
        Ok(Self(key))
    }
}

impl Serialize for StepKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StepKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for StepKey {
    fn schema_name() -> Cow<'static, str> {
        "StepKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "The key of what a step does: 64 hexadecimal digits.",
        })
    }
}
