"""A Laravel controller calls `POST /chat`: the article's as it is written, and the example's, under PHP."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from scrubjay.client import ScrubjayClient
from tests.e2e.turns import SESSION_1, settle_turn
from tests.model_server.control import ModelServer
from tests.model_server.wire import Fault, Kind
from tests.running import Running, without_endpoint
from tests.support import free_port

ROOT = Path(__file__).parents[2]
HARNESS = ROOT / "examples" / "laravel" / "run.php"
ARTICLES = ROOT / "tests" / "article" / "blocks" / "controller.php"
EXAMPLES = ROOT / "examples" / "laravel" / "ChatController.php"


@pytest.fixture(scope="module")
def php() -> str:
    program = shutil.which("php")
    if program is None:
        pytest.skip("php is not installed (Debian: apt install php-cli)")
    return program


def run_controller(php: str, controller: Path, url: str, user: str, message: str) -> tuple[int, dict[str, object], str]:
    """The status with which the harness ends, the controller's answer, and what it reported."""
    command = [php, str(HARNESS), str(controller), user, message]
    env = without_endpoint({"SCRUBJAY_URL": url})
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env)
    body: dict[str, object] = json.loads(ended.stdout or "{}")
    return ended.returncode, body, ended.stderr


@pytest.mark.parametrize("controller", [ARTICLES, EXAMPLES], ids=["the article's", "the example's"])
async def test_the_controller_gives_the_reply_and_the_memories_that_were_used(
    php: str, modelled: Running, model: ModelServer, controller: Path
) -> None:
    model.reset()
    user = f"laravel-{uuid.uuid4().hex[:8]}"
    async with ScrubjayClient(modelled.url) as client:
        await settle_turn(client, user, "I am building a SaaS product in Laravel.", SESSION_1)
        outcome = run_controller(php, controller, modelled.url, user, "What am I building in Laravel?")
        memories = ["I am building a SaaS product in Laravel."]
        assert outcome == (0, {"reply": "You said: What am I building in Laravel?", "memories_used": memories}, "")
        assert (await client.turns(user_id=user)).count == 2


async def test_the_examples_controller_says_so_when_the_model_or_the_server_is_away(
    php: str, modelled: Running, model: ModelServer
) -> None:
    model.reset()
    model.fault(Fault(kind=Kind.DROPPED, route="chat"))
    for url, reported in ((modelled.url, "model_unavailable"), (f"http://127.0.0.1:{free_port()}", "Nobody answers")):
        status, body, errors = run_controller(php, EXAMPLES, url, "ana", "Hello")
        assert (status, {*body}) == (1, {"error"})
        assert reported in errors
    model.heal()
