-- Give the lane up. Turns that were taken and not settled are as if never taken (unless `died`); waiting ones ring.
-- KEYS lease, lane, waiting list, lanes, bell queue
-- ARGV token, lane, turn prefix, status prefix, bell, lease_ms, died
local lease, lane, waiting, lanes, queue = unpack(KEYS)
if redis.call('GET', lease) ~= ARGV[1] then return 0 end
if ARGV[7] ~= '1' then
  local held = tonumber(redis.call('HGET', lane, 'held') or '0')
  for _, id in ipairs(held > 0 and redis.call('LRANGE', waiting, 0, held - 1) or {}) do
    local turn = ARGV[3] .. id
    redis.call('HINCRBY', turn, 'attempts', -1)
    if held == 1 then redis.call('HINCRBY', turn, 'alone', -1) end
    redis.call('ZREM', ARGV[4] .. 'running', id)
    redis.call('ZADD', ARGV[4] .. 'queued', redis.call('HGET', turn, 'accepted_us'), id)
    redis.call('HSET', turn, 'status', 'queued')
  end
  redis.call('HDEL', lane, 'held')
end
redis.call('DEL', lease)
if redis.call('LLEN', waiting) == 0 then
  redis.call('ZREM', lanes, ARGV[2])
else
  local time = redis.call('TIME')
  redis.call('ZADD', lanes, time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[6], ARGV[2])
  redis.call('LPUSH', queue, ARGV[5])
end
return 1
