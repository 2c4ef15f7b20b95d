"""Servers and proxies that behave badly: silent, broken, redirecting, too busy."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from llm_workflow_client import Update, WorkflowError

RUN = "0197f9d2-6f3e-7000-8000-000000000001"
SSE = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nretry: 1000\n: ok\n\n"
PROBLEM = "content-type: application/problem+json\r\n"
BUSY = json.dumps({"title": "Busy", "code": "busy", "detail": "busy", "status": 429})


def frame(**fields: Any) -> str:
    return f"data: {json.dumps({'run_id': RUN, **fields}, ensure_ascii=False)}\n\n"


def event(seq: int, name: str) -> str:
    return f"id: {seq}\nevent: {name}\n" + frame(seq=seq, type=name, output=1)


def delta(offset: int, text: str) -> str:
    return frame(type="node.delta", node="a", path="a", attempt=1, kind="text", offset=offset, delta=text)


def response(status: str, headers: str = "", body: str = "") -> str:
    return f"HTTP/1.1 {status}\r\n{headers}content-length: {len(body)}\r\nconnection: close\r\n\r\n{body}"


class Scripted:
    """A server with one script for each connection: what it sends, and whether it closes or stalls then."""

    def __init__(self, *scripts: tuple[str, str], piece: int = 1 << 20) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[str] = []
        self.times: list[float] = []
        self._scripts = scripts
        self._piece = piece
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        for text, then in self._scripts:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536)
            self.requests.append(head.decode())
            self.times.append(time.monotonic())
            content = text.encode()
            for start in range(0, len(content), self._piece):
                connection.sendall(content[start : start + self._piece])
            if then == "close":
                connection.close()
            self._open.append(connection)

    def __enter__(self) -> Scripted:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for connection in self._open:
            connection.close()

    def header(self, name: str) -> list[str | None]:
        found = (re.search(rf"^{name}: (\S+)", request, re.I | re.M) for request in self.requests)
        return [match and match[1] for match in found]


def seqs(updates: list[Update]) -> list[int]:
    return [update["seq"] for update in updates if "seq" in update]


def text_of(updates: list[Update]) -> str:
    return "".join(update.get("delta", "") for update in updates)


def test_a_silent_and_a_broken_stream_are_opened_again_after_the_last_event(client_type: Any) -> None:
    scripts = [
        (SSE + event(1, "run.created.later") + delta(0, "🌊Ti"), "stall"),
        (SSE + event(2, "run.started") + delta(0, "🌊Tide") + 'data: {"seq":3', "close"),
        ("", "stall"),
        (SSE + event(2, "run.started") + event(3, "run.resumed") + delta(0, "🌊Tides") + event(4, "run.completed"), "stall"),
    ]
    with Scripted(*scripts) as server, client_type(server.url, silence=0.4) as client:
        updates = list(client.follow(RUN))
        assert seqs(updates) == [1, 2, 3, 4]
        assert text_of(updates) == "🌊Tides"
        assert server.header("last-event-id") == [None, "1", "2", "2"]


def test_frames_are_read_wherever_their_bytes_are_cut(client_type: Any) -> None:
    text = SSE + delta(0, "ä🌊") + ': hb\r\n\r\ndata: {"seq":1,\r\ndata: "type":"run.started"}\r\n\r\n' + event(2, "run.completed")
    with Scripted((text, "stall"), piece=1) as server, client_type(server.url) as client:
        updates = list(client.follow(RUN))
        assert text_of(updates) == "ä🌊"
        assert seqs(updates) == [1, 2]


def test_a_missing_event_is_read_again(client_type: Any) -> None:
    scripts = [
        (SSE + event(1, "run.started") + event(3, "run.completed"), "stall"),
        (SSE + event(2, "run.resumed") + event(3, "run.completed"), "stall"),
    ]
    with Scripted(*scripts) as server, client_type(server.url) as client:
        assert seqs(list(client.follow(RUN))) == [1, 2, 3]


def test_a_server_that_greets_and_breaks_off_each_time_is_given_up(client_type: Any) -> None:
    with Scripted(*[(SSE, "close")] * 50) as server, client_type(server.url, retry_for=0.9) as client:
        with pytest.raises(WorkflowError) as error:
            list(client.follow(RUN))
        assert error.value.kind == "unreachable"
        assert 1 < len(server.requests) < 10


def test_a_busy_server_is_asked_again_not_before_it_says_with_the_same_key(client_type: Any) -> None:
    scripts = [
        (response("429 Too Many Requests", PROBLEM + "retry-after: 1\r\n", BUSY), "close"),
        # The response is lost, and the run may have started.
        ("", "close"),
        (response("502 Bad Gateway", "", "<html>"), "close"),
        (response("422 Unprocessable Content", PROBLEM, BUSY), "close"),
    ]
    with Scripted(*scripts) as server, client_type(server.url) as client:
        with pytest.raises(WorkflowError) as error:
            client.start(RUN, 1)
        assert server.times[1] - server.times[0] >= 1
        assert (error.value.status, error.value.code) == (422, "busy")
        keys = server.header("idempotency-key")
        assert len(keys) == 4 and len(set(keys)) == 1 and keys[0]


def test_a_request_that_cannot_be_sent_is_not_repeated(client_type: Any) -> None:
    with Scripted() as server, client_type(server.url) as client:
        with pytest.raises(WorkflowError) as error:
            client.start(RUN, 1, idempotency_key="a\nb")
        assert error.value.kind == "protocol"


@pytest.mark.parametrize("key", ["s3cret\nx", "s3crét", " "])
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(client_type: Any, key: str) -> None:
    with pytest.raises(ValueError) as error:
        client_type("http://127.0.0.1:1", key)
    assert "s3cr" not in str(error.value) and error.value.__cause__ is None


def test_creating_is_not_repeated_after_a_lost_response(client_type: Any) -> None:
    with Scripted(("", "close"), ("", "close")) as server, client_type(server.url) as client:
        with pytest.raises(WorkflowError) as error:
            client.create_workflow({})
        assert error.value.kind == "unreachable"
        assert len(server.requests) == 1


@pytest.fixture
def strange(client_type: Any) -> Iterator[tuple[Scripted, Any]]:
    scripts = [
        (response("401 Unauthorized", "", "no such key: s3cret-key-17 " + "x" * 10_000), "close"),
        (response("308 Permanent Redirect", "location: https://elsewhere.example/\r\n"), "close"),
        (response("200 OK", "", "<html>"), "close"),
    ]
    with Scripted(*scripts) as server, client_type(server.url, "s3cret-key-17") as client:
        yield server, client


def test_errors_show_neither_the_key_nor_more_than_a_little_of_a_foreign_response(strange: tuple[Scripted, Any]) -> None:
    server, client = strange
    texts = []
    for kind in ("refused", "protocol", "protocol"):
        with pytest.raises(WorkflowError) as error:
            client.run(RUN)
        assert error.value.kind == kind
        texts.append(str(error.value))
    assert texts[0].startswith("failed to read the run: the response is 401: no such key: *** x") and len(texts[0]) < 400
    assert "redirects" in texts[1]
    assert "not that of a workflow server" in texts[2]
    assert "s3cret" not in "".join(texts)
    assert "authorization: bearer s3cret-key-17" in server.requests[0].lower()
