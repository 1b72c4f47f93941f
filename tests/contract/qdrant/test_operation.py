"""Nothing acknowledged is lost, whatever ends the process, and one process serves a directory."""

import signal
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from time import monotonic

import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException
from qdrant_client.models import FieldCondition, Filter, FilterSelector, MatchAny, MatchValue

from tests.contract.qdrant.data import DIMENSIONS, fill, identity, index, point, sparse, vector
from tests.contract.qdrant.pair import Pair, plain
from tests.contract.qdrant.server import Server, start_process

NAME = "memories"
pytestmark = pytest.mark.ours  # a real server is not started here, and keeps its data its own way
DEADLINE_SECONDS = 30
# 1,600 points and one deletion of many of them begin a compaction at once.
COMPACT = ("--compact-after", "1601", "--quiet-seconds", "0")
USERS = Filter(must=[FieldCondition(key="user", match=MatchAny(any=["u1", "u2"]))])
USER = Filter(must=[FieldCondition(key="user", match=MatchValue(value="u1"))])


def _everything(client: QdrantClient) -> object:
    points = client.scroll(NAME, limit=10_000, with_payload=True, with_vectors=True)
    info = client.get_collection(NAME)
    # Not compared is the number of indexed vectors, in which the engine counts deleted ones for a while.
    return plain([points, info.points_count, info.config, info.payload_schema])


def _change(client: QdrantClient) -> None:
    fill(client, NAME, 60)
    index(client, NAME)
    client.delete(NAME, FilterSelector(filter=USER))
    client.set_payload(NAME, {"seen": True}, points=[identity(2)])
    client.update_vectors(NAME, [models.PointVectors(id=identity(3), vector={"place": [7.0, 7.0]})])
    client.update_collection(NAME, metadata={"schema": 3})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_a_restart_finds_every_point_vector_payload_and_index(tmp_path: Path, number: signal.Signals) -> None:
    with Server(tmp_path) as first:
        client = first.client()
        _change(client)
        before = _everything(client)
        code = first.signal(number)
    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    with Server(tmp_path) as second:
        client = second.client()
        assert _everything(client) == before
        assert client.facet(NAME, "user").hits
        assert client.scroll(NAME, order_by="at", limit=3)[0]
        assert client.query_points(NAME, vector(1, DIMENSIONS), using="dense", query_filter=Filter(must_not=[USER]))


def test_points_acknowledged_before_a_kill_in_the_middle_of_writing_are_there(tmp_path: Path) -> None:
    with Server(tmp_path) as first:
        client = first.client()
        fill(client, NAME, 0 + 1)
        acknowledged: list[int] = []
        enough = threading.Event()

        def write() -> None:
            for number in count(1):
                try:
                    client.upsert(NAME, [point(number)])
                except ResponseHandlingException:
                    return
                acknowledged.append(number)
                if number >= 300:
                    enough.set()

        writer = threading.Thread(target=write)
        writer.start()
        assert enough.wait(20)
        first.signal(signal.SIGKILL)
        writer.join(10)
    with Server(tmp_path) as second:
        client = second.client()
        expected = [identity(number) for number in acknowledged]
        points = client.retrieve(NAME, expected, with_payload=False)
        assert {point.id for point in points} == set(expected)
        # One more may have been written and not yet acknowledged.
        assert 0 <= client.count(NAME).count - 1 - len(expected) <= 1


def test_a_collection_that_was_dropped_stays_dropped(tmp_path: Path) -> None:
    with Server(tmp_path) as first:
        client = first.client()
        fill(client, NAME, 5)
        fill(client, "other", 5)
        client.delete_collection(NAME)
        first.signal(signal.SIGKILL)
    with Server(tmp_path) as second:
        assert [collection.name for collection in second.client().get_collections().collections] == ["other"]


def test_a_creation_that_never_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    unfinished = tmp_path / "collections" / "half" / "data-1"
    unfinished.mkdir(parents=True)
    with Server(tmp_path) as server:
        assert server.client().get_collections().collections == []
    assert not unfinished.parent.exists()


def test_a_second_process_on_the_same_directory_says_who_has_it(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        second = start_process(tmp_path)
        _, stderr = second.communicate(timeout=20)
        assert second.returncode == 1
        assert f"is in use by the process {server.process.pid}; one process serves it." in stderr
        assert server.client().get_collections().collections == []


def test_data_that_cannot_be_read_is_left_alone_and_named(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        fill(server.client(), NAME, 5)
    broken = tmp_path / "collections" / NAME / "data-1" / "edge_config.json"
    broken.write_text("{")
    refused = start_process(tmp_path)
    _, stderr = refused.communicate(timeout=20)
    assert refused.returncode == 1
    assert "qdrant_refused_to_start" in stderr
    assert broken.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.org", "::"])
def test_an_address_that_others_could_reach_is_refused(tmp_path: Path, host: str) -> None:
    refused = start_process(tmp_path, "--host", host)
    _, stderr = refused.communicate(timeout=20)
    assert refused.returncode == 2
    assert f"{host} is no loopback address" in stderr


def test_compaction_keeps_every_point_and_the_changes_made_meanwhile(tmp_path: Path) -> None:
    with Server(tmp_path, *COMPACT) as server:
        client = server.client()
        fill(client, NAME, 1_600)
        client.delete(NAME, FilterSelector(filter=USERS))
        written = 0
        deadline = monotonic() + DEADLINE_SECONDS
        while not _compacted(tmp_path) and monotonic() < deadline:
            client.upsert(NAME, [point(5_000 + written)])
            written += 1
        server.wait_for("qdrant_compacted")
        assert client.count(NAME).count == 1_600 * 3 // 5 + written
        after = client.retrieve(NAME, [identity(5_000 + number) for number in range(written)], with_payload=False)
        assert len(after) == written
        before = _everything(client)
        server.signal(signal.SIGKILL)
    with Server(tmp_path) as second:
        assert _everything(second.client()) == before


def _compacted(data: Path) -> bool:
    return (data / "collections" / NAME / "data-2").exists() and not (data / "collections" / NAME / "data-1").exists()


def test_after_a_compaction_deleted_points_no_longer_make_words_common(tmp_path: Path) -> None:
    memory = QdrantClient(":memory:")
    with Server(tmp_path, *COMPACT) as server:
        pair = Pair(server.client(), memory, NAME)
        pair.change(lambda client, name: fill(client, name, 1_600))
        pair.change(lambda client, name: client.delete(name, FilterSelector(filter=USERS)))
        server.wait_for("qdrant_compacted")
        pair.agree_on_ranking(lambda client, name: client.query_points(name, sparse(3), using="rare", limit=50).points)
        pair.agree_on_everything()
    memory.close()


def test_a_drop_or_a_stop_waits_for_no_compaction(tmp_path: Path) -> None:
    with Server(tmp_path, *COMPACT) as server:
        client = server.client()
        ends: tuple[Callable[[], object], ...] = (
            lambda: client.delete_collection(NAME),
            lambda: server.signal(signal.SIGTERM),
        )
        for end in ends:
            fill(client, NAME, 1_600)
            client.delete(NAME, FilterSelector(filter=USERS))
            _poll(lambda: (tmp_path / "collections" / NAME / "data-2").exists())
            end()
    with Server(tmp_path) as second:
        assert second.client().count(NAME).count == 1_600 * 3 // 5


def _poll(look: Callable[[], bool]) -> None:
    deadline = monotonic() + DEADLINE_SECONDS
    while not look():
        assert monotonic() < deadline, "it did not happen in time"
