//! A coarse timeline of a run, for lists. Its size is bounded, so that records stay small.
//!
//! It is folded with each event, so it cannot look back at the log. A run that alternates often loses detail, and
//! keeps the total length and the order of its longest states.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most spans of a run. Beyond that, the shortest are merged into their neighbours.
const MAX_SPANS: usize = 20;

/// The state of a run in a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SpanState {
    /// It waited for admission.
    Queued,
    /// It was executed.
    Running,
    /// It was executed, and a step waited for its next attempt.
    Retrying,
    /// It was suspended until an answer or a time, or its host had stopped.
    Waiting,
}

/// A period in which a run had one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Span {
    /// The state.
    pub state: SpanState,
    /// The start of the span, in milliseconds since the run was created.
    pub from_ms: u64,
    /// The end of the span, likewise; the time of the last event if the run is still in this state.
    pub to_ms: u64,
}

impl Span {
    fn duration(&self) -> u64 {
        self.to_ms.saturating_sub(self.from_ms)
    }
}

/// Extends the timeline to `at_ms`, and starts a new span there if `state` is another one.
pub(crate) fn extend(spans: &mut Vec<Span>, at_ms: u64, state: Option<SpanState>) {
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
    if spans.len() > MAX_SPANS {
        merge_shortest(spans);
    }
}

/// Gives the shortest span the state of its longer neighbour, then joins adjacent spans of the same state. The last span
/// has not ended, so it is neither the shortest nor a neighbour.
fn merge_shortest(spans: &mut Vec<Span>) {
    let ended = spans.len() - 1;
    let Some(shortest) = (0..ended).min_by_key(|place| spans[*place].duration()) else {
        return;
    };
    let before = shortest.checked_sub(1);
    let after = (shortest + 1 < ended).then_some(shortest + 1);
    let longer = before
        .into_iter()
        .chain(after)
        .max_by_key(|place| spans[*place].duration());
    if let Some(longer) = longer {
        spans[shortest].state = spans[longer].state;
    }
    spans.dedup_by(|later, earlier| {
        let same = later.state == earlier.state;
        if same {
            earlier.to_ms = later.to_ms;
        }
        same
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
        extend(&mut spans, 0, Some(SpanState::Queued));
        extend(&mut spans, 5, Some(SpanState::Running));
        extend(&mut spans, 7, None);
        extend(&mut spans, 9, Some(SpanState::Running));
        extend(&mut spans, 11, Some(SpanState::Waiting));
        extend(&mut spans, 20, None);
        let expected = [
            (SpanState::Queued, 0, 5),
            (SpanState::Running, 5, 11),
            (SpanState::Waiting, 11, 20),
        ];
        assert_eq!(tuples(&spans), expected);
    }

    #[test]
    fn the_shortest_span_is_merged_into_its_neighbour_at_the_limit() {
        let mut spans = Vec::new();
        let mut at = 0;
        for n in 0..200 {
            let state = if n % 2 == 0 {
                SpanState::Running
            } else {
                SpanState::Retrying
            };
            extend(&mut spans, at, Some(state));
            at += if n == 101 { 1_000 } else { 2 };
            assert!(spans.len() <= MAX_SPANS);
        }
        extend(&mut spans, at, None);
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
                .any(|span| span.state == SpanState::Retrying && span.duration() >= 1_000),
            "long spans are kept"
        );
    }
}
