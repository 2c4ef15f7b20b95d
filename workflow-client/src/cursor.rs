//! The position of a reader: which events and which text it has.

use std::collections::HashMap;

use workflow_core::{
    EventKind,
    event::{Delta, TextKind},
    value::StepPath,
};

use crate::update::Update;

/// The position of a reader in a run. Events have numbers without gaps; text has offsets within its attempt.
#[derive(Debug)]
pub(crate) struct Cursor {
    after: u64,
    /// Only steps that are running: the end of a step removes its texts.
    texts: HashMap<(StepPath, TextKind), Text>,
}

#[derive(Clone, Copy, Debug)]
struct Text {
    attempt: u32,
    utf16_units: u64,
}

/// Events between the last one and this one are missing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {found} follows event {after}")]
pub(crate) struct Gap {
    after: u64,
    found: u64,
}

impl Cursor {
    pub(crate) fn at(after: u64) -> Self {
        Self {
            after,
            texts: HashMap::new(),
        }
    }

    /// The number of the last event.
    pub(crate) fn after(&self) -> u64 {
        self.after
    }

    /// What of an update is new.
    ///
    /// # Errors
    /// [`Gap`]. The cursor has not moved.
    pub(crate) fn take(&mut self, update: Update) -> Result<Option<Update>, Gap> {
        let after = self.after;
        match update.seq() {
            Some(seq) if seq <= after => return Ok(None),
            Some(found) if found > after + 1 => return Err(Gap { after, found }),
            Some(seq) => self.after = seq,
            None => {}
        }
        Ok(match update {
            Update::Delta(delta) => self.take_delta(delta).map(Update::Delta),
            Update::Event(event) => {
                // Each attempt writes its text from the beginning, also one that repeats a number after a crash.
                if let Some(step) = event.step().filter(|_| starts_or_ends_attempt(&event.kind)) {
                    for kind in [TextKind::Text, TextKind::Thought] {
                        self.texts.remove(&(step.path().clone(), kind));
                    }
                }
                Some(Update::Event(event))
            }
            other @ Update::Other(_) => Some(other),
        })
    }

    /// The part of a piece that follows what the reader has. After a reconnect the server sends the text of running steps
    /// from its beginning.
    fn take_delta(&mut self, mut delta: Delta) -> Option<Delta> {
        let key = (delta.step.path().clone(), delta.kind);
        let known = self.texts.get(&key);
        let known = known.filter(|text| text.attempt == delta.attempt);
        let mut repeated = known
            .map_or(0, |text| text.utf16_units)
            .saturating_sub(delta.offset);
        let mut cut = 0;
        for character in delta.text.chars() {
            if repeated == 0 {
                break;
            }
            cut += character.len_utf8();
            let units = character.len_utf16() as u64;
            delta.offset += units;
            repeated = repeated.saturating_sub(units);
        }
        delta.text.drain(..cut);
        if delta.text.is_empty() {
            return None;
        }
        let text = Text {
            attempt: delta.attempt,
            utf16_units: delta.offset + delta.text.encode_utf16().count() as u64,
        };
        self.texts.insert(key, text);
        Some(delta)
    }
}

fn starts_or_ends_attempt(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::NodeStarted(_)
            | EventKind::NodeRetrying(_)
            | EventKind::NodeCompleted(_)
            | EventKind::NodeFailed(_)
            | EventKind::NodeCancelled(_)
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn update(mut fields: Value) -> Update {
        fields["run_id"] = json!("0197f9d2-6f3e-7000-8000-000000000001");
        Update::parse(fields.to_string().as_bytes()).unwrap()
    }

    fn event(seq: u64, name: &str) -> Update {
        update(
            json!({"seq": seq, "type": name, "time": "2026-01-31T12:00:00Z", "node": "a", "path": "a",
                       "attempt": 1, "max_attempts": 1, "output": 1, "duration_ms": 1}),
        )
    }

    fn delta(attempt: u32, offset: u64, text: &str) -> Update {
        update(
            json!({"type": "node.delta", "node": "a", "path": "a", "attempt": attempt,
                       "kind": "text", "offset": offset, "delta": text}),
        )
    }

    fn text(taken: Option<Update>) -> Option<(u64, String)> {
        taken.map(|update| match update {
            Update::Delta(delta) => (delta.offset, delta.text),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn each_event_is_taken_once_and_a_gap_is_an_error() {
        let mut cursor = Cursor::at(4);
        assert_eq!(cursor.take(event(4, "node.started")), Ok(None));
        assert!(cursor.take(event(5, "node.started")).unwrap().is_some());
        assert_eq!(
            cursor.take(event(7, "node.completed")),
            Err(Gap { after: 5, found: 7 })
        );
        assert_eq!(cursor.after(), 5);
        assert!(cursor.take(event(6, "node.completed")).unwrap().is_some());
    }

    #[test]
    fn repeated_text_is_cut_by_utf16_units() {
        let mut cursor = Cursor::at(0);
        let mut take = |update| text(cursor.take(update).unwrap());
        assert_eq!(take(delta(1, 0, "a🌊")), Some((0, "a🌊".into())));
        assert_eq!(take(delta(1, 0, "a🌊")), None);
        assert_eq!(take(delta(1, 0, "a🌊b")), Some((3, "b".into())));
        assert_eq!(take(delta(1, 1, "🌊bc")), Some((4, "c".into())));
        assert_eq!(take(delta(1, 5, "d")), Some((5, "d".into())));
        assert_eq!(take(delta(2, 0, "a")), Some((0, "a".into())));
    }

    #[test]
    fn a_new_attempt_with_the_same_number_starts_its_text_anew() {
        let mut cursor = Cursor::at(0);
        cursor.take(event(1, "node.started")).unwrap();
        cursor.take(delta(1, 0, "Tides")).unwrap();
        cursor.take(event(2, "node.started")).unwrap();
        assert_eq!(
            text(cursor.take(delta(1, 0, "Ti")).unwrap()),
            Some((0, "Ti".into()))
        );
        cursor.take(event(3, "node.completed")).unwrap();
        assert!(cursor.texts.is_empty());
    }
}
