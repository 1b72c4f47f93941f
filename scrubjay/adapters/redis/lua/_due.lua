-- Shared: since when the first turn of each lane with work is due, by the monotonic clock of `_clock.lua`, in DUE by the
-- name of the lane's waiting list. In a list turns stand in the order in which they became due, so a lane's moment never
-- goes back while it has work: a pause that the lane made holds for all the turns that waited through it.
local DUE = KEY.due
local function due_now(waiting, clock)
  redis.call('ZADD', DUE, 'NX', clock.monotonic_ms, waiting)
end
local function due_after_pause(waiting, wake_ms)
  redis.call('ZADD', DUE, wake_ms, waiting)
end
-- The pause is over before its time.
local function due_at_last(waiting, clock)
  redis.call('ZADD', DUE, 'XX', 'LT', clock.monotonic_ms, waiting)
end
-- To be called whenever turns have left the list.
local function due_by_first(waiting, turn_prefix)
  local first = redis.call('LINDEX', waiting, 0)
  if not first then return redis.call('ZREM', DUE, waiting) end
  local due_ms = redis.call('HGET', turn_prefix .. first, 'due_ms')
  if due_ms then redis.call('ZADD', DUE, 'GT', due_ms, waiting) end
end
