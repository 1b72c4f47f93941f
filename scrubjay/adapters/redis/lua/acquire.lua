-- Take the lane's lease. The token is the next number in the order of all that is decided.
-- KEYS lease, lane, waiting list, lanes, plan, owned
-- ARGV lane, lease_ms, edit (1: take it though nothing waits, but not over a recorded plan), retention_s, longest_ms
-- Returns { token, Redis' time in us }, 'unseeded' where the order is not known, or nothing.
-- with _clock
-- with _lease
-- with _due
local lease, lane, waiting, lanes, plan, owned = unpack(KEYS)
local edit = ARGV[3] == '1'
if is_held(lease, ARGV[5]) then return false end
local clock = look()
if edit then
  if redis.call('EXISTS', plan) == 1 then return false end
elseif redis.call('LLEN', waiting) == 0 then
  redis.call('ZREM', lanes, ARGV[1])
  due_by_first(waiting, '')
  redis.call('EXPIRE', lane, ARGV[4])
  redis.call('EXPIRE', owned, ARGV[4])
  return false
elseif clock.monotonic_us < tonumber(redis.call('HGET', lane, 'wake_us') or '0') then
  return false
end
if not clock.seeded then return 'unseeded' end
local token = next_order(clock)
redis.call('SET', lease, token, 'PX', ARGV[2])
redis.call('ZADD', lanes, 'XX', clock.monotonic_ms + ARGV[2], ARGV[1])
return { token, digits(clock.now_us) }
