from typing import Any

import pytest
from blocking import Blocking
from llm_workflow_client import WorkflowClient


@pytest.fixture(params=[WorkflowClient, Blocking], ids=["blocking", "asynchronous"])
def client_type(request: pytest.FixtureRequest) -> Any:
    """Each test is run with both clients."""
    return request.param
