//! Notifications as payloads of NOTIFY.
//!
//! A payload has one notification per line, as JSON, which escapes line ends and U+0000. Engines of another version may
//! send lines that this one cannot read: they are skipped.

use workflow_core::fleet::Notification;
use workflow_sqlkit::{decoded, encoded};

use super::channel::Channel;

/// The most bytes of a payload. Postgres accepts fewer than 8,000.
const PAYLOAD_BYTES: usize = 7_500;

/// The most bytes of text in one notification, and the most of its JSON, in which a control character takes six.
const TEXT_BYTES: usize = 2_048;
const TEXT_JSON_BYTES: usize = 4_096;

/// Messages to send: channels and payloads, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Messages {
    pub(super) channels: Vec<String>,
    pub(super) payloads: Vec<String>,
}

impl Messages {
    /// The messages of notifications, as few as keep their order.
    pub(super) fn of(notifications: Vec<(Channel, Notification)>) -> Self {
        let mut messages = Self::default();
        let mut last = None;
        for (channel, notification) in notifications {
            for piece in pieces(notification) {
                let line = line(&piece);
                let joined = messages.payloads.last_mut().filter(|payload| {
                    last == Some(channel) && payload.len() + 1 + line.len() <= PAYLOAD_BYTES
                });
                if let Some(payload) = joined {
                    payload.push('\n');
                    payload.push_str(&line);
                } else {
                    messages.push(channel, line);
                }
                last = Some(channel);
            }
        }
        messages
    }

    /// A message of one line.
    pub(super) fn push(&mut self, channel: Channel, line: String) {
        self.channels.push(channel.to_string());
        self.payloads.push(line);
    }
}

/// A notification as a line. One that fits into no payload, by a very long path of its step, counts as lost.
fn line(notification: &Notification) -> String {
    let line = encoded(notification).ok();
    line.filter(|line| line.len() <= PAYLOAD_BYTES)
        .unwrap_or_else(|| encoded(&Notification::Lagged).unwrap_or_default())
}

/// The notifications of a payload.
pub(super) fn notifications(payload: &str) -> impl Iterator<Item = Notification> {
    payload
        .lines()
        .filter_map(|line| decoded(line.as_bytes()).ok())
}

/// A notification in pieces that fit into a payload each. Only text is ever too long.
fn pieces(notification: Notification) -> Vec<Notification> {
    let Notification::Text { to, text } = notification else {
        return vec![notification];
    };
    let mut next = text;
    let whole = std::mem::take(&mut next.delta.text);
    let (mut rest, mut pieces) = (whole.as_str(), Vec::new());
    loop {
        let (piece, later) = rest.split_at(piece_end(rest));
        let mut text = next.clone();
        text.delta.text.push_str(piece);
        pieces.push(Notification::Text { to, text });
        if later.is_empty() {
            return pieces;
        }
        let units = u64::try_from(piece.encode_utf16().count());
        next.delta.offset += units.unwrap_or(u64::MAX);
        rest = later;
    }
}

/// Where the first piece of a text ends. A piece has at least one character.
fn piece_end(text: &str) -> usize {
    let mut json_bytes = 0;
    for (start, character) in text.char_indices() {
        json_bytes += json_len(character);
        let end = start + character.len_utf8();
        if start > 0 && (end > TEXT_BYTES || json_bytes > TEXT_JSON_BYTES) {
            return start;
        }
    }
    text.len()
}

/// The most bytes of a character within a JSON string.
fn json_len(character: char) -> usize {
    match character {
        '"' | '\\' => 2,
        '\0'..' ' => 6,
        other => other.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use workflow_core::{
        RunId,
        event::Delta,
        fleet::{InstanceId, RemoteText},
    };

    use super::*;

    fn text(to: InstanceId, text: &str) -> (Channel, Notification) {
        let run = RunId::new();
        let delta = format!(
            r#"{{"type":"node.delta","run_id":"{run}","node":"write","path":"write","attempt":1,
                "kind":"text","delta":"","offset":7}}"#
        );
        let mut delta: Delta = decoded(delta.as_bytes()).unwrap();
        delta.text.push_str(text);
        let text = RemoteText::new(3, delta);
        (Channel::Engine(to), Notification::Text { to, text })
    }

    /// The pieces as they are received.
    fn sent(notification: (Channel, Notification)) -> Vec<Delta> {
        let messages = Messages::of(vec![notification]);
        let sizes = messages.payloads.iter().map(String::len);
        assert!(sizes.max() <= Some(PAYLOAD_BYTES));
        assert!(!messages.payloads.iter().any(|it| it.contains('\0')));
        let all = messages.payloads.iter().flat_map(|it| notifications(it));
        let texts = all.map(|notification| match notification {
            Notification::Text { text, .. } => text.delta,
            other => panic!("{other:?}"),
        });
        texts.collect()
    }

    #[test]
    fn long_text_is_sent_in_pieces() {
        for sample in [
            "x", "\0", "\u{1f}", "\"", "\\", "\n", "é", "日", "🦀", "a🦀\0",
        ] {
            let whole = sample.repeat(9_000);
            let pieces = sent(text(InstanceId::new(), &whole));
            assert!(pieces.len() > 4, "{sample:?}");
            let mut joined = String::new();
            for piece in pieces {
                let units = joined.encode_utf16().count();
                assert_eq!(piece.offset, 7 + units as u64, "{sample:?}");
                joined.push_str(&piece.text);
            }
            assert!(joined == whole, "{sample:?}");
        }
    }

    #[test]
    fn an_empty_text_is_sent() {
        assert_eq!(sent(text(InstanceId::new(), "")).len(), 1);
    }

    #[test]
    fn notifications_share_payloads_and_keep_their_order() {
        let (a, b) = (InstanceId::new(), InstanceId::new());
        let run = RunId::new();
        let appended = |last_seq| {
            let appended = Notification::Appended { run, last_seq };
            (Channel::All, appended)
        };
        let mut all: Vec<_> = (0..100).map(appended).collect();
        all.extend([
            text(a, "one"),
            text(a, "two"),
            text(b, "three"),
            appended(100),
        ]);
        let messages = Messages::of(all.clone());
        let names = [
            Channel::All,
            Channel::All,
            Channel::Engine(a),
            Channel::Engine(b),
            Channel::All,
        ];
        assert_eq!(messages.channels, names.map(|name| name.to_string()));
        let received: Vec<_> = messages
            .payloads
            .iter()
            .flat_map(|it| notifications(it))
            .collect();
        let expected: Vec<_> = all
            .into_iter()
            .map(|(_, notification)| notification)
            .collect();
        assert_eq!(received, expected);
    }

    #[test]
    fn a_notification_that_fits_into_no_payload_counts_as_lost() {
        let to = InstanceId::new();
        let (channel, mut notification) = text(to, "x");
        let path = format!("\"{}\"", "very_long/".repeat(800));
        let step = format!(r#"{{"node":"x","path":{path}}}"#);
        if let Notification::Text { text, .. } = &mut notification {
            text.delta.step = decoded(step.as_bytes()).unwrap();
        }
        let messages = Messages::of(vec![(channel, notification)]);
        let received: Vec<_> = notifications(&messages.payloads[0]).collect();
        assert_eq!(received, [Notification::Lagged]);
    }

    #[test]
    fn lines_of_another_version_are_skipped() {
        let payload = "{\"type\":\"later\"}\n{\"type\":\"lagged\"}\nno JSON\n";
        let received: Vec<_> = notifications(payload).collect();
        assert_eq!(received, [Notification::Lagged]);
    }
}
