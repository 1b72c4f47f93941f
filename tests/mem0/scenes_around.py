"""What surrounds memories: entities, feedback, the project, exports, summaries, profiles. See `scenes`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from tests.mem0.clients import Speaker, exceptions
from tests.mem0.scenes import SCENES as SCENES
from tests.mem0.scenes import plays, remembered

PROFILES = "/v2/profiles"
FACTS = {
    "type": "object",
    "properties": {"facts": {"type": "array", "items": {"type": "string"}}},
    "required": ["facts"],
}


def project_of(speak: Speaker) -> str:
    return f"/api/v1/orgs/organizations/{speak.client.org_id}/projects/{speak.client.project_id}/"


async def is_not_offered(speak: Speaker, line: str, method: str, *arguments: Any, **options: Any) -> None:
    """What is not built answers so, at the address that the protocol says."""
    with pytest.raises(exceptions.MemoryError) as raised:
        await speak(method, *arguments, **options)
    assert (raised.value.error_code, speak.last.line) == ("HTTP_501", line)
    assert "here" in raised.value.message


@plays("users")
async def users(speak: Speaker, user: str) -> None:
    await remembered(speak, user, agent_id="bot")
    page = await speak("users")
    assert speak.last.line == "GET /v1/entities/"
    entities = {(entity["type"], entity["name"], entity["total_memories"]) for entity in page["results"]}
    assert entities == {("user", user, 1), ("agent", "bot", 1)}
    fields = {"id", "name", "type", "owner", "metadata", "total_memories", "created_at", "updated_at"}
    assert all(fields <= {*entity} and isinstance(entity["id"], str) for entity in page["results"])
    assert (page["count"], page["total_users"], page["total_agents"], page["total_runs"]) == (2, 1, 1, 0)


@plays("delete_users")
async def delete_users(speak: Speaker, user: str) -> None:
    await remembered(speak, user)
    await speak("add", "I love tea", agent_id="bot/1", infer=False)
    assert (await speak("delete_users", user_id=user))["message"] == "Entity deleted successfully."
    assert speak.last.line == f"DELETE /v2/entities/user/{quote(user, safe='')}/"
    assert [entity["name"] for entity in (await speak("users"))["results"]] == ["bot/1"]
    await speak("delete_users")
    lines = [sent.line for sent in speak.sent[-2:]]
    assert lines == ["GET /v1/entities/", "DELETE /v2/entities/agent/bot%2F1/"]
    with pytest.raises(ValueError, match="No entities to delete"):
        await speak("delete_users")


@plays("reset")
async def reset(speak: Speaker, user: str) -> None:
    await remembered(speak, user, run_id="r1")
    assert (await speak("reset"))["message"] == "Client reset successful. All users and memories deleted."
    assert (await speak("users"))["count"] == 0
    assert (await speak("get_all", filters={"run_id": "r1"}))["count"] == 0


@plays("feedback")
async def feedback(speak: Speaker, user: str) -> None:
    kept = await remembered(speak, user)
    answer = await speak("feedback", kept, "very_negative", "it is not so")
    feedback = {"feedback": "VERY_NEGATIVE", "feedback_reason": "it is not so"}
    assert (speak.last.line, speak.last.body) == ("POST /v1/feedback/", {"memory_id": kept, **feedback})
    assert answer == {"id": kept, **feedback}
    assert (await speak("feedback", kept))["feedback"] is None


@plays("get_project")
async def get_project(speak: Speaker, user: str) -> None:
    project = await speak("get_project", fields=["custom_instructions"])
    assert (speak.last.line, speak.last.query["fields"]) == (f"GET {project_of(speak)}", "custom_instructions")
    assert {"custom_instructions", "custom_categories", "decay", "multilingual", "members", "user_role"} <= {*project}


@plays("project.get")
async def project_get(speak: Speaker, user: str) -> None:
    project = await speak("project.get")
    assert speak.last.line == f"GET {project_of(speak)}"
    assert speak.last.query == {"org_id": speak.client.org_id, "project_id": speak.client.project_id}
    assert project["custom_categories"] == []


@plays("update_project")
async def update_project(speak: Speaker, user: str) -> None:
    answer = await speak("update_project", custom_instructions="Keep what they eat.")
    assert (speak.last.line, speak.last.body["custom_instructions"]) == (
        f"PATCH {project_of(speak)}", "Keep what they eat.",
    )  # fmt: skip
    assert answer == {"message": "Project updated successfully"}
    assert (await speak("project.get"))["custom_instructions"] == "Keep what they eat."


@plays("project.update")
async def project_update(speak: Speaker, user: str) -> None:
    categories = [{"food": "what they eat"}]
    answer = await speak("project.update", custom_categories=categories, multilingual=True)
    assert speak.last.body == {
        "custom_categories": categories, "multilingual": True,
        "org_id": speak.client.org_id, "project_id": speak.client.project_id,
    }  # fmt: skip
    assert answer == {"message": "Project updated successfully"}
    assert (await speak("project.get"))["custom_categories"] == categories


@plays("project.create")
async def project_create(speak: Speaker, user: str) -> None:
    line = f"POST /api/v1/orgs/organizations/{speak.client.org_id}/projects/"
    await is_not_offered(speak, line, "project.create", "another")


@plays("project.delete")
async def project_delete(speak: Speaker, user: str) -> None:
    await is_not_offered(speak, f"DELETE {project_of(speak)}", "project.delete")


@plays("project.get_members")
async def get_members(speak: Speaker, user: str) -> None:
    await is_not_offered(speak, f"GET {project_of(speak)}members/", "project.get_members")


@plays("project.add_member")
async def add_member(speak: Speaker, user: str) -> None:
    await is_not_offered(speak, f"POST {project_of(speak)}members/", "project.add_member", "a@b.c")


@plays("project.update_member")
async def update_member(speak: Speaker, user: str) -> None:
    await is_not_offered(speak, f"PUT {project_of(speak)}members/", "project.update_member", "a@b.c", "OWNER")


@plays("project.remove_member")
async def remove_member(speak: Speaker, user: str) -> None:
    await is_not_offered(speak, f"DELETE {project_of(speak)}members/", "project.remove_member", "a@b.c")


@plays("create_memory_export")
async def create_memory_export(speak: Speaker, user: str) -> None:
    await remembered(speak, user)
    answer = await speak("create_memory_export", FACTS, filters={"user_id": user})
    assert (speak.last.line, speak.last.body) == (
        "POST /v1/exports/", {"schema": FACTS, "filters": {"user_id": user}},
    )  # fmt: skip
    assert answer["message"] == "Memory export request received. The export will be ready in a few seconds."
    assert UUID(answer["id"])


@plays("get_memory_export")
async def get_memory_export(speak: Speaker, user: str) -> None:
    await remembered(speak, user)
    kept = await speak("create_memory_export", FACTS, filters={"user_id": user})
    by_id = await speak("get_memory_export", memory_export_id=kept["id"])
    assert (speak.last.line, speak.last.body) == ("POST /v1/exports/get/", {"memory_export_id": kept["id"]})
    assert by_id == await speak("get_memory_export", filters={"user_id": user}) == {"facts": ["I live in Lisbon"]}
    with pytest.raises(exceptions.MemoryNotFoundError, match="No memory export request found"):
        await speak("get_memory_export", filters={"user_id": f"{user}'s cousin"})


@plays("get_summary")
async def get_summary(speak: Speaker, user: str) -> None:
    await remembered(speak, user)
    answer = await speak("get_summary", filters={"user_id": user})
    assert (speak.last.line, speak.last.body) == ("POST /v1/summary/", {"filters": {"user_id": user}})
    assert answer["summary"]


@plays("get_profile")
async def get_profile(speak: Speaker, user: str) -> None:
    profile = await speak("get_profile", user)
    assert speak.last.line == f"GET /v2/entities/user/{quote(user, safe='')}/profile/"
    assert (profile["status"], profile["profile"], profile["entity_id"]) == ("not_enabled", None, user)


@plays("get_profile_settings")
async def get_profile_settings(speak: Speaker, user: str) -> None:
    profile_settings = await speak("get_profile_settings")
    assert speak.last.line == f"GET {PROFILES}/settings/"
    assert (profile_settings["enabled"], profile_settings["entities"]["user"]["schema"]) == (False, None)


@plays("update_profile_settings")
async def update_profile_settings(speak: Speaker, user: str) -> None:
    await is_not_offered(speak, f"POST {PROFILES}/settings/", "update_profile_settings", enabled=True)


@plays("generate_profile")
async def generate_profile(speak: Speaker, user: str) -> None:
    await is_not_offered(speak, f"POST {PROFILES}/jobs/", "generate_profile", user, "once")
    assert speak.last.headers["idempotency-key"] == "once"


@plays("sample_profiles")
async def sample_profiles(speak: Speaker, user: str) -> None:
    await is_not_offered(speak, f"POST {PROFILES}/jobs/", "sample_profiles", limit=2)


@plays("get_profile_job")
async def get_profile_job(speak: Speaker, user: str) -> None:
    await is_not_offered(speak, f"GET {PROFILES}/jobs/job-1/", "get_profile_job", "job-1")
