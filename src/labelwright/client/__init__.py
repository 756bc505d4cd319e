"""The Python client: the same values as in the library, over HTTP, with retries that never count an answer twice.

from labelwright.client import Client

with Client("https://labels.example.org", token="lwt_…") as client:
    task = client.next_task("tickets")
    while task is not None:
        task = client.submit(task, {"intent": {"kind": "choice", "label": "refund"}}).next
"""

from labelwright.api.items import NewSuggestion
from labelwright.client.client import Client
from labelwright.client.connection import Unreachable

__all__ = ["Client", "NewSuggestion", "Unreachable"]
