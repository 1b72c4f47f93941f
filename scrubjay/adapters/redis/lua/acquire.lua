-- Take the lease of one lane.
-- KEYS lease, lane, waiting list, plan, owned
-- ARGV lane, lease_ms, edit (1: take it though nothing waits, but not over a recorded plan), retention_s, longest_ms
-- Returns { token, Redis' time in us }, 'unseeded' where the order is not known, or nothing.
-- with _clock
-- with _lease
-- with _due
-- with _ready
-- with _holding
local clock, token = look(), false
local names = { lease = KEYS[1], lane = KEYS[2], waiting = KEYS[3], owned = KEYS[5] }
if ARGV[3] ~= '1' then
  token = take_to_work(ARGV[1], names, { lease_ms = ARGV[2], retention_s = ARGV[4], longest_ms = ARGV[5] }, clock)
elseif not is_held(names.lease, ARGV[5]) and redis.call('EXISTS', KEYS[4]) == 0 then
  token = take_lease(ARGV[1], names.lease, ARGV[2], clock)
end
if not token or token == 'unseeded' then return token end
return { token, digits(clock.now_us) }
