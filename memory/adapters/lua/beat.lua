-- A worker process is alive. Those that have not been seen for long are forgotten, whichever way the clock has jumped.
-- KEYS workers; ARGV process, keep_ms
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now_ms, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. (now_ms - ARGV[2]))
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. (now_ms + ARGV[2]), '+inf')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
