//! The channels of Postgres on which engines notify each other.

use std::fmt;

use workflow_core::fleet::{InstanceId, Notification};

/// The names. Those of engines and probes begin with the first one.
const ALL: &str = "workflow_runner";
const ENGINE: &str = "_engine_";
const PROBE: &str = "_probe_";

/// A channel. Postgres delivers within one database, so the names need not contain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Channel {
    /// To all engines.
    All,
    /// To one engine: text of running steps.
    Engine(InstanceId),
    /// To one connection, by itself: whether notifications arrive.
    Probe(InstanceId),
}

impl Channel {
    /// Where a notification is sent.
    pub(super) fn of(notification: &Notification) -> Self {
        match notification {
            Notification::Text { to, .. } => Self::Engine(*to),
            _ => Self::All,
        }
    }

    /// The channel of this name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix(ALL)?;
        if rest.is_empty() {
            return Some(Self::All);
        }
        let engine = rest
            .strip_prefix(ENGINE)
            .map(|id| id.parse().map(Self::Engine));
        let probe = rest
            .strip_prefix(PROBE)
            .map(|id| id.parse().map(Self::Probe));
        engine.or(probe)?.ok()
    }
}

impl fmt::Display for Channel {
    /// A name has at most 63 bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str(ALL),
            Self::Engine(instance) => write!(f, "{ALL}{ENGINE}{instance}"),
            Self::Probe(connection) => write!(f, "{ALL}{PROBE}{connection}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_identifiers_of_postgres() {
        let id = InstanceId::new();
        for channel in [Channel::All, Channel::Engine(id), Channel::Probe(id)] {
            let name = channel.to_string();
            assert!(name.len() <= 63, "{name}");
            assert_eq!(Channel::parse(&name), Some(channel));
        }
    }
}
