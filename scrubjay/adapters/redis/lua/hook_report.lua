-- What an attempt came to. An attempt that somebody else has repeated meanwhile counts only if it was a success.
-- ARGV tenant, webhook, delivery, attempt, status (waiting: again), status code, error, delay_ms, rest_ms, retention_s
-- with _clock
-- with _deliveries
local tenant, webhook, id, attempt, status, code = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local error_text, delay_ms, rest_ms, retention_s = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local names = names_of(tenant, webhook)
local delivery = names.delivery .. id
local row = redis.call('HMGET', delivery, 'status', 'attempts', 'lane')
if row[1] ~= 'waiting' then return 0 end
if status ~= 'delivered' and row[2] ~= attempt then return 0 end
local clock = look()
local now_ms = clock.monotonic_ms
redis.call('HDEL', delivery, 'code', 'error')
if code ~= '' then redis.call('HSET', delivery, 'code', code) end
if error_text ~= '' then redis.call('HSET', delivery, 'error', error_text) end
if status == 'waiting' then
  redis.call('HSET', delivery, 'due_ms', now_ms + delay_ms,
    'due_us', micros(clock.now_us + delay_ms * 1000))
  if tonumber(rest_ms) > 0 then redis.call('SET', names.rest, digits(now_ms + rest_ms), 'PX', rest_ms) end
else
  redis.call('LREM', names.lane .. row[3], 1, id)
  end_delivery(names, id, status, clock.now_us, retention_s)
end
put_lane(names, row[3], now_ms)
return 1
