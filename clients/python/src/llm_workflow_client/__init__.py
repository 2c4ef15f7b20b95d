"""A client of the workflow server: start a run, follow it, answer the steps that wait for a person.

`WorkflowClient` blocks, `AsyncWorkflowClient` is for asyncio; their methods are the same.
"""

from .async_client import AsyncWorkflowClient
from .client import WorkflowClient
from .errors import Fault, WorkflowError
from .updates import Update, ends_run

__all__ = ["AsyncWorkflowClient", "Fault", "Update", "WorkflowClient", "WorkflowError", "ends_run"]
