-- The removals that are due to be repeated. KEYS removals; ARGV how many at most
-- Returns the monotonic clock in ms, and the removals.
-- with _clock
local now_ms = look().monotonic_ms
return { digits(now_ms), redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now_ms, 'LIMIT', 0, ARGV[1]) }
