//! Maps: the body once for each item.

use std::sync::Arc;

use serde_json::Value;

use super::{
    FrameId, Machine, StepId, Turn,
    container::{Container, Items},
    frame::Frame,
};
use crate::{
    control::{MapNode, OnItemError},
    error::{NodeError, Problem},
    event::{EventKind, NodeProgress, Progress},
    scope::Scope,
    size::{self, MAX_RESULT_BYTES},
    spec::kind_of,
    template::{Budget, List},
    workflow::{Body, Work},
};

impl Machine {
    fn map(&self, step: StepId) -> Option<(&MapNode, &Arc<Body>)> {
        match &self.frames.planned(step).work {
            Work::Map(map, body) => Some((map, body)),
            _ => None,
        }
    }

    fn items(&mut self, step: StepId) -> Option<&mut Items> {
        match self.frames.step_mut(step).container.as_deref_mut() {
            Some(Container::Map(items)) => Some(items),
            _ => None,
        }
    }

    /// Whether a failing item of this step is no failure of the step.
    pub(super) fn forgives_items(&self, step: StepId) -> bool {
        let map = self.map(step);
        map.is_some_and(|(map, _)| map.on_item_error == OnItemError::Null)
    }

    pub(super) fn open_map(&mut self, step: StepId, turn: &mut Turn) {
        let found = self.find_items(step, self.limits.map_items);
        let items = self.items(step).map_or(0, |items| items.count());
        if let Err(error) = found.and_then(|()| self.bound_map(step, items)) {
            return self.fail(step, error.into_problem(), turn);
        }
        self.emit_items(step, None, 0, items, turn);
        self.advance_map(step, turn);
    }

    /// Evaluates what a map is over: at most this many items.
    pub(super) fn find_items(&mut self, step: StepId, most: usize) -> Result<(), NodeError> {
        let Some((map, _)) = self.map(step) else {
            return Ok(());
        };
        let scope = &self.frames.at(step.frame).scope;
        let mut budget = Budget::of(MAX_RESULT_BYTES);
        let items = match map.over.evaluate_list(scope, most, &mut budget)? {
            List::Items(items) if items.len() <= most => items,
            List::Items(items) => return Err(too_many_items(items.len(), most)),
            List::TooLong(items) => return Err(too_many_items(items, most)),
            List::Other(other) => {
                let detail = format!("`over` is not a list but {}", kind_of(&other));
                return Err(NodeError::new("type_error", detail));
            }
        };
        let items = Items::new(items);
        self.frames.charge(step.frame, items.memory);
        let container = Container::Map(items);
        self.frames.step_mut(step).container = Some(Box::new(container));
        Ok(())
    }

    /// Refuses a map that would make too many events, before its first item.
    fn bound_map(&self, step: StepId, items: usize) -> Result<(), NodeError> {
        // Two for each node of the body, and one for the item.
        let nodes = self.map(step).map_or(0, |(_, body)| body.steps.len());
        let events = (items as u64).saturating_mul(2 * nodes as u64 + 1);
        if self.is_full_with(events) {
            let most = self.limits.events;
            let detail = format!(
                "{items} items of {nodes} nodes make more events than a run may have, {most}"
            );
            return Err(NodeError::new("too_many_events", detail));
        }
        Ok(())
    }

    /// Begins as many items as may be under way; ends the map when all are done.
    pub(super) fn advance_map(&mut self, step: StepId, turn: &mut Turn) {
        let most = self.map(step).map_or(0, |(map, _)| map.concurrency);
        // Where no more frames may be open, an item that ends makes room for the next.
        while let Some(items) = self.items(step)
            && items.open.len() < most
            && self.may_open_frame()
            && self.begin_item(step).is_some()
        {}
        let Some(items) = self.items(step).filter(|items| items.open.is_empty()) else {
            return;
        };
        if !items.is_done() {
            if let Err(error) = self.check_frames() {
                self.fail(step, error.into_problem(), turn);
            }
            return;
        }
        let results = Arc::new(items.take_results());
        self.complete(step, results, None, turn);
    }

    /// Begins the next item.
    pub(super) fn begin_item(&mut self, step: StepId) -> Option<FrameId> {
        let items = self.items(step)?;
        let before = items.memory;
        let (index, item) = items.next()?;
        let taken = before - items.memory;
        self.frames.credit(step.frame, taken);
        let (map, body) = self.map(step)?;
        let outer = self.frames.at(step.frame);
        let (nodes, item) = (body.steps.len(), Arc::new(item));
        let scope = Scope::of_item(&outer.scope, &body.variables, nodes, &map.item, index, item);
        let place = outer.names[step.node()].path().within(index);
        let names = body.steps_within(&place);
        let frame = Frame::new(body, scope, names, Some((step, index)));
        let id = self.open_frame(frame);
        self.frames.charge(id, 2 * taken);
        self.items(step)?.open.insert(index, id);
        Some(id)
    }

    /// The frame of an item, which is begun if it was not yet. In replay: items begin in order.
    pub(super) fn item_frame(&mut self, step: StepId, item: usize) -> Option<FrameId> {
        while self.items(step)?.next_index() <= item {
            self.begin_item(step)?;
        }
        self.items(step)?.open.get(&item).copied()
    }

    /// An item is through, with a result or without.
    pub(super) fn item_done(&mut self, step: StepId, item: usize, turn: &mut Turn) {
        let bytes = size::bytes(&self.item_result(step, item));
        let Some(items) = self.items(step) else {
            return;
        };
        if items.bytes + bytes > MAX_RESULT_BYTES {
            let detail = format!("the results have more than {MAX_RESULT_BYTES} bytes");
            self.cancel_inside(step, "sibling_failed", turn);
            return self.fail(step, Problem::new("output_too_large", detail), turn);
        }
        let (done, count) = (items.done + 1, items.count());
        self.emit_items(step, Some(item), done, count, turn);
        self.advance_map(step, turn);
    }

    fn emit_items(
        &mut self,
        step: StepId,
        item: Option<usize>,
        items_done: usize,
        items: usize,
        turn: &mut Turn,
    ) {
        let progress = NodeProgress {
            step: self.step_ref(step),
            progress: Progress::Items {
                items_done,
                items,
                item,
            },
        };
        self.emit(Some(step), EventKind::NodeProgress(progress), turn);
    }

    /// What an item gives: `null` if it failed.
    fn item_result(&mut self, step: StepId, item: usize) -> Arc<Value> {
        let open = self
            .items(step)
            .and_then(|items| items.open.get(&item).copied());
        let settled = open.filter(|frame| self.frames.at(*frame).failure.is_none());
        settled
            .and_then(|frame| self.result(frame).ok())
            .unwrap_or_default()
    }

    /// Takes in that an item is done.
    pub(super) fn close_item(&mut self, step: StepId, item: usize) {
        let result = self.item_result(step, item);
        let Some(items) = self.items(step) else {
            return;
        };
        let before = items.memory;
        if let Some(frame) = items.finish(item, result) {
            let taken = items.memory - before;
            self.frames.charge(step.frame, taken);
            self.frames.remove(frame);
        }
    }
}

fn too_many_items(items: usize, most: usize) -> NodeError {
    let detail = format!("the map has {items} items, at most {most} are allowed");
    NodeError::new("too_many_items", detail)
}
