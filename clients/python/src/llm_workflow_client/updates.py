"""The items of a run's stream, and the position of a reader."""

from __future__ import annotations

from typing import Any, TypeAlias

Update: TypeAlias = dict[str, Any]
"""An event or a piece of text, as the server sends it. `type` is its kind, such as `node.waiting` or `node.delta`; the API
reference at `/docs` has the fields of each."""

_ATTEMPT_BOUNDS = {"node.started", "node.retrying", "node.completed", "node.failed", "node.cancelled"}


def ends_run(update: Update) -> bool:
    """Whether it is the last event of its run."""
    return update.get("type") in ("run.completed", "run.failed", "run.cancelled")


class Gap(Exception):
    """Events between the last one and this one are missing."""


class Cursor:
    """The position of a reader: events have numbers without gaps, text has offsets within its attempt."""

    def __init__(self, after: int) -> None:
        self.after = after
        # Of running steps, by path and kind: the attempt, and the end of its text.
        self._texts: dict[tuple[str, str], tuple[int, int]] = {}

    def take(self, update: Update) -> Update | None:
        """What of an update is new; raises a `Gap`."""
        if update.get("type") == "node.delta":
            return self._take_delta(update)
        seq = update.get("seq")
        # An item of a newer server may have no number.
        if not isinstance(seq, int):
            return update
        if seq <= self.after:
            return None
        if seq > self.after + 1:
            raise Gap(f"event {seq} follows event {self.after}")
        self.after = seq
        # Each attempt writes its text from the beginning, also one that repeats a number after a crash.
        if update.get("type") in _ATTEMPT_BOUNDS:
            for kind in ("text", "thought"):
                self._texts.pop((update["path"], kind), None)
        return update

    def _take_delta(self, delta: Update) -> Update | None:
        """The part of a piece that the reader does not have: after a reconnect, text comes from its beginning."""
        key = (delta["path"], delta["kind"])
        attempt, end = self._texts.get(key, (0, 0))
        if attempt != delta["attempt"]:
            end = 0
        # Offsets count UTF-16 code units.
        units = delta["delta"].encode("utf-16-le")
        repeated = max(0, end - delta["offset"])
        if 2 * repeated >= len(units):
            return None
        self._texts[key] = (delta["attempt"], delta["offset"] + len(units) // 2)
        if repeated == 0:
            return delta
        return {**delta, "offset": end, "delta": units[2 * repeated :].decode("utf-16-le", "replace")}
