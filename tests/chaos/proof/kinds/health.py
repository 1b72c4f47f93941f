"""17. Health that is not true, and success for what did not happen: what is taken out, and which test must notice."""

from __future__ import annotations

from tests.chaos.proof.mutation import Mutation
from tests.chaos.proof.mutation import one as _one

_PATCHES = "tests/integration/test_metadata.py::test_two_patches_of_metadata_at_once_both_hold_and_metadata_replaces"

MUTATIONS: tuple[Mutation, ...] = (
    _one(17, "What a patch of metadata joins is read before the lane is held.", _PATCHES, "memory/revise.py",
         "    lane = (await _current(reach, memory_id, store)).scope.lane\n"
         "    async with lanes.edit(lane) as lease:\n"
         "        before = await _current(reach, memory_id, store)\n"
         "        said = {**change",
         "    before = await _current(reach, memory_id, store)\n"
         "    async with lanes.edit(before.scope.lane) as lease:\n"
         "        said = {**change"),
    _one(17, "Patches make metadata as large as they like.", _PATCHES,
         "memory/revise.py", '_bounded({**fields["metadata"], **self.metadata_patch})',
         '{**fields["metadata"], **self.metadata_patch}'),
    _one(17, "The library reads the .env file of its host.",
         "tests/unit/test_library_config.py::test_the_library_reads_no_env_file_of_its_host_and_a_server_does",
         "memory/settings.py", 'extra="ignore",\n        frozen=True,\n        populate_by_name=True,',
         'extra="ignore",\n        env_file=".env",\n        frozen=True,\n        populate_by_name=True,'),
)  # fmt: skip
