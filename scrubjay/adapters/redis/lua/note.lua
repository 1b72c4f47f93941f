-- Note a removal down that is to be repeated. KEYS removals; ARGV removal, finish_ms
-- with _clock
local removals = KEYS[1]
local removal, finish_ms = ARGV[1], ARGV[2]
redis.call('ZADD', removals, look().monotonic_ms + finish_ms, removal)
return 1
