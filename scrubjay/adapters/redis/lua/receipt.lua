-- Keep a receipt, and forget some of those of the tenant that have ended.
-- KEYS receipt, receipts; ARGV id, document, retention_s
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local oldest = string.format('%.0f', now_us - ARGV[3] * 1000000)
local ended = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', oldest, 'LIMIT', 0, 100)
if #ended > 0 then redis.call('ZREM', KEYS[2], unpack(ended)) end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('ZADD', KEYS[2], string.format('%.0f', now_us), ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
