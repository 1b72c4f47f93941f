-- A worker process is alive. Those that have not been seen for long are forgotten.
-- KEYS workers; ARGV process, keep_ms
-- with _clock
local workers = KEYS[1]
local process, keep_ms = ARGV[1], ARGV[2]
local now_ms = look().monotonic_ms
redis.call('ZADD', workers, digits(now_ms), process)
redis.call('ZREMRANGEBYSCORE', workers, '-inf', '(' .. digits(now_ms - keep_ms))
redis.call('PEXPIRE', workers, keep_ms)
return 1
