-- Ring for one lane that is due: nobody holds it, and its time has come.
-- KEYS lease, lanes, bell queue; ARGV lane, bell, lease_ms, longest_ms
-- with _clock
-- with _lease
local due, now_ms = redis.call('ZSCORE', KEYS[2], ARGV[1]), look().monotonic_ms
if not due or tonumber(due) > now_ms then return 0 end
redis.call('ZADD', KEYS[2], now_ms + ARGV[3], ARGV[1])
if is_held(KEYS[1], ARGV[4]) then return 0 end
redis.call('LPUSH', KEYS[3], ARGV[2])
return 1
