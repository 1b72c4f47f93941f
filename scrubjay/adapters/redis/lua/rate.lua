-- Take up to so many requests out of somebody's bucket, which fills up by the minute and holds a minute's worth.
-- KEYS bucket; ARGV per_minute, wanted
local bucket = KEYS[1]
local per_minute, wanted = tonumber(ARGV[1]), ARGV[2]
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local seen = redis.call('HMGET', bucket, 'left', 'at_us')
local a_us = per_minute / 60000000
local left = seen[1] and math.min(per_minute, tonumber(seen[1]) + math.max(0, now_us - seen[2]) * a_us) or per_minute
local taken = math.min(tonumber(wanted), math.floor(left))
left = left - taken
redis.call('HSET', bucket, 'left', string.format('%.6f', left), 'at_us', string.format('%.0f', now_us))
redis.call('EXPIRE', bucket, 120)
return { taken, string.format('%.6f', left) }
