-- Keep a receipt, and forget some of those of the tenant that have ended.
-- KEYS receipt, receipts; ARGV id, document, retention_s
local receipt, receipts = KEYS[1], KEYS[2]
local id, document, retention_s = ARGV[1], ARGV[2], ARGV[3]
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local oldest = string.format('%.0f', now_us - retention_s * 1000000)
local ended = redis.call('ZRANGEBYSCORE', receipts, '-inf', oldest, 'LIMIT', 0, 100)
if #ended > 0 then redis.call('ZREM', receipts, unpack(ended)) end
redis.call('SET', receipt, document, 'EX', retention_s)
redis.call('ZADD', receipts, string.format('%.0f', now_us), id)
redis.call('EXPIRE', receipts, retention_s)
return 1
