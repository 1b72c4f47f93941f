"""16. A store that is not our own engine server: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import Mutation
from tests.chaos.proof.mutation import one as _one

_OTHER = "tests/contract/test_other_qdrant.py::test_"
_REFUSES = "tests/integration/test_store_refuses.py::test_"
_ENGINE = "tests/contract/qdrant/test_refusals.py::test_"
_CONNECTION = "scrubjay/adapters/qdrant/connection.py"
_WRITES = "scrubjay/adapters/qdrant/writes.py"
_READS = "scrubjay/adapters/qdrant/reads.py"

MUTATIONS: tuple[Mutation, ...] = (
    _one(16, "All points of a plan go in one request.",
         f"{_OTHER}many_writes_go_in_several_requests_none_larger_than_the_setting",
         _WRITES, "parts = cut(points, self._most_bytes)", "parts = [list(points)]"),
    _one(16, "Of points that the server refuses a part is written.",
         f"{_OTHER}of_writes_that_need_several_requests_none_is_made_when_one_is_refused",
         _WRITES, "fitting = [piece for part in parts for piece in await self._pieces(collection, part)]",
         "fitting = parts"),
    _one(16, "A server that hangs up on a large request is taken for one that is away.",
         f"{_OTHER}what_a_server_hangs_up_on_goes_in_halves",
         _WRITES, "if not error.hung_up or sum(map(size_of, points)) <= _SMALLEST_LIMIT:", "if True:"),
    _one(16, "The versions of one memory go in any requests.",
         f"{_OTHER}the_versions_of_one_memory_go_in_one_request_and_what_stands_goes_last",
         _WRITES, "for group in _by_memory(points):", "for group in [[point] for point in points]:"),
    _one(16, "All looks at neighbours go in one request.",
         f"{_OTHER}looks_at_many_neighbours_go_in_several_requests",
         "scrubjay/adapters/qdrant/neighbours.py",
         "at_once = max(1, self._most_bytes // (REQUESTS * vector_bytes(len(looks[0].vector))))",
         "at_once = len(looks)"),
    _one(16, "A server that is too old is used all the same.",
         f"{_OTHER}a_server_that_is_too_old_is_named_and_turns_wait",
         _CONNECTION, "version.require()", "pass"),
    _one(16, "The version of a server that was away is not read again.",
         f"{_OTHER}a_server_that_was_away_is_looked_at_anew",
         _CONNECTION, "self._is_met, self._tried_at = False,", "self._is_met, self._tried_at = True,"),
    _one(16, "Whether the key may write is not tried.",
         f"{_OTHER}rights_are_tried_once_a_minute_however_often_somebody_asks",
         _CONNECTION, "await self.try_to_write(collection)", "pass"),
    _one(16, "What keeps every write from being taken is forgotten at once.",
         f"{_OTHER}a_full_disk_is_told_in_our_words_until_a_write_is_taken",
         _CONNECTION, "self._write_fault = fault", "pass"),
    _one(16, "A server's words are logged with the secrets in them.",
         f"{_OTHER}a_servers_own_words_go_to_the_log_alone_masked_cut_and_once_a_minute",
         _CONNECTION, "message = self._mask(", "message = str("),
    _one(16, "A server's words stand in the error of a turn.",
         f"{_REFUSES}a_turn_that_alone_is_refused_dies_in_our_words_and_its_neighbours_settle",
         _CONNECTION, "({status}); the log has its words", "({status}): {error}"),
    _one(16, "A turn dies of a write that the store refuses to everybody.",
         f"{_REFUSES}while_the_store_refuses_every_write_turns_wait_and_then_all_settle",
         _WRITES, 'raise StoreUnavailable("Qdrant refuses every write; the log has its words") from error', "return"),
    _one(16, "A filter that the store refuses is told as a store that is away.",
         f"{_REFUSES}a_caller_is_told_which_field_the_store_cannot_serve_and_no_word_of_the_server",
         _READS, "if filters is not None and await is_taken(answer([])):", "if False:"),
    _one(16, "The engine server answers a body of any size.",
         f"{_ENGINE}a_body_of_32_mib_is_read_and_one_that_is_larger_ends_the_connection_without_an_answer",
         "scrubjay/devstack/qdrant_engine/http_protocol.py", "most_bytes = MAX_BODY_BYTES", "most_bytes = 1 << 40"),
)  # fmt: skip
