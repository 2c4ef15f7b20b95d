//! [`Update`]: an item of a run's stream.

use serde::Deserialize;
use serde_json::Value;
use workflow_core::{StepEvent, event::Delta};

/// An item of a run's stream.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Update {
    /// An event of the run's log.
    Event(StepEvent),
    /// More text of a running step. Of each attempt and kind, the pieces add up to the text.
    Delta(Delta),
    /// An event or other item that this version cannot read, as a newer server may send it.
    Other(OtherEvent),
}

/// An item that this version cannot read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OtherEvent {
    /// Its number in the log, if it is an event.
    pub seq: Option<u64>,
    /// Its `type`.
    pub name: String,
    /// The whole item.
    pub json: Value,
}

/// The members that every item has, whatever its type.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    name: String,
    #[serde(default)]
    seq: Option<u64>,
}

impl Update {
    /// Reads the data of a frame. A known type with unknown content is `Other`, too: a newer server may use a value that
    /// this version does not have.
    pub(crate) fn parse(data: &[u8]) -> Result<Self, serde_json::Error> {
        let head: Head = serde_json::from_slice(data)?;
        let known = match (head.seq, head.name.as_str()) {
            (Some(_), _) => serde_json::from_slice(data).map(Self::Event),
            (None, "node.delta") => serde_json::from_slice(data).map(Self::Delta),
            (None, _) => return Self::other(head, data),
        };
        known.or_else(|_| Self::other(head, data))
    }

    fn other(head: Head, data: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(Self::Other(OtherEvent {
            seq: head.seq,
            name: head.name,
            json: serde_json::from_slice(data)?,
        }))
    }

    /// The number of an event in its run's log; `None` for what is not in the log.
    pub fn seq(&self) -> Option<u64> {
        match self {
            Self::Event(event) => Some(event.seq),
            Self::Delta(_) => None,
            Self::Other(other) => other.seq,
        }
    }

    /// Whether it is the last event of its run: completed, failed or cancelled.
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Event(event) => event.is_terminal(),
            Self::Delta(_) => false,
            Self::Other(other) => {
                matches!(
                    other.name.as_str(),
                    "run.completed" | "run.failed" | "run.cancelled"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Update {
        Update::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn an_unknown_event_or_value_is_no_error() {
        let ids =
            r#""run_id": "0197f9d2-6f3e-7000-8000-000000000001", "time": "2026-01-31T12:00:00Z""#;
        let known = parse(&format!(
            r#"{{"seq": 2, {ids}, "type": "run.started", "new": 1}}"#
        ));
        assert!(matches!(known, Update::Event(_)), "{known:?}");
        let unknown = parse(&format!(r#"{{"seq": 3, {ids}, "type": "node.paused"}}"#));
        assert!(matches!(&unknown, Update::Other(it) if it.name == "node.paused"));
        assert_eq!(unknown.seq(), Some(3));
        let reason = parse(&format!(
            r#"{{"seq": 4, {ids}, "type": "node.skipped", "node": "a", "path": "a", "reason": "new_reason"}}"#
        ));
        assert!(matches!(&reason, Update::Other(it) if it.json["reason"] == "new_reason"));
        assert!(matches!(
            parse(r#"{"type": "node.image", "url": "x"}"#),
            Update::Other(_)
        ));
        assert!(parse(r#"{"seq": 9, "type": "run.failed", "error": 7}"#).is_terminal());
        assert!(Update::parse(b"[]").is_err());
    }
}
