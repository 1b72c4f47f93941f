-- Shared: the lanes that are ready, by tenant, and whose turn it is.
-- LANES holds every lane with work. A lane stands there with the moment at which it is to be looked at (its lease or its
-- pause ends), by the monotonic clock; or it is ready: then it also stands in `READY_OF .. tenant` with the moment since when
-- it is due, and in LANES with the same moment and READY more, as nobody needs to look at it until somebody claims it.
-- READY_TENANTS holds the tenants that have ready lanes by virtual time: how many batches of theirs were taken on. The
-- least one is next. Who comes back begins at the least there is, so that an absence earns nothing, and never below what it
-- had, which stands in SERVED.
local LANES, READY_OF, READY_TENANTS, SERVED = KEY.lanes, KEY.ready_of, KEY.ready_tenants, KEY.served
local READY = 1000000000000000
local SERVED_S = 60 -- when nothing was taken on for so long, nobody is owed anything

local function tenant_of(lane) return string.match(lane, '^[^:]*') end

-- The virtual time of a tenant. While nobody has ready lanes, it begins at the greatest that anybody has had.
local function virtual_time(tenant)
  local own = redis.call('ZSCORE', READY_TENANTS, tenant)
  if own then return tonumber(own) end
  local least = redis.call('ZRANGE', READY_TENANTS, 0, 0, 'WITHSCORES')[2]
    or redis.call('ZRANGE', SERVED, -1, -1, 'WITHSCORES')[2] or '0'
  return math.max(tonumber(least), tonumber(redis.call('ZSCORE', SERVED, tenant) or '0'))
end

-- Take a lane out of those that are ready; whoever does so gives it another moment in LANES, or takes it out of there.
local function unready(lane)
  local tenant = tenant_of(lane)
  if redis.call('ZREM', READY_OF .. tenant, lane) == 0 then return false end
  if redis.call('EXISTS', READY_OF .. tenant) == 0 then redis.call('ZREM', READY_TENANTS, tenant) end
  return true
end

-- A lane with work is not ready, or not any more: it is to be looked at then.
local function look_at(lane, moment_ms)
  unready(lane)
  redis.call('ZADD', LANES, 'XX', moment_ms, lane)
end

local function make_ready(lane, since_ms)
  local tenant = tenant_of(lane)
  redis.call('ZADD', READY_OF .. tenant, 'NX', since_ms, lane)
  redis.call('ZADD', LANES, READY + redis.call('ZSCORE', READY_OF .. tenant, lane), lane)
  redis.call('ZADD', READY_TENANTS, 'NX', virtual_time(tenant), tenant)
end

local function fall_asleep(lane)
  unready(lane)
  redis.call('ZREM', LANES, lane)
end

-- A batch of the tenant's was taken on; `time` is its virtual time before.
local function charge(tenant, time)
  redis.call('ZADD', SERVED, time + 1, tenant)
  redis.call('EXPIRE', SERVED, SERVED_S)
  redis.call('ZADD', READY_TENANTS, 'XX', time + 1, tenant)
end

-- A batch of the lane's was taken on: the first one of a holder is paid for by its claim.
-- lane: its name; counters: its hash; token: the holder's
local function pay(lane, counters, token)
  if redis.call('HGET', counters, 'paid') == token then
    redis.call('HDEL', counters, 'paid')
  else
    charge(tenant_of(lane), virtual_time(tenant_of(lane)))
  end
end

-- Whether a tenant other than this one has ready lanes.
local function others_wait(tenant)
  return redis.call('ZCARD', READY_TENANTS) > (redis.call('ZSCORE', READY_TENANTS, tenant) and 1 or 0)
end

-- Put some wake-up messages down: no more than there are lanes that are ready, and few in all. One that is lost is missed by
-- nobody: whoever ends a drain sends some again, and the sweep does. Messages for webhooks stand in the same queue, before these,
-- so that the last one tells whether there is one of these: if there is none, one is put down in any case.
local function send_wakeups(queue, most, messages)
  local ready, length = redis.call('ZCOUNT', LANES, READY, '+inf'), redis.call('LLEN', queue)
  local missing = math.min(ready - length, most - length, #messages)
  if missing < 1 and ready > 0 and not string.find(redis.call('LINDEX', queue, 0) or '', 'scrubjay.drain', 1, true) then
    missing = 1
  end
  for i = 1, missing do redis.call('LPUSH', queue, messages[i]) end
  return math.max(missing, 0)
end
