-- What an attempt came to. An attempt that somebody else has repeated meanwhile counts only if it was a success.
-- ARGV tenant, webhook, delivery, attempt, status (waiting: again), status code, error, delay_ms, rest_ms, retention_s
-- with _clock
-- with _deliveries
local names, id, status = names_of(ARGV[1], ARGV[2]), ARGV[3], ARGV[5]
local delivery = names.delivery .. id
local row = redis.call('HMGET', delivery, 'status', 'attempts', 'lane')
if row[1] ~= 'waiting' then return 0 end
if status ~= 'delivered' and row[2] ~= ARGV[4] then return 0 end
local clock = look()
local now_ms = clock.monotonic_ms
redis.call('HDEL', delivery, 'code', 'error')
if ARGV[6] ~= '' then redis.call('HSET', delivery, 'code', ARGV[6]) end
if ARGV[7] ~= '' then redis.call('HSET', delivery, 'error', ARGV[7]) end
if status == 'waiting' then
  redis.call('HSET', delivery, 'due_ms', now_ms + ARGV[8],
    'due_us', micros(clock.now_us + ARGV[8] * 1000))
  if tonumber(ARGV[9]) > 0 then redis.call('SET', names.rest, digits(now_ms + ARGV[9]), 'PX', ARGV[9]) end
else
  redis.call('LREM', names.lane .. row[3], 1, id)
  end_delivery(names, id, status, clock.now_us, ARGV[10])
end
put_lane(names, row[3], now_ms)
return 1
