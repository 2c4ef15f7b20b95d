"""How long to wait before the next try, and when to give up."""

import random
import time

from .errors import WorkflowError

_FIRST_WAIT = 0.25
_LONGEST_WAIT = 10.0


class Backoff:
    """The failures since the last success."""

    def __init__(self, retry_for: float) -> None:
        self._retry_for = retry_for
        self._failures = 0
        self._since = 0.0

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, error: WorkflowError) -> float:
        """The wait before the next try: exponential, with jitter so that many clients of a server that restarts do not return
        at once, and at least what the server requests. Raises the error if it is permanent, or the next try would be too late.
        """
        if not error.is_retryable:
            raise error
        now = time.monotonic()
        if self._failures == 0:
            self._since = now
        # Bounded before it is computed: a power of many failures is no float.
        longest = min(_FIRST_WAIT * 2.0 ** min(self._failures, 10), _LONGEST_WAIT)
        self._failures += 1
        wait = max(longest * random.uniform(0.5, 1.0), error.retry_after or 0.0)
        if now - self._since + wait > self._retry_for:
            raise error
        return wait
