"""The asynchronous client as a blocking one, so that both have the same tests."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from llm_workflow_client import AsyncWorkflowClient, Update

T = TypeVar("T")


class Blocking:
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self._client = AsyncWorkflowClient(*arguments, **settings)
        self._loop = asyncio.new_event_loop()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def __enter__(self) -> Blocking:
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self._client.close())
        self._loop.close()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        return lambda *arguments, **options: self._wait(method(*arguments, **options))

    def follow(self, run_id: str, *, after: int = 0) -> Iterator[Update]:
        updates = self._client.follow(run_id, after=after)
        try:
            while True:
                try:
                    yield self._wait(updates.__anext__())
                except StopAsyncIteration:
                    return
        finally:
            self._wait(updates.aclose())
