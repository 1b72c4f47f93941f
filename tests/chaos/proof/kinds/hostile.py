"""13. Hostile files and environments: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import Edit, Mutation
from tests.chaos.proof.mutation import one as _one

_LOCAL = "tests/unit/test_local_only.py::test_"
_REMOTE = f"{_LOCAL}a_request_from_or_to_another_machine_is_refused_without_keys"
_STORE = "tests/unit/test_import_local_store.py::test_"
_KEYLESS = f"{_STORE}a_local_store_is_read_without_the_keys_of_its_caller_and_without_the_modules_that_lie_about"
_SPELLED = "tests/integration/test_spellings.py::test_"
_GROUP = "tests/integration/test_process_group.py::test_"
_SLOW_FAILURE = f"{_GROUP}a_part_that_needs_long_to_find_out_that_it_cannot_start_is_given_up_as_well"

MUTATIONS: tuple[Mutation, ...] = (
    _one(13, "Without keys nobody looks where a request comes from.", _REMOTE,
         "api/app.py", "app.add_middleware(LocalOnly)", "pass"),
    _one(13, "Only the caller's end of a connection is looked at, not ours.", _REMOTE,
         "scrubjay/model/loopback.py", "(_is_path(*server) or is_loopback(server[0]))", "server"),
    _one(13, "What a proxy passes on counts as local.",
         f"{_LOCAL}what_came_through_a_proxy_is_refused_without_keys_whatever_the_proxy_says",
         "scrubjay/model/loopback.py", 'if _is_proxied(scope["headers"]):', "if False:"),
    _one(13, "Whatever has no port counts as a UNIX socket.", _REMOTE,
         "scrubjay/model/loopback.py", "return port is None and host.startswith(_PATHS)", "return port is None"),
    _one(13, "Without keys any address will do for a Host.",
         f"{_LOCAL}a_request_that_calls_us_by_an_address_of_elsewhere_is_refused_without_keys",
         "api/sessions.py", "return is_loopback(name) or not", "return name[0] in '02' or not"),
    _one(13, "The MCP server on loopback lends its key to whoever reaches it.",
         f"{_LOCAL}the_mcp_server_lends_its_key_to_no_other_machine",
         "scrubjay/mcp/http.py", 'scope["type"] == "lifespan" or is_local(scope)', "True"),
    _one(13, "AUTH=off starts on every address.",
         "tests/unit/test_security_page.py::"
         "test_a_server_that_lets_everybody_in_from_afar_or_nobody_at_all_does_not_start",
         "scrubjay/settings.py", 'if settings.auth == "off" and not is_loopback(settings.host):', "if False:"),
    _one(13, "A pickle may name any function.", f"{_STORE}a_store_that_holds_a_program_runs_nothing_and_is_refused",
         "scrubjay/cli/imports/pickles.py", 'raise ForbiddenPickle(f"it holds {module}.{name}"[:200])',
         "return super().find_class(module, name)"),
    _one(13, "The reader of a local store has its caller's keys.", _KEYLESS,
         "scrubjay/cli/imports/sources.py", "None if path is None else {\"PYTHONPATH\": str(_PACKAGES)}", "None"),
    _one(13, "The reader of a local store imports from the directory where it is started.", _KEYLESS,
         "scrubjay/cli/imports/sources.py", '"-P", "-m"', '"-m"'),
    _one(13, "A store of another user is read.", f"{_STORE}what_belongs_to_somebody_else_is_not_read",
         "scrubjay/cli/imports/trust.py", "if status.st_uid not in (uid, _SUPERUSER):", "if False:"),
    _one(13, "A store that everybody can write is read.", f"{_STORE}what_others_can_write_is_not_read",
         "scrubjay/cli/imports/trust.py", "if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):", "if False:"),
    _one(13, "A local store may take any time to read.",
         f"{_STORE}a_value_that_takes_for_ever_to_read_ends_the_reading_with_a_sentence",
         "scrubjay/cli/imports/sources.py", "self._reader.wait() == -signal.SIGXCPU", "self._reader.wait() is None"),
    _one(13, "A dry run takes owners that the server refuses.",
         "tests/unit/test_cli_import.py::test_a_dry_run_refuses_the_owners_that_the_server_refuses",
         "scrubjay/cli/imports/shapes.py", "return _OWNER_ID.validate_python(value)", "return str(value)"),
    _one(13, "A payload may grow without end when it is written out.",
         f"{_STORE}a_payload_that_grows_when_it_is_written_out_is_refused",
         "scrubjay/cli/imports/pickles.py", "left[0] -= 1", "left[0] -= value is Ellipsis and 1 or 0"),
    _one(13, "A report of people's words can be read by everybody.",
         "tests/unit/test_cli_import.py::test_files_with_people_s_words_are_for_the_caller_alone",
         "scrubjay/cli/private_files.py", "os.fchmod(descriptor, _OURS_ALONE)", "pass"),
    _one(13, "An id is taken as it is spelled.", f"{_SPELLED}who_is_forgotten_by_another_spelling_is_gone",
         "scrubjay/model/scope.py", 'name = normalized("NFC", text).strip()', "name = text"),
    _one(13, "An id may be one that no address can name.",
         "tests/unit/test_owner_ids.py::test_an_id_that_no_address_can_name_is_refused_on_every_surface",
         "scrubjay/model/scope.py", "if name in _NO_ADDRESSES:", "if False:"),
    _one(13, "A blank id is an id.", f"{_SPELLED}a_blank_id_is_refused_everywhere_with_the_name_of_its_field",
         "scrubjay/model/scope.py", "if not name:", "if False:"),
    _one(13, "What is stored in another spelling cannot be named.",
         f"{_SPELLED}what_is_stored_in_another_spelling_is_listed_and_erased_exactly",
         "api/dependencies.py", "return ids if exact else checked", "return checked"),
    _one(13, "A part that needs long to find out that it cannot start is started for ever.", _SLOW_FAILURE,
         "scrubjay/devstack/managed_process.py", "is_settled = self.forgiving and", "is_settled ="),
    Mutation(13, "The reason of a part that dies at start stands in a file alone.", _SLOW_FAILURE, (
        Edit("scrubjay/devstack/managed_process.py", "{f' ({last_output})' if last_output else ''}", ""),
    )),
)  # fmt: skip
