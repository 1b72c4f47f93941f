-- Raise an owner's epoch: every turn that came before it in the order is erased, and every later one of anybody is newer.
-- The removal is noted down as unfinished: the sweep removes once more when whoever was writing just now must have ended.
-- KEYS epoch, removals; ARGV epoch_retention_s, owner (sealed), finish_ms
-- Returns { the epoch's place in the order, Redis' time in us }, or 'unseeded' where the order is not known.
-- with _clock
local clock = look()
if not clock.seeded then return 'unseeded' end
local order, now = next_order(clock), digits(clock.now_us)
redis.call('SET', KEYS[1], order .. ' ' .. now, 'EX', ARGV[1])
redis.call('ZADD', KEYS[2], clock.monotonic_ms + ARGV[3], order .. ' ' .. ARGV[2])
return { order, now }
