"""The article's Python code, run as it is written but for what it imports and where Qdrant listens.

Its blocks belong to one program: what one has made, the next one uses. `mem_abc` stands for the id of a memory, and the
backticks in the last block are the page's typography for quotes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scrubjay import Memory
from scrubjay.devstack.sockets import free_port, http_get
from scrubjay.errors import NotFound
from tests.conftest import qdrant_command
from tests.conftest import running as process
from tests.model_server.control import ModelServer
from tests.model_server.control import running as model_server
from tests.support import wait_until

ROOT = Path(__file__).parents[2]
BLOCKS = {name: (Path(__file__).parent / "blocks" / f"{name}.txt").read_text() for name in (
    "setup", "chat_with_memory", "management",
)}  # fmt: skip
ARTICLE = ROOT.parent / "shared" / "article.txt"
PORT = 6333


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


@pytest.fixture(scope="module")
def qdrant_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A port of its own: on the article's another run may have its Qdrant, with the article's user in it."""
    port = free_port()
    with process(qdrant_command(port, tmp_path_factory.mktemp("qdrant"))):

        async def serves() -> bool:
            return (await http_get("127.0.0.1", port, "/readyz"))[0] == 200

        asyncio.run(wait_until(serves, what="the engine server answering"))
        yield port


class Program:
    """The article's program.

    Args:
        port: where Qdrant is.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.names: dict[str, Any] = {}

    @property
    def memory(self) -> Memory:
        """What the set-up has made."""
        memory = self.names["memory"]
        assert isinstance(memory, Memory)
        return memory

    def run(self, name: str, **instead: str) -> None:
        """Run a block, with other words in the place of some."""
        code = BLOCKS[name].replace("from mem0 import", "from scrubjay import").replace("import mem0", "")
        code = code.replace(str(PORT), str(self._port)).replace("`", "'")
        for part, replacement in instead.items():
            assert part in code
            code = code.replace(part, replacement)
        exec(compile(code, name, "exec"), self.names)


@pytest.fixture
def program(qdrant_port: int, model: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    model.reset()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "scripted")
    made = Program(qdrant_port)
    made.run("setup")
    try:
        yield made
    finally:
        made.memory.reset()
        made.memory.close()
        made.names["openai_client"].close()


def prompts(model: ModelServer) -> list[str]:
    """The system prompts of the chatbot's own calls."""
    requests = [request for request in model.requests() if request.get("model") == "gpt-4o"]
    return [request["messages"][0]["content"] for request in requests]


def test_the_article_s_chatbot_remembers_in_a_new_session_what_it_was_told_in_the_first(
    program: Program, model: ModelServer
) -> None:
    program.run("chat_with_memory")
    chat = program.names["chat_with_memory"]
    message = "I am building a SaaS product in Laravel."
    assert chat(message, "user_123") == f"You said: {message}"
    chat("Can you help me with my Laravel product?", "user_123")
    chat("Can you help me with my Laravel product?", "somebody_else")
    first, second, other = prompts(model)
    remembered = f"What you remember about this user:\n- {message}"
    assert remembered in second
    assert remembered not in first + other
    assert "Use the above memories to personalise your response." in first


def test_the_article_s_management_shows_changes_deletes_and_forgets(
    program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    memory = program.memory
    (added,) = memory.add("My stack is now Vue.js.", user_id="user_123")["results"]
    memory.add("I live in Lisbon.", user_id="user_123")
    shown = memory.get_all(user_id="user_123")["results"]
    program.run("management", mem_abc=added["id"])
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"[{view['id']}] {view['memory']} (created: {view['created_at']})" for view in shown]
    assert memory.get(added["id"]) is None
    assert memory.get_all(user_id="user_123") == {"results": []}


def test_the_article_s_update_of_one_memory_changes_it_and_keeps_what_it_was(program: Program) -> None:
    (added,) = program.memory.add("My stack is now Vue.js.", user_id="user_123")["results"]
    update = next(line for line in BLOCKS["management"].splitlines() if line.startswith("memory.update"))
    exec(update.replace("mem_abc", added["id"]), program.names)
    assert [view["new_memory"] for view in program.memory.history(added["id"])] == [
        "My stack is now Vue.js.",
        "Now using Next.js instead of Vue.js",
    ]


def test_the_article_s_placeholder_of_an_id_is_refused_in_words(program: Program) -> None:
    (added,) = program.memory.add("I live in Lisbon.", user_id="user_123")["results"]
    with pytest.raises(NotFound, match="there is no memory with the id 'mem_abc': ids are UUIDs"):
        program.run("management")
    kept = program.memory.get_all(user_id="user_123")["results"]
    assert [view["id"] for view in kept] == [added["id"]], added


@pytest.mark.skipif(not ARTICLE.exists(), reason="the page is not at hand here")
@pytest.mark.parametrize("name", BLOCKS)
def test_the_blocks_are_those_of_the_page(name: str) -> None:
    assert BLOCKS[name].strip() in ARTICLE.read_text()
