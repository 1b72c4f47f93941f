-- A removal could not be repeated: it is due again after a pause that doubles with each failure.
-- KEYS removals, how often each has failed; ARGV removal, first_ms, longest_ms
-- Returns the pause in ms.
-- with _clock
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
local failures = redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
local pause = math.min(tonumber(ARGV[3]), ARGV[2] * 2 ^ math.min(failures - 1, 20))
redis.call('ZADD', KEYS[1], look().monotonic_ms + pause, ARGV[1])
return pause
