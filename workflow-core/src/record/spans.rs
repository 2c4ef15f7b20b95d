//! What a run was at, in short: a little timeline for lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most spans of a run; more of them are merged.
const MOST: usize = 20;

/// What a run was at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SpanState {
    /// It waited for its turn.
    Queued,
    /// It worked.
    Running,
    /// A step waited for its next attempt.
    Retrying,
    /// It waited for a person or a time, or its host had stopped.
    Waiting,
}

/// A period in which a run had one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Span {
    /// What it was at.
    pub state: SpanState,
    /// Milliseconds since the run was created.
    pub from_ms: u64,
    /// The same, of its end; of the last event, where the run is still at it.
    pub to_ms: u64,
}

impl Span {
    fn lasts(&self) -> u64 {
        self.to_ms.saturating_sub(self.from_ms)
    }
}

/// Lets the timeline reach this time, and be at something else from there on.
pub(crate) fn go_on(spans: &mut Vec<Span>, at_ms: u64, state: Option<SpanState>) {
    if let Some(last) = spans.last_mut() {
        last.to_ms = at_ms.max(last.to_ms);
    }
    let Some(state) = state else { return };
    if spans.last().is_some_and(|last| last.state == state) {
        return;
    }
    spans.push(Span {
        state,
        from_ms: at_ms,
        to_ms: at_ms,
    });
    if spans.len() > MOST {
        merge_shortest(spans);
    }
}

/// Gives the shortest span that is over to the longer one of its neighbours, and joins what is alike then.
fn merge_shortest(spans: &mut Vec<Span>) {
    let over = spans.len() - 1;
    let Some(shortest) = (0..over).min_by_key(|place| spans[*place].lasts()) else {
        return;
    };
    let before = shortest.checked_sub(1);
    let after = (shortest + 1 < over).then_some(shortest + 1);
    let longer = before
        .into_iter()
        .chain(after)
        .max_by_key(|place| spans[*place].lasts());
    if let Some(longer) = longer {
        spans[shortest].state = spans[longer].state;
    }
    spans.dedup_by(|later, earlier| {
        let alike = later.state == earlier.state;
        if alike {
            earlier.to_ms = later.to_ms;
        }
        alike
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuples(spans: &[Span]) -> Vec<(SpanState, u64, u64)> {
        let tuples = spans.iter();
        tuples
            .map(|span| (span.state, span.from_ms, span.to_ms))
            .collect()
    }

    #[test]
    fn spans_follow_each_other_without_gap() {
        let mut spans = Vec::new();
        go_on(&mut spans, 0, Some(SpanState::Queued));
        go_on(&mut spans, 5, Some(SpanState::Running));
        go_on(&mut spans, 7, None);
        go_on(&mut spans, 9, Some(SpanState::Running));
        go_on(&mut spans, 11, Some(SpanState::Waiting));
        go_on(&mut spans, 20, None);
        let expected = [
            (SpanState::Queued, 0, 5),
            (SpanState::Running, 5, 11),
            (SpanState::Waiting, 11, 20),
        ];
        assert_eq!(tuples(&spans), expected);
    }

    #[test]
    fn the_shortest_of_too_many_is_given_to_its_neighbour() {
        let mut spans = Vec::new();
        let mut at = 0;
        for n in 0..200 {
            let state = if n % 2 == 0 {
                SpanState::Running
            } else {
                SpanState::Retrying
            };
            go_on(&mut spans, at, Some(state));
            at += if n == 101 { 1_000 } else { 2 };
            assert!(spans.len() <= MOST);
        }
        go_on(&mut spans, at, None);
        assert_eq!((spans[0].from_ms, spans[spans.len() - 1].to_ms), (0, at));
        assert!(
            spans
                .windows(2)
                .all(|pair| pair[0].to_ms == pair[1].from_ms)
        );
        assert!(spans.windows(2).all(|pair| pair[0].state != pair[1].state));
        assert!(
            spans
                .iter()
                .any(|span| span.state == SpanState::Retrying && span.lasts() >= 1_000),
            "what lasted long stays"
        );
    }
}
