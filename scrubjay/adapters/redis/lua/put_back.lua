-- A removal could not be repeated: it is due again after a pause that doubles with each failure.
-- KEYS removals, how often each has failed; ARGV removal, first_ms, longest_ms
-- Returns the pause in ms.
-- with _clock
local removals, removal_failures = KEYS[1], KEYS[2]
local removal, first_ms, longest_ms = ARGV[1], ARGV[2], ARGV[3]
if not redis.call('ZSCORE', removals, removal) then return 0 end
local failures = redis.call('HINCRBY', removal_failures, removal, 1)
local pause = math.min(tonumber(longest_ms), first_ms * 2 ^ math.min(failures - 1, 20))
redis.call('ZADD', removals, look().monotonic_ms + pause, removal)
return pause
