"""The scene of webhooks."""

from __future__ import annotations

import pytest

from tests.mem0.clients import Speaker, exceptions
from tests.mem0.scenes import plays
from tests.mem0.scenes_around import SCENES

__all__ = ["SCENES"]  # all of them

ADDRESS = "https://example.com/hook"


@plays("get_webhooks")
@plays("create_webhook")
@plays("update_webhook")
@plays("delete_webhook")
async def webhooks(speak: Speaker, user: str) -> None:
    project = speak.client.project_id
    made = await speak("create_webhook", ADDRESS, user, project, ["memory_add", "memory_delete"])
    assert speak.last.line == f"POST /api/v1/webhooks/projects/{project}/"
    body = {"url": ADDRESS, "name": user, "event_types": ["memory_add", "memory_delete"]}
    assert speak.last.body == body
    assert {name: made[name] for name in body} == body
    assert {"webhook_id", "owner", "project", "is_active", "created_at", "updated_at", "secret"} <= {*made}
    assert "message" in await speak("update_webhook", made["webhook_id"], name="ours", event_types=["memory_update"])
    assert speak.last.line == f"PUT /api/v1/webhooks/{made['webhook_id']}/"
    (webhook,) = await speak("get_webhooks", project)
    assert speak.last.line == f"GET /api/v1/webhooks/projects/{project}/"
    assert (webhook["name"], webhook["event_types"], "secret" in webhook) == ("ours", ["memory_update"], False)
    assert "message" in await speak("delete_webhook", made["webhook_id"])
    assert speak.last.line == f"DELETE /api/v1/webhooks/{made['webhook_id']}/"
    assert await speak("get_webhooks", project) == []
    with pytest.raises(exceptions.MemoryNotFoundError):
        await speak("delete_webhook", made["webhook_id"])
    with pytest.raises(exceptions.MemoryError, match="memory_categorize is not offered here"):
        await speak("create_webhook", ADDRESS, user, project, ["memory_categorize"])
