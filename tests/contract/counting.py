"""Scripts that tell what they cost: how many commands they carry out, and how many elements those answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from redis.asyncio import Redis

from scrubjay.adapters.redis.keys import DEFAULT_KEYS
from scrubjay.adapters.redis.scripts import runner
from scrubjay.adapters.redis.scripts.runner import Argument, RedisScripts

_TEXTS = runner._sources(DEFAULT_KEYS).texts
SCRIPTS = frozenset(_TEXTS)

_COUNTED = """
local commands, elements, real = 0, 0, redis
local function many(answer)
  if type(answer) ~= 'table' or answer.ok then return 0 end
  local inner = #answer
  for _, one in ipairs(answer) do inner = inner + many(one) end
  return inner
end
local redis = setmetatable({ call = function(...)
  local answer = real.call(...)
  commands, elements = commands + 1, elements + many(answer)
  return answer
end }, { __index = real })
local function main()
%s
end
local answer = main()
return { commands, elements, answer == nil and false or answer }
"""


class Cost(NamedTuple):
    """What a script has cost at most."""

    commands: int = 0
    elements: int = 0


class Counting(RedisScripts):
    """The same scripts, each counting; `cost` holds the most that each has cost since it was cleared."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.cost = dict[str, Cost]()

    async def run(self, name: str, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        text = _COUNTED % _TEXTS[name]
        commands, elements, answer = await self.redis.eval(text, len(keys), *keys, *args)
        before = self.cost.get(name, Cost())
        self.cost[name] = Cost(max(before.commands, commands), max(before.elements, elements))
        return answer

    async def run_soon(self, name: str, keys: Sequence[str], args: Sequence[Argument], within_seconds: float) -> Any:
        return await self.run(name, keys, args)
