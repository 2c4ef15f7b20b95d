"""Uses the Python client that is generated from the OpenAPI document against a running service.

Usage: client.py BASE_URL API_KEY, with the generated package `workflow_client` on the path.
"""

import sys
import time

from workflow_client import Client
from workflow_client.api.runs import answer_wait, delete_run, follow_run, get_run, get_step, list_runs, start_run
from workflow_client.api.service import list_node_types
from workflow_client.api.workflows import create_workflow, validate_workflow
from workflow_client.models import (
    EventPage,
    HttpProblem,
    LinkedRunRecord,
    LinkedRunReport,
    NodeCompleted,
    NodeWaiting,
    RunCompleted,
    RunPage,
    RunRequest,
    StepHistory,
    Workflow,
)

WORKFLOW = {
    "name": "generated-client",
    "nodes": [
        {"id": "ask", "type": "HumanNode", "data": {"message": "Which text? {{ input.hint }}"}},
        {"id": "prompt", "type": "PromptNode", "needs": ["ask"], "data": {"template": "Explain {{ ask.output }}"}},
        {"id": "llm", "type": "LLMNode", "needs": ["prompt"], "data": {}},
    ],
}


def expect(kind, answer):
    """Returns the parsed answer, which must be of this type."""
    assert isinstance(answer, kind), f"expected {kind.__name__}, got {answer!r}"
    return answer


def events(client: Client, run, until) -> list:
    """Reads the events of a run page by page, until one has the type `until`."""
    found, after, deadline = [], 0, time.monotonic() + 30
    while not any(isinstance(event, until) for event in found):
        assert time.monotonic() < deadline, f"no {until.__name__} within 30 s: {found}"
        page = expect(EventPage, follow_run.sync(run, client=client, after=after, limit=3))
        found += page.items
        after = found[-1].seq if found else 0
        time.sleep(0 if page.items else 0.05)
    return found


def main(base_url: str, key: str) -> None:
    # Without this header, the service answers with Server-Sent Events, which the generated client does not read.
    headers = {"accept": "application/json", "x-api-key": key}
    client = Client(base_url=base_url, headers=headers, raise_on_unexpected_status=True)

    workflow = Workflow.from_dict(WORKFLOW)
    assert validate_workflow.sync(client=client, body=workflow).valid
    created = create_workflow.sync(client=client, body=workflow)
    run = expect(LinkedRunRecord, start_run.sync(created.id, client=client, body=RunRequest(input_={"hint": "tides"})))

    waiting = next(e for e in events(client, run.id, NodeWaiting) if isinstance(e, NodeWaiting))
    assert waiting.message == "Which text? tides", waiting
    listed = expect(RunPage, list_runs.sync(client=client))
    assert [item.id for item in listed.items] == [run.id], listed
    answer_wait.sync_detailed(run.id, waiting.wait_id, client=client, body="the moon")

    log = events(client, run.id, RunCompleted)
    assert [event.seq for event in log] == list(range(1, len(log) + 1)), log
    completed = [event.node for event in log if isinstance(event, NodeCompleted)]
    assert completed == ["ask", "prompt", "llm"], completed

    report = expect(LinkedRunReport, get_run.sync(run.id, client=client))
    assert report.status == "completed" and report.output == log[-1].output, report
    assert any(span.state == "waiting" and span.to_ms >= span.from_ms for span in report.spans), report.spans
    history = expect(StepHistory, get_step.sync(run.id, "prompt", client=client))
    assert history.output == "Explain the moon", history
    types = {item.type_ for item in list_node_types.sync(client=client).items}
    assert {"PromptNode", "LLMNode"} <= types, types

    delete_run.sync_detailed(run.id, client=client)
    missing = expect(HttpProblem, get_run.sync(run.id, client=client))
    assert missing.status == 404, missing
    print(f"created, ran and deleted {run.id}: {len(log)} events")


if __name__ == "__main__":
    main(*sys.argv[1:])
