-- Take the lease of one lane.
-- KEYS lease, lane, waiting list, plan, owned
-- ARGV lane, lease_ms, edit (1: take it though nothing waits, but not over a recorded plan), retention_s, longest_ms,
--   what tells the key of lane names from others
-- Returns { token, Redis' time in us }, 'renamed' where lanes are named with another key, 'unseeded' where the order is not known, or nothing.
-- with _clock
-- with _lease
-- with _due
-- with _ready
-- with _holding
-- with _lane_names
local lease, lane, waiting, plan, owned = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local lane_name, lease_ms, is_edit, retention_s, longest_ms, key_id = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if not names_lanes(key_id) then return 'renamed' end
local clock, token = look(), false
local names = { lease = lease, lane = lane, waiting = waiting, owned = owned }
if is_edit ~= '1' then
  token = take_to_work(lane_name, names, { lease_ms = lease_ms, retention_s = retention_s, longest_ms = longest_ms }, clock)
elseif not is_held(names.lease, longest_ms) and redis.call('EXISTS', plan) == 0 then
  token = take_lease(lane_name, names.lease, lease_ms, clock)
end
if not token or token == 'unseeded' then return token end
return { token, digits(clock.now_us) }
