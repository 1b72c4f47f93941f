"""22. What lanes are called: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import LUA, Mutation, one

_NAMES = "tests/contract/test_lane_names.py::test_"
_NO_ID = f"{_NAMES}no_key_message_or_index_holds_an_owners_id_whatever_becomes_of_the_turns"
_READ = f"{_NAMES}after_redis_was_emptied_what_is_read_of_an_owner_is_there_at_once"
_LOG = "scrubjay/adapters/redis/turn_log"

MUTATIONS: tuple[Mutation, ...] = (
    one(22, "A lane is named by its owner's id.", _NO_ID,
        "scrubjay/adapters/redis/lane_names.py", "{lane.kind}:{name}", "{lane.kind}:{lane.name}"),
    one(22, "After Redis was emptied a process goes on accepting under the old names.",
        f"{_NAMES}after_redis_was_emptied_all_processes_name_a_lane_alike",
        f"{LUA}/accept.lua", "if not names_lanes(key_id) then return { 'renamed', id } end\n", ""),
    one(22, "After Redis was emptied a process takes a lane by its old name.",
        f"{_NAMES}after_redis_was_emptied_nobody_holds_a_lane_by_its_old_name",
        f"{LUA}/acquire.lua", "if not names_lanes(key_id) then return 'renamed' end\n", ""),
    one(22, "After Redis was emptied an erase takes a lane by its old name.",
        f"{_NAMES}after_redis_was_emptied_nobody_holds_a_lane_by_its_old_name",
        f"{LUA}/take_by_force.lua", "if not names_lanes(key_id) then return 'renamed' end\n", ""),
    one(22, "After Redis was emptied an owner's turns are listed by their lane's old name.",
        f"{_READ}[waiting_of_ana]",
        f"{_LOG}/turn_lists.py", "        await self._lanes.refresh()\n", ""),
    one(22, "After Redis was emptied an owner's dead letters are read by their lane's old name.",
        f"{_READ}[dead_of_ana]",
        f"{_LOG}/dead_letters.py", "        await lanes.refresh()\n", ""),
    one(22, "After Redis was emptied an owner's turns are exported by their lane's old name.",
        f"{_READ}[exported_of_ana]",
        f"{_LOG}/owners.py", "        await self._lanes.refresh()\n", ""),
    one(22, "After Redis was emptied an owner's waiting turns are counted by their lane's old name.",
        f"{_READ}[pending_of_ana]",
        f"{_LOG}/turns.py", "        await self._lanes.refresh()\n", ""),
    one(22, "A lane whose first turns are lost is claimed for nobody.",
        f"{_NAMES}a_lane_whose_first_turns_are_lost_is_claimed_for_the_first_that_is_not",
        f"{LUA}/claim.lua", "  local lost = drop_lost(names, 1, turn_prefix, KEY.status_of .. tenant .. ':')\n",
        "  local lost = {}\n"),
    one(22, "A lane of which every turn is lost stays awake.",
        f"{_NAMES}a_lane_of_which_every_turn_is_lost_falls_asleep_and_the_next_one_is_claimed",
        f"{LUA}/claim.lua", "      rest_empty(lane, names, retention_s)\n", ""),
)  # fmt: skip
