//! Maps: the body once per item.
//!
//! Items begin in order, at most `concurrency` at a time, and end in any order. An item that ended keeps its result, not its
//! frame.
//!
//! The log of a map: `node.started`, a `node.progress` with the number of items, one with each item that ends, and
//! `node.completed`. Only counts and indices are logged, not the items: they are evaluated once more in replay,
//! from the same values.

use std::{cell::OnceCell, sync::Arc};

use serde_json::Value;

use super::{Changes, Control, DoesNotFit, Next, Segments, State, View};
use crate::{
    error::{NodeError, Problem},
    event::Progress,
    machine::{
        frame::Frame,
        ids::Place,
        items::{Items, MapState},
    },
    node::OnItemError,
    template::{Budget, List, Scope},
    value::{MAX_RESULT_BYTES, size},
    workflow::{PlannedMap, kind_of},
};

impl Control for PlannedMap {
    fn begin(&self, step: &mut Changes<'_>) {
        step.hold(State::Map(MapState::Begun(OnceCell::new())));
    }

    /// The number of items is known, or an item ended. Then as many items begin as may be open.
    fn progress(&self, step: &mut Changes<'_>, progress: Progress) -> Result<(), DoesNotFit> {
        let Progress::Items { items, item, .. } = progress else {
            return Err(DoesNotFit);
        };
        match item {
            None => self.know_items(step, items)?,
            Some(item) => close_item(step, item, items)?,
        }
        // In the transition and not in a decision: an item's frame must exist before the first event of one of its
        // steps.
        while step.frames.may_open() && self.may_begin_item(step) && self.begin_item(step).is_some()
        {
        }
        Ok(())
    }

    /// The items begin here although this host would have limited them. They stay open and continue, so a host with
    /// a lower limit may have more frames open than it permits, until they end.
    fn reopen(&self, step: &mut Changes<'_>, item: Place) -> Result<(), DoesNotFit> {
        // Items begin in order, so an event of item 5 proves that those before it have begun.
        while items(step)?.next_index() <= item {
            self.begin_item(step).ok_or(DoesNotFit)?;
        }
        let is_open = step
            .container()
            .is_some_and(|it| it.frames.contains_key(&item));
        is_open.then_some(()).ok_or(DoesNotFit)
    }

    fn descend(&self, path: &mut Segments<'_>) -> Option<Place> {
        path.next()?.parse().ok()
    }

    fn next(&self, step: &View<'_>) -> Next {
        let Some(container) = step.container() else {
            return Next::Rest;
        };
        let items = match &container.state {
            State::Map(MapState::Begun(found)) => return self.announce(step, found),
            State::Map(MapState::Items(items)) => items,
            _ => return Next::Rest,
        };
        if let Some(output) = &items.output {
            return Next::Complete(Arc::clone(output), None);
        }
        // No output and no open item: not a single item could begin, because other frames use the whole limit. The
        // map fails rather than waits, since nothing would wake it.
        if !container.frames.is_empty() {
            return Next::Rest;
        }
        match step.limits.check_frames(step.frames.open()) {
            Ok(()) => Next::Rest,
            Err(error) => Next::fail(error.into_problem()),
        }
    }

    fn frame_settled(&self, step: &View<'_>, item: Place, _result: &Arc<Value>) -> Next {
        item_done(step, item)
    }

    fn frame_failed(&self, step: &View<'_>, item: Place, error: Arc<Problem>) -> Next {
        match self.node.on_item_error {
            OnItemError::Null => item_done(step, item),
            OnItemError::Fail => Next::Fail(error),
        }
    }
}

impl PlannedMap {
    /// Evaluates `over` to at most `most` items.
    fn evaluate(&self, scope: &Arc<Scope>, most: usize) -> Result<Vec<Value>, NodeError> {
        let mut budget = Budget::of(MAX_RESULT_BYTES);
        match self.node.over.evaluate_list(scope, most, &mut budget)? {
            List::Items(items) if items.len() <= most => Ok(items),
            List::Items(items) => Err(too_many_items(items.len(), most)),
            List::TooLong(items) => Err(too_many_items(items, most)),
            List::Other(other) => {
                let detail = format!("`over` is not a list but {}", kind_of(&other));
                Err(NodeError::new("type_error", detail))
            }
        }
    }

    /// Decides on the event with the number of items.
    ///
    /// The items are evaluated here, in a decision, and left in the cell for the transition, so that `over` is
    /// evaluated once. In replay, the transition finds the cell empty and evaluates.
    fn announce(&self, step: &View<'_>, found: &OnceCell<Vec<Value>>) -> Next {
        let count = match found.get() {
            Some(items) => Ok(items.len()),
            None => self
                .evaluate(step.scope(), step.limits.map_items)
                .map(|items| {
                    let count = items.len();
                    _ = found.set(items);
                    count
                }),
        };
        match count.and_then(|count| self.check_events(step, count).map(|()| count)) {
            Ok(items) => step.progress(Progress::Items {
                items_done: 0,
                items,
                item: None,
            }),
            Err(error) => Next::fail(error.into_problem()),
        }
    }

    /// Refuses a map that would make too many events, before its first item.
    ///
    /// The estimate is a lower bound: retries and nested containers make more. It prevents that a run works through
    /// most of a large map and then fails at its limit.
    fn check_events(&self, step: &View<'_>, items: usize) -> Result<(), NodeError> {
        // Two for each node of the body, and one for the item.
        let nodes = self.body.steps.len();
        let events = (items as u64).saturating_mul(2 * nodes as u64 + 1);
        if step.limits.are_full_with(events, step.events_at_end) {
            let most = step.limits.events;
            let detail = format!(
                "{items} items of {nodes} nodes make more events than a run may have, {most}"
            );
            return Err(NodeError::new("too_many_events", detail));
        }
        Ok(())
    }

    /// Applies the number of items. A list with another length is a misfit: the log belongs to other values.
    fn know_items(&self, step: &mut Changes<'_>, count: usize) -> Result<(), DoesNotFit> {
        let found = match step.container_mut().map(|it| &mut it.state) {
            Some(State::Map(MapState::Begun(found))) => found.take(),
            _ => return Err(DoesNotFit),
        };
        let found = match found {
            Some(found) => found,
            // In replay: as many items as the log says, whatever the limit of this host is.
            None => (self.evaluate(&step.outer().scope, count)).map_err(|_| DoesNotFit)?,
        };
        if found.len() != count {
            return Err(DoesNotFit);
        }
        let mut items = Items::new(found);
        items.collect_if_done();
        step.charge(items.memory);
        if let Some(container) = step.container_mut() {
            container.state = State::Map(MapState::Items(items));
        }
        Ok(())
    }

    fn may_begin_item(&self, step: &Changes<'_>) -> bool {
        let open = step.container().map_or(0, |it| it.frames.len());
        open < self.node.concurrency
    }

    /// Begins the next item. `None` if all have begun.
    ///
    /// The memory of an item moves from the list to its frame, and doubles, since templates of the frame read a
    /// converted copy.
    fn begin_item(&self, step: &mut Changes<'_>) -> Option<()> {
        let items = items(step).ok()?;
        let index = items.next_index();
        let before = items.memory;
        let item = items.next()?;
        let taken = before - items.memory;
        step.credit(taken);
        let outer = step.outer();
        let scope = Scope::of_item(
            &outer.scope,
            &self.body.variables,
            self.body.steps.len(),
            &self.node.item,
            index,
            Arc::new(item),
        );
        let path = outer.names.path(step.step.node());
        let names = self.body.steps_within(&path.within(index));
        let frame = step.open(index, &self.body, names, scope);
        step.frames.charge(frame, 2 * taken);
        Some(())
    }
}

fn items<'a>(step: &'a mut Changes<'_>) -> Result<&'a mut Items, DoesNotFit> {
    match step.container_mut().map(|it| &mut it.state) {
        Some(State::Map(MapState::Items(items))) => Ok(items),
        _ => Err(DoesNotFit),
    }
}

/// Stores the result of an item and closes its frame.
fn close_item(step: &mut Changes<'_>, item: Place, count: usize) -> Result<(), DoesNotFit> {
    // The result is computed before the frame is closed, and not taken from the event: the log does not contain it.
    let frame = step.container().and_then(|it| it.frames.get(&item));
    let frame = step.frames.at(*frame.ok_or(DoesNotFit)?);
    if !frame.is_finished() {
        return Err(DoesNotFit);
    }
    let result = item_result(frame);
    let items = items(step)?;
    if items.count != count {
        return Err(DoesNotFit);
    }
    let before = items.memory;
    items.finish(item, result);
    let taken = items.memory - before;
    items.collect_if_done();
    step.charge(taken);
    step.close(item);
    Ok(())
}

/// Decides on the event of an item that ended, with or without a result.
///
/// The size of all results, this one included, is checked before the event is written.
fn item_done(step: &View<'_>, item: Place) -> Next {
    let (Some(container), Some(frame)) = (step.container(), step.frame(item)) else {
        return Next::Rest;
    };
    let State::Map(MapState::Items(items)) = &container.state else {
        return Next::Rest;
    };
    if items.bytes + size::bytes(&item_result(frame)) > MAX_RESULT_BYTES {
        let detail = format!("the results have more than {MAX_RESULT_BYTES} bytes");
        return Next::fail(Problem::new("output_too_large", detail));
    }
    step.progress(Progress::Items {
        items_done: items.done + 1,
        items: items.count,
        item: Some(item),
    })
}

/// The result of an item; `null` if it failed. `frame.result(None)`: the body of a map has no `output` of its own.
fn item_result(frame: &Frame) -> Arc<Value> {
    let is_settled = frame.failure.is_none() && frame.unsettled == 0;
    let result = is_settled.then(|| frame.result(None).ok()).flatten();
    result.unwrap_or_default()
}

fn too_many_items(items: usize, most: usize) -> NodeError {
    let detail = format!("the map has {items} items, at most {most} are allowed");
    NodeError::new("too_many_items", detail)
}
