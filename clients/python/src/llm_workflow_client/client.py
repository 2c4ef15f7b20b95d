"""The blocking client."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Literal

import httpx

from . import exchange
from .backoff import Backoff
from .errors import WorkflowError
from .exchange import UNCHANGED, Call, Following, Times
from .updates import Update, ends_run


class WorkflowClient:
    """A client of one workflow server.

    Use it with `with`, or call `close`. Threads may share it.

    - `base_url`: where the server is, such as `http://127.0.0.1:8000`.
    - `api_key`: sent as `authorization: Bearer`.
    - `retry_for`: how many seconds a request or stream is retried without success; 0: never.
    - `request_time`: how many seconds the server may take to connect, and for each part of a response.
    - `silence`: after so many seconds without a byte, a stream is opened again. The server sends a heartbeat every 5 s by default.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        *,
        retry_for: float = 60.0,
        request_time: float = 30.0,
        silence: float = 30.0,
    ) -> None:
        self._times = Times(retry_for, request_time, silence)
        self._http = httpx.Client(**exchange.settings(base_url, api_key, self._times))

    def close(self) -> None:
        """Closes the connections. Runs continue."""
        self._http.close()

    def __enter__(self) -> WorkflowClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def create_workflow(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Stores a workflow. It is not repeated after a lost response, since that could store it twice."""
        return self._call(exchange.create_workflow(spec))

    def start(
        self,
        workflow_id: str,
        input: Any,
        *,
        version: int | None = None,
        metadata: Any = None,
        budget: dict[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Starts a run.

        The same `idempotency_key` and input always give the same run of a workflow. Without one, each call has a new key, so
        that a lost response never starts two runs. `budget` is the most that the run may use, such as
        `{"usd": 0.5, "calls": 10, "when_exceeded": "ask"}`; that of the workflow holds, too.
        """
        return self._call(exchange.start(workflow_id, input, version, metadata, budget, idempotency_key))

    def retry(
        self,
        run_id: str,
        *,
        reuse: Literal["unchanged"] | None = None,
        from_: str | None = None,
        only: str | None = None,
        overrides: dict[str, Any] | None = None,
        input: Any = UNCHANGED,
        version: int | None = None,
        budget: dict[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Does an ended run again, as a new one: all of it, or as much as the arguments say.

        - `reuse`: each step that would do what a step of the earlier run did takes over its result.
        - `from_`: the top-level node to begin with. With `reuse`: the node that runs again in any case.
        - `only`: the path of the only step to run, with the results before it taken over. Its output is that of the run.
        - `overrides`: outputs that are set instead of running steps, by the path of the step. Other steps that may act outside
          of the run then wait until a person has decided about each.
        - `input`, `version`, `budget`: those of the earlier run by default. `None` is an input.
        - `idempotency_key`: the same key and arguments always give the same run.
        """
        options = exchange.retry_body(reuse, from_, only, overrides, input, version, budget)
        return self._call(exchange.retry(run_id, options, idempotency_key))

    def predict(
        self, workflow_id: str, input: Any, *, version: int | None = None, budget: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """What a run with these arguments would do and cost. Nothing is started."""
        return self._call(exchange.predict(workflow_id, input, version, budget))

    def predict_retry(
        self,
        run_id: str,
        *,
        reuse: Literal["unchanged"] | None = None,
        from_: str | None = None,
        only: str | None = None,
        overrides: dict[str, Any] | None = None,
        input: Any = UNCHANGED,
        version: int | None = None,
        spec: dict[str, Any] | None = None,
        budget: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """What `retry` with these arguments would do and cost: which results it would take over. Nothing is started.

        `spec` is a workflow that is not stored, in the place of that of `version`.
        """
        options = exchange.retry_body(reuse, from_, only, overrides, input, version, budget)
        return self._call(exchange.predict_retry(run_id, options, spec))

    def diff(self, run_id: str, other_id: str) -> dict[str, Any]:
        """What differs between two runs: their inputs, steps and results."""
        return self._call(exchange.diff(run_id, other_id))

    def evaluate(self, run_id: str, at: str, expression: str) -> Any:
        """The value of an expression, such as `draft.output | length`, with what the step at the path `at` could read."""
        return (self._call(exchange.evaluate(run_id, at, expression)))["value"]

    def follow(self, run_id: str, *, after: int = 0) -> Iterator[Update]:
        """The events and texts of a run after event number `after`, to its last event: each event exactly once and in order,
        each piece of text once.

        When the connection is lost or silent, it reconnects after the last event. It raises a `WorkflowError` if that is
        refused, or not possible within `retry_for`. While the run waits for a person or a time, the iterator waits, too. Closing
        the iterator closes the connection; the run continues.
        """
        following = Following(run_id, after, self._times)
        while not following.has_ended:
            try:
                yield from self._connection(following)
            except WorkflowError as error:
                time.sleep(following.failed(error))

    def result(self, run_id: str) -> Any:
        """Waits until a run ends, and returns its output. Raises a `WorkflowError` if it failed or was cancelled."""
        for update in self.follow(run_id):
            if ends_run(update):
                return exchange.result(run_id, update)
        raise exchange.no_result(run_id)

    def run(self, run_id: str) -> dict[str, Any]:
        """The state of a run, with its steps and open questions."""
        return self._call(exchange.run(run_id))

    def answer(self, run_id: str, step: str, value: Any) -> dict[str, Any]:
        """Answers the step that waits for a person. `step` is its id, or its path if it is in a map, loop or called workflow,
        such as `each/2/approve`.
        """
        return self.answer_wait(run_id, exchange.wait_of(self.run(run_id), step), value)

    def answer_wait(self, run_id: str, wait_id: str, value: Any) -> dict[str, Any]:
        """Answers a wait, which the event `node.waiting` names. The same answer may be repeated."""
        return self._call(exchange.answer_wait(run_id, wait_id, value))

    def cancel(self, run_id: str) -> dict[str, Any]:
        """Cancels a run. Cancelling an ended run changes nothing."""
        return self._call(exchange.cancel(run_id))

    def _call(self, call: Call) -> dict[str, Any]:
        backoff = Backoff(self._times.retry_for)
        while True:
            try:
                try:
                    response = self._http.request(**call.arguments())
                except httpx.RequestError as error:
                    raise exchange.lost(call.attempt, error) from error
                return exchange.parsed(call.attempt, response)
            except WorkflowError as error:
                if not call.may_repeat(error):
                    raise
                time.sleep(backoff.failed(error))

    def _connection(self, following: Following) -> Iterator[Update]:
        """The updates of one connection."""
        try:
            with self._http.stream("GET", following.url, headers=following.headers(), timeout=following.timeout) as response:
                if not response.is_success:
                    response.read()
                exchange.check(following.attempt, response)
                following.opened(response)
                for piece in response.iter_raw():
                    yield from following.take(piece)
                    if following.has_ended:
                        return
        except httpx.RequestError as error:
            raise exchange.lost(following.attempt, error) from error
        if not following.has_ended:
            raise following.broke_off()
