"""The clients against the running server."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from llm_workflow_client import Update, WorkflowError
from server import Server

KEY = "right-key-0123456789"
EXPLAIN = {"name": "explain", "nodes": [{"id": "explain", "type": "LLMNode", "data": {"prompt": "Explain {{ input }}"}}]}
TWO_STEPS = {
    "nodes": [
        {"id": "draft", "type": "PromptNode", "data": {"template": "About {{ input }}"}},
        {"id": "final", "type": "LLMNode", "data": {"prompt": "Improve: {{ draft.output }}"}},
    ]
}
WITH_PERSON = {
    "name": "with-person",
    "nodes": [
        {
            "id": "approve",
            "type": "HumanNode",
            "data": {"message": "Publish {{ input }}?", "schema": {"type": "string", "enum": ["yes", "no"]}},
        },
        {"id": "write", "type": "LLMNode", "data": {"prompt": "Announce {{ input }}"}},
    ],
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("--simulate-pace", "5ms", key=KEY) as server:
        yield server


@pytest.fixture
def client(client_type: Any, server: Server) -> Iterator[Any]:
    with client_type(server.url, KEY) as client:
        yield client


def seqs(updates: list[Update]) -> list[int]:
    return [update["seq"] for update in updates if "seq" in update]


def test_a_run_is_started_and_followed_to_its_result(client: Any) -> None:
    workflow = client.create_workflow(EXPLAIN)
    run = client.start(workflow["id"], "Tides", metadata={"order": 17})
    updates = list(client.follow(run["id"]))
    last = updates[-1]
    assert last["type"] == "run.completed"
    assert seqs(updates) == list(range(1, last["seq"] + 1))
    text = "".join(update["delta"] for update in updates if update["type"] == "node.delta")
    assert text == last["output"], "the pieces add up to the output"
    assert client.result(run["id"]) == text
    report = client.run(run["id"])
    assert (report["status"], report["output"], report["metadata"]) == ("completed", text, {"order": 17})
    assert seqs(list(client.follow(run["id"], after=3)))[0] == 4
    assert list(client.follow(run["id"], after=last["seq"])) == [], "the reader has everything"


def test_a_step_is_answered_while_its_run_is_followed(client: Any) -> None:
    workflow = client.create_workflow(WITH_PERSON)
    run = client.start(workflow["id"], "tides")["id"]
    answered = 0
    for update in client.follow(run):
        if update["type"] != "node.waiting":
            continue
        assert update["message"] == "Publish tides?"
        with pytest.raises(WorkflowError) as other:
            client.answer(run, "write", "yes")
        assert (other.value.kind, other.value.hint) == ("no_wait", "these steps wait: approve")
        with pytest.raises(WorkflowError) as invalid:
            client.answer(run, "approve", "maybe")
        assert (invalid.value.status, invalid.value.code, len(invalid.value.faults)) == (422, "invalid_answer", 1)
        client.answer(run, "approve", "yes")
        client.answer_wait(run, update["wait_id"], "yes")
        answered += 1
    assert answered == 1
    assert client.run(run)["status"] == "completed"


def test_a_run_is_cancelled_and_its_result_says_so(client: Any) -> None:
    workflow = client.create_workflow(WITH_PERSON)
    run = client.start(workflow["id"], "tides")["id"]
    assert client.cancel(run)["status"] == "cancelled"
    with pytest.raises(WorkflowError) as error:
        client.result(run)
    assert (error.value.kind, error.value.code) == ("run_cancelled", "cancelled")


def test_a_failed_run_is_an_error_with_its_code(client: Any) -> None:
    spec = {"nodes": [{"id": "ask", "type": "LLMNode", "retry": 1, "data": {"prompt": "[[safety]]"}}]}
    run = client.start(client.create_workflow(spec)["id"], None)["id"]
    with pytest.raises(WorkflowError) as error:
        client.result(run)
    assert (error.value.kind, error.value.code) == ("run_failed", client.run(run)["error"]["code"])


def test_a_refusal_has_code_hint_and_pointer(client: Any) -> None:
    with pytest.raises(WorkflowError) as invalid:
        client.create_workflow({"nodes": [{"id": "a", "type": "PromtNode", "data": {"template": "x"}}]})
    error = invalid.value
    assert (error.status, error.code, error.pointer) == (422, "invalid_workflow", "#/nodes/0/type")
    assert "PromptNode" in (error.hint or "")
    assert str(error).startswith("failed to create the workflow: 1 fault in the workflow: #/nodes/0/type: ")
    unknown = "0197f9d2-6f3e-7000-8000-000000000001"
    with pytest.raises(WorkflowError) as missing:
        client.run(unknown)
    assert missing.value.code == "unknown_run"
    with pytest.raises(WorkflowError) as followed:
        list(client.follow(unknown))
    assert followed.value.status == 404


def test_a_wrong_key_is_refused_and_not_shown(client_type: Any, server: Server) -> None:
    with client_type(server.url, "wrong-key-0123456789") as wrong:
        with pytest.raises(WorkflowError) as refused:
            wrong.create_workflow(EXPLAIN)
    assert (refused.value.status, refused.value.code) == (401, "unauthorized")
    assert "wrong-key" not in "".join(traceback.format_exception(refused.value))
    with client_type(server.url) as keyless, pytest.raises(WorkflowError) as unauthorized:
        keyless.run("x")
    assert unauthorized.value.status == 401


def test_the_same_idempotency_key_starts_one_run(client: Any) -> None:
    workflow = client.create_workflow(EXPLAIN)["id"]
    first, second = (client.start(workflow, "Tides", idempotency_key="order-17")["id"] for _ in range(2))
    assert first == second
    assert client.start(workflow, "Tides")["id"] != first


def test_a_run_is_continued_and_run_with_another_output_of_a_step(client: Any) -> None:
    workflow = client.create_workflow(TWO_STEPS)["id"]
    first = client.start(workflow, "Tides", budget={"calls": 5})["id"]
    output = client.result(first)

    again = client.retry(first, reuse="unchanged")["id"]
    assert client.result(again) == output
    report = client.run(again)
    assert (report["retry_of"], report["origin"]["reused"], report["budget"]["limit"]) == (first, 1, {"calls": 5})

    what_if, same = (
        client.retry(first, overrides={"final": None}, budget={"calls": 2}, idempotency_key="what-if")["id"] for _ in range(2)
    )
    assert what_if == same
    assert client.result(what_if) is None
    assert client.run(what_if)["budget"]["limit"] == {"calls": 2}

    assert client.result(client.retry(first, only="draft")["id"]) == "About Tides"
    other = client.retry(first, input=None)["id"]
    client.result(other)
    assert client.run(other)["input"] is None
    with pytest.raises(WorkflowError) as both:
        client.retry(first, only="draft", from_="final")
    assert (both.value.status, both.value.code) == (422, "invalid_body")


def test_a_run_is_predicted_compared_and_asked_for_values(client: Any) -> None:
    workflow = client.create_workflow(TWO_STEPS)["id"]
    before = client.predict(workflow, "Tides")
    assert [(step["path"], step["status"]) for step in before["steps"]] == [("draft", "computed"), ("final", "runs")]
    first = client.start(workflow, "Tides")["id"]
    client.result(first)
    assert client.predict_retry(first, reuse="unchanged")["counts"] == {"computed": 1, "reused": 1}
    draft, final = TWO_STEPS["nodes"]
    spec = {"nodes": [draft, {**final, "data": {"prompt": "In French: {{ draft.output }}"}}]}
    assert "reused" not in client.predict_retry(first, reuse="unchanged", spec=spec)["counts"]

    other = client.retry(first, overrides={"final": "Mine"})["id"]
    client.result(other)
    steps = client.diff(first, other)["steps"]
    assert [step["path"] for step in steps if step["change"] == "changed"] == ["final"]
    assert client.evaluate(first, "final", "draft.output | length") == len("About Tides")
    with pytest.raises(WorkflowError) as unknown:
        client.evaluate(first, "final", "nobody.output")
    assert unknown.value.status == 422


def test_a_follower_can_leave_early(client: Any) -> None:
    run = client.start(client.create_workflow(WITH_PERSON)["id"], "tides")["id"]
    updates = client.follow(run)
    assert next(updates)["type"] == "run.created"
    updates.close()
    assert client.run(run)["status"] in ("queued", "running", "waiting")
    client.cancel(run)


def test_a_server_that_is_killed_and_started_again_interrupts_no_follower(client_type: Any) -> None:
    with Server("--simulate-pace", "20ms") as server, client_type(server.url) as client:
        run = client.start(client.create_workflow(EXPLAIN)["id"], "Tides")["id"]
        received, text, kills = [], "", 0
        for update in client.follow(run):
            received.append(update)
            if update["type"] == "node.started":
                text = ""
            if update["type"] == "node.delta":
                assert update["offset"] == len(text.encode("utf-16-le")) // 2
                text += update["delta"]
                if kills < 2:
                    kills += 1
                    server.restart()
        assert kills == 2
        last = received[-1]
        assert last["type"] == "run.completed"
        assert seqs(received) == list(range(1, last["seq"] + 1))
        assert text == last["output"]


def test_a_waiting_run_is_followed_over_a_restart(client_type: Any) -> None:
    with Server("--simulate-pace", "0ms") as server, client_type(server.url) as client, client_type(server.url) as other:
        run = client.start(client.create_workflow(WITH_PERSON)["id"], "tides")["id"]
        received: list[Update] = []

        def restart_and_answer() -> None:
            server.restart()
            other.answer(run, "approve", "no")

        # While the stream waits, it must find the server by itself.
        meanwhile = threading.Thread(target=restart_and_answer)
        for update in client.follow(run):
            received.append(update)
            if update["type"] == "run.suspended":
                meanwhile.start()
        meanwhile.join()
        assert received[-1]["type"] == "run.completed"
        assert seqs(received) == list(range(1, received[-1]["seq"] + 1))
