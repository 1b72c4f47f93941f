-- The next delivery of a webhook that is due, counted as attempted. Whoever claimed it and died is followed by another
-- when the claim ends. KEYS webhooks, webhooks that are due
-- ARGV tenant, webhook, claim_ms, awake_ms, busy (1: the caller asks again soon, so no message is needed for another worker)
-- Returns { id, fields, the webhook }, or nothing where none is due.
-- with _clock
-- with _deliveries
local hooks, dues = unpack(KEYS)
local tenant, webhook, claim_ms, awake_ms, busy = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local names, is_busy = names_of(tenant, webhook), busy == '1'
local clock = look()
local now_ms = clock.monotonic_ms
redis.call('SET', names.awake, 1, 'PX', awake_ms)

local function none(next_ms)
  if next_ms then redis.call('ZADD', dues, next_ms, names.own) else redis.call('ZREM', dues, names.own) end
  if not is_busy then redis.call('DEL', names.awake) end
  return false
end

local hook = redis.call('HGET', hooks, names.hook)
if not hook then return none() end
local rest_until_ms = tonumber(redis.call('GET', names.rest) or '0')
if rest_until_ms > now_ms then return none(rest_until_ms) end
local lane = redis.call('ZRANGEBYSCORE', names.due, '-inf', now_ms, 'LIMIT', 0, 1)[1]
if not lane then return none(redis.call('ZRANGE', names.due, 0, 0, 'WITHSCORES')[2]) end
local id = redis.call('LINDEX', names.lane .. lane, 0)
redis.call('HINCRBY', names.delivery .. id, 'attempts', 1)
redis.call('HSET', names.delivery .. id, 'tried_us', micros(clock.now_us))
redis.call('ZADD', names.due, now_ms + claim_ms, lane)
return { id, redis.call('HGETALL', names.delivery .. id), hook }
