"""Requests and responses without input and output: what the blocking and the asynchronous client share."""

from __future__ import annotations

import email.utils
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from .backoff import Backoff
from .errors import WorkflowError, protocol, unreachable
from .frames import Frames, TooLarge
from .updates import Cursor, Gap, Update, ends_run

_MAX_EXCERPT = 200
"""The most characters of a response that is no problem document, in an error."""


@dataclass(frozen=True)
class Times:
    """The times of a client, in seconds."""

    retry_for: float
    request: float
    silence: float


@dataclass(frozen=True)
class Call:
    """A request that can be sent several times."""

    method: str
    path: str
    """Below `api/`."""
    attempt: str
    """What is attempted, for errors."""
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    is_repeatable: bool = True
    """Not if a repeated request after a lost response would have its effect twice."""

    def arguments(self) -> dict[str, Any]:
        """The arguments of `httpx.Client.request`."""
        arguments: dict[str, Any] = {"method": self.method, "url": f"api/{self.path}", "headers": self.headers}
        if self.method != "GET":
            arguments["content"] = json.dumps(self.json).encode()
            arguments["headers"] = {"content-type": "application/json", **self.headers}
        return arguments

    def may_repeat(self, error: WorkflowError) -> bool:
        return self.is_repeatable or error.status in (429, 503)


def settings(base_url: str, api_key: str | None, times: Times) -> dict[str, Any]:
    """The arguments of `httpx.Client`. Redirects are not followed: inputs must not go to a host that the caller has not named."""
    headers = {"accept": "application/json"}
    if api_key is not None:
        headers["authorization"] = f"Bearer {_checked(api_key)}"
    # Each stream holds a connection, so the number of runs that are followed must not be limited by a pool.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    return {"base_url": base_url, "headers": headers, "timeout": times.request, "limits": limits, "follow_redirects": False}


def _checked(api_key: str) -> str:
    """The key without the white space of a paste. An error of `httpx` would show it, so it is checked here."""
    key = api_key.strip()
    if not key or not all(" " < character <= "~" for character in key):
        raise ValueError("the API key is empty, or has characters that are not allowed in an HTTP header")
    return key


def create_workflow(spec: dict[str, Any]) -> Call:
    return Call("POST", "workflows", "failed to create the workflow", spec, is_repeatable=False)


def start(
    workflow_id: str,
    input: Any,
    version: int | None,
    metadata: Any,
    budget: dict[str, Any] | None,
    idempotency_key: str | None,
) -> Call:
    body = {"input": input, "version": version}
    if metadata is not None:
        body["metadata"] = metadata
    if budget is not None:
        body["budget"] = budget
    return Call("POST", f"workflows/{quote(workflow_id, '')}/runs", "failed to start the run", body, _key(idempotency_key))


UNCHANGED: Any = object()
"""No other input: `None` is an input."""


def retry_body(
    reuse: str | None,
    from_: str | None,
    only: str | None,
    overrides: dict[str, Any] | None,
    input: Any,
    version: int | None,
    budget: dict[str, Any] | None,
) -> dict[str, Any]:
    fields = {"reuse": reuse, "from": from_, "only": only, "overrides": overrides, "version": version, "budget": budget}
    body = {name: value for name, value in fields.items() if value is not None}
    return body if input is UNCHANGED else {**body, "input": input}


def retry(run_id: str, body: dict[str, Any], idempotency_key: str | None) -> Call:
    return Call("POST", f"runs/{quote(run_id, '')}/retry", "failed to retry the run", body, _key(idempotency_key))


_PREDICT = "failed to predict the run"


def predict(workflow_id: str, input: Any, version: int | None, budget: dict[str, Any] | None) -> Call:
    body = {"input": input, "version": version}
    if budget is not None:
        body["budget"] = budget
    return Call("POST", f"workflows/{quote(workflow_id, '')}/plan", _PREDICT, body)


def predict_retry(run_id: str, body: dict[str, Any], spec: dict[str, Any] | None) -> Call:
    return Call("POST", f"runs/{quote(run_id, '')}/plan", _PREDICT, body if spec is None else {**body, "spec": spec})


def diff(run_id: str, other_id: str) -> Call:
    return Call("GET", f"runs/{quote(run_id, '')}/diff/{quote(other_id, '')}", "failed to compare the runs")


def evaluate(run_id: str, at: str, expression: str) -> Call:
    body = {"at": at, "expression": expression}
    return Call("POST", f"runs/{quote(run_id, '')}/evaluate", "failed to evaluate the expression", body)


def _key(idempotency_key: str | None) -> dict[str, str]:
    return {"idempotency-key": idempotency_key or uuid.uuid4().hex}


def run(run_id: str) -> Call:
    return Call("GET", f"runs/{quote(run_id, '')}", "failed to read the run")


_ANSWER = "failed to answer the step"


def answer_wait(run_id: str, wait_id: str, value: Any) -> Call:
    return Call("POST", f"runs/{quote(run_id, '')}/waits/{quote(wait_id, '')}", _ANSWER, value)


def wait_of(report: dict[str, Any], step: str) -> str:
    """The id of the wait of a step."""
    waits = {wait["path"]: wait["wait_id"] for wait in report.get("waits", ())}
    if step in waits:
        return str(waits[step])
    problem = {"code": "no_wait", "detail": f"`{step}` does not wait for an answer"}
    if waits:
        problem["hint"] = f"these steps wait: {', '.join(waits)}"
    raise WorkflowError(_ANSWER, "no_wait", problem)


def cancel(run_id: str) -> Call:
    return Call("POST", f"runs/{quote(run_id, '')}/cancel", "failed to cancel the run", {})


def result(run_id: str, update: Update) -> Any:
    """The output of a run, of its last event."""
    attempt = f"run {run_id}"
    if update["type"] == "run.failed":
        raise WorkflowError(attempt, "run_failed", update["error"])
    if update["type"] == "run.cancelled":
        raise WorkflowError(attempt, "run_cancelled", {"code": "cancelled", "detail": "the run was cancelled"})
    return update["output"]


def no_result(run_id: str) -> WorkflowError:
    return protocol(f"run {run_id}", "its last event cannot be read")


def lost(attempt: str, error: httpx.RequestError) -> WorkflowError:
    """The error of a request without a response."""
    # For example, an idempotency key with a line break. It would fail each time.
    if isinstance(error, httpx.LocalProtocolError):
        return protocol(attempt, "the request is not valid HTTP")
    return unreachable(attempt)


def parsed(attempt: str, response: httpx.Response) -> dict[str, Any]:
    """The JSON of a response that was read."""
    check(attempt, response)
    return _json(attempt, response.content)


def check(attempt: str, response: httpx.Response) -> None:
    """Raises the error of a response that is not a success."""
    status = response.status_code
    if response.is_success:
        return
    if response.is_redirect:
        raise protocol(attempt, "the server redirects: use the URL to which it redirects as the base URL")
    retry_after = _retry_after(response.headers.get("retry-after"))
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        problem = _json(attempt, response.content)
    else:
        key = response.request.headers.get("authorization", "").removeprefix("Bearer ")
        text = " ".join(response.text.split())
        text = text.replace(key, "***") if key else text
        problem = {"code": "unexpected_response", "detail": f"the response is {status}: {text[:_MAX_EXCERPT]}"}
    raise WorkflowError(attempt, "refused", problem, status=status, retry_after=retry_after)


def _json(attempt: str, content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:
        value = None
    # Each response of the API is an object.
    if not isinstance(value, dict):
        raise protocol(attempt, "the response is not that of a workflow server")
    return value


def _retry_after(value: str | None) -> float | None:
    """Seconds, or a date (RFC 9110, section 10.2.3)."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


class Following:
    """The state of a reader of one run, over as many connections as it takes."""

    attempt = "failed to follow the run"

    def __init__(self, run_id: str, after: int, times: Times) -> None:
        self.url = f"api/runs/{quote(run_id, '')}/events"
        self.timeout = httpx.Timeout(times.silence)
        self.has_ended = False
        self._cursor = Cursor(after)
        self._backoff = Backoff(times.retry_for)
        self._frames = Frames()
        self._is_greeted = False

    def headers(self) -> dict[str, str]:
        """The headers of the next connection."""
        self._frames = Frames()
        self._is_greeted = False
        last = {"last-event-id": str(self._cursor.after)} if self._cursor.after > 0 else {}
        return {"accept": "text/event-stream", "accept-encoding": "identity", **last}

    def opened(self, response: httpx.Response) -> None:
        """Handles the head of a response. No content: the reader has the last event already."""
        self.has_ended = response.status_code == 204

    def take(self, piece: bytes) -> Iterator[Update]:
        """What is new in a piece of the stream."""
        try:
            for data in self._frames.push(piece):
                # A server that greets and then breaks off has not recovered yet: only what follows counts as success.
                if self._is_greeted or data is not None:
                    self._backoff.succeeded()
                self._is_greeted = True
                update = self._cursor.take(json.loads(data)) if data is not None else None
                if update is None:
                    continue
                self.has_ended = ends_run(update)
                yield update
                if self.has_ended:
                    return
        except Gap as gap:
            # A stream of a confused proxy or server: reading again from the last event repairs it.
            raise unreachable(self.attempt) from gap
        except (TooLarge, ValueError) as error:
            raise protocol(self.attempt, "the stream is not that of a run") from error

    def failed(self, error: WorkflowError) -> float:
        """The wait before the next connection, or raises the error."""
        return self._backoff.failed(error)

    def broke_off(self) -> WorkflowError:
        """The error of a stream that ended before its run."""
        return unreachable(self.attempt)
