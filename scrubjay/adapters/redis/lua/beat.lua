-- A worker process is alive. Those that have not been seen for long are forgotten.
-- KEYS workers; ARGV process, keep_ms
-- with _clock
local now_ms = look().monotonic_ms
redis.call('ZADD', KEYS[1], digits(now_ms), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. digits(now_ms - ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
