"""Bytes to frames of an event stream (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator

_MAX_EVENT_BYTES = 32 * 1024 * 1024
"""The most bytes of one event. A server's limit of a step's output is 1 MiB by default."""

_LINE_END = re.compile(rb"\r\n|\r|\n")


class TooLarge(Exception):
    """An event has more bytes than the limit."""


class Frames:
    """Splits bytes, cut anywhere, into frames. Buffers at most one frame."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []
        self._bytes = 0
        self._is_after_cr = False

    def push(self, piece: bytes) -> Iterator[bytes | None]:
        """The `data` of each event that this piece completes, and `None` for a frame without data: the greeting, or a
        heartbeat. Names and ids are not read: the JSON has both.
        """
        if not piece:
            return
        ends_line = piece.endswith(b"\r")
        if self._is_after_cr and piece.startswith(b"\n"):
            piece = piece[1:]
        self._is_after_cr = ends_line
        first, *others = _LINE_END.split(piece)
        if self._bytes + len(self._line) + len(first) > _MAX_EVENT_BYTES:
            raise TooLarge(f"an event has more than {_MAX_EVENT_BYTES} bytes")
        self._line += first
        for line in others:
            frame = self._end_line(bytes(self._line))
            self._line = bytearray(line)
            yield from frame

    def _end_line(self, line: bytes) -> list[bytes | None]:
        if line.startswith(b"data:"):
            self._data.append(line[6:] if line[5:6] == b" " else line[5:])
            self._bytes += len(line)
        if line:
            return []
        data, self._data, self._bytes = self._data, [], 0
        return [b"\n".join(data) if data else None]
