-- Raise an owner's epoch: every turn that came before it in the order is erased, and every later one of anybody is newer.
-- The removal is noted down as unfinished: the sweep removes once more when whoever was writing just now must have ended.
-- KEYS epoch, removals; ARGV epoch_retention_s, owner (sealed), finish_ms
-- Returns { the epoch's place in the order, Redis' time in us }, or 'unseeded' where the order is not known.
-- with _clock
local epoch, removals = KEYS[1], KEYS[2]
local retention_s, sealed_owner, finish_ms = ARGV[1], ARGV[2], ARGV[3]
local clock = look()
if not clock.seeded then return 'unseeded' end
local order, now = next_order(clock), digits(clock.now_us)
redis.call('SET', epoch, order .. ' ' .. now, 'EX', retention_s)
redis.call('ZADD', removals, clock.monotonic_ms + finish_ms, order .. ' ' .. sealed_owner)
return { order, now }
