"""Why a request, a stream or a run failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["unreachable", "refused", "protocol", "no_wait", "run_failed", "run_cancelled"]


@dataclass(frozen=True)
class Fault:
    """One mistake in a workflow, an input or an answer."""

    code: str
    pointer: str
    """The JSON pointer of its place."""
    detail: str
    hint: str | None = None


class WorkflowError(Exception):
    """Why a request, a stream or a run failed. It never contains the API key.

    `kind` is what a caller can do about it:

    - `unreachable`: there was no response, or it broke off. Whether the request took effect is not known.
    - `refused`: the server refused the request; `status`, `code` and `faults` say why.
    - `protocol`: the response is not one of a workflow server.
    - `no_wait`: no step with this path waits for an answer.
    - `run_failed`, `run_cancelled`: the run has no result.
    """

    def __init__(
        self,
        attempt: str,
        kind: Kind,
        problem: Mapping[str, Any],
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        faults = [
            Fault(fault["code"], fault["pointer"], fault["detail"], fault.get("hint")) for fault in problem.get("errors", ())
        ]
        message = f"{attempt}: {problem['detail']}"
        if faults:
            message += f": {faults[0].pointer}: {faults[0].detail}"
        if len(faults) > 1:
            message += f", and {len(faults) - 1} more"
        super().__init__(message)
        self.kind = kind
        self.status = status
        """The HTTP status of a refusal."""
        self.code: str = problem["code"]
        """What programs match on, such as `unknown_run`: the code of the server, or of the failed run."""
        self.faults = faults
        """The single faults of a workflow, an input or an answer."""
        self.hint: str | None = problem.get("hint") or next((fault.hint for fault in faults if fault.hint), None)
        """What the caller can do about it."""
        self.pointer = faults[0].pointer if faults else None
        """The JSON pointer of the first fault."""
        milliseconds = problem.get("retry_after_ms")
        self.retry_after = retry_after if retry_after is not None or milliseconds is None else milliseconds / 1000
        """The shortest wait before another try in seconds, as the server requests it."""

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed later. The client has retried already, for as long as its settings allow."""
        return self.kind == "unreachable" or (self.kind == "refused" and self.status in (408, 429, 502, 503, 504))


def unreachable(attempt: str) -> WorkflowError:
    return WorkflowError(attempt, "unreachable", {"code": "unreachable", "detail": "the server did not respond"})


def protocol(attempt: str, detail: str) -> WorkflowError:
    return WorkflowError(attempt, "protocol", {"code": "unexpected_response", "detail": detail})
