-- How the queue is, in one step and a few commands, however much waits.
-- KEYS due, workers; ARGV longest_ms (no lane backs off for longer), seen_ms (a worker was seen so shortly ago)
-- Returns { lanes with work, of them backing off, ms for which the oldest due turn is due or -1, workers }
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local due_ms = -1
if first[2] and tonumber(first[2]) <= now_ms then due_ms = now_ms - tonumber(first[2]) end
return { redis.call('ZCARD', KEYS[1]), redis.call('ZCOUNT', KEYS[1], '(' .. now_ms, now_ms + ARGV[1]), due_ms,
  redis.call('ZCOUNT', KEYS[2], now_ms - ARGV[2], now_ms + ARGV[2]) }
