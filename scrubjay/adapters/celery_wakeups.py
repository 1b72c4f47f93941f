"""The doorbell: a message that Celery's Redis transport reads as a call of `scrubjay.drain`.

It is put down by the accept script itself, so a turn is never accepted without its bell and nothing is published
twice. Another one is a call of `scrubjay.deliver`. The shape is Celery's task message protocol 2 in kombu's
virtual-transport envelope; a contract test holds it against what the installed Celery publishes.
"""

from __future__ import annotations

import base64
import uuid

import orjson

from scrubjay.model import Lane
from scrubjay.model.names import DELIVER_TASK, DRAIN_TASK, QUEUE

_EMBED = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


class CeleryBell:
    """Makes bells for one queue.

    Args:
        queue: the Celery queue, which is also the name of the Redis list.
    """

    def __init__(self, queue: str = QUEUE) -> None:
        self._queue = queue

    @property
    def queue(self) -> str:
        """The Redis list that workers listen to."""
        return self._queue

    def body(self, lane: Lane) -> str:
        """What every bell for one lane holds, and no bell for another."""
        return _body(lane.key)

    def message(self, lane: Lane) -> bytes:
        """The bell for one lane, as the workers' broker reads it."""
        return self._message(DRAIN_TASK, "(<lane>,)", self.body(lane))

    def hook_message(self, hook: str) -> bytes:
        """The bell for one webhook, by what stands for it: its tenant and its id."""
        return self._message(DELIVER_TASK, "(<webhook>,)", _body(hook))

    def _message(self, task: str, shown: str, body: str) -> bytes:
        task_id = str(uuid.uuid4())
        return orjson.dumps(
            {
                "body": body,
                "content-encoding": "utf-8",
                "content-type": "application/json",
                "headers": {
                    "lang": "py",
                    "task": task,
                    "id": task_id,
                    "root_id": task_id,
                    "parent_id": None,
                    "group": None,
                    "shadow": None,
                    "eta": None,
                    "expires": None,
                    "retries": 0,
                    "timelimit": [None, None],
                    "argsrepr": shown,
                    "kwargsrepr": "{}",
                    "origin": "scrubjay",
                    "ignore_result": True,
                },
                "properties": {
                    "correlation_id": task_id,
                    "reply_to": "",
                    "delivery_mode": 2,
                    "delivery_info": {"exchange": "", "routing_key": self._queue},
                    "priority": 0,
                    "body_encoding": "base64",
                    "delivery_tag": task_id,
                },
            }
        )


def _body(argument: str) -> str:
    return base64.b64encode(orjson.dumps([[argument], {}, _EMBED])).decode()
