-- Take a turn in, in one step: idempotency, limits, append, status, books, wake-up message.
-- KEYS turn, waiting list, lane, owned index, queued set, ledger, lanes, backlog, queue, tenants, [idempotency]
-- ARGV id, lane, tenant, body, wake-up message, how many of those there may be, max_backlog, max_lane_backlog, user, agent, run, app,
--      unseeded (1: take it though the order is not known, as the store is away), most of a tenant that is not alone,
--      most of one that is, [body hash]
-- with _clock
-- with _due
-- with _ready
-- with _tenant_limit
local turn, waiting, lane, owned, queued, ledger, lanes, backlog, queue, tenants, idem = unpack(KEYS)
local id, lane_key, tenant, body, message = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

if idem then
  local seen = redis.call('HMGET', idem, 'id', 'hash')
  if seen[1] then return { seen[2] == ARGV[16] and 'repeated' or 'conflict', seen[1] } end
end
if tonumber(redis.call('GET', backlog) or '0') >= tonumber(ARGV[7]) then return { 'full', id } end
if is_tenant_full(ledger, tenants, ARGV[14], ARGV[15]) then return { 'tenant_full', id } end
if redis.call('LLEN', waiting) >= tonumber(ARGV[8]) then return { 'lane_full', id } end

-- Times of a lane increase strictly, by microseconds where need be. Where that would date a turn more than a minute
-- ahead, the clock has gone back: the turn has its real time, and its order alone tells that it is later.
local clock = peek()
if not clock.seeded and ARGV[13] ~= '1' then return { 'unseeded', id } end
local order, accepted_us = next_order(clock), clock.now_us
local last_us = tonumber(redis.call('HGET', lane, 'last_us') or '0')
if last_us >= accepted_us and last_us < accepted_us + 60000000 then accepted_us = last_us + 1 end
local stamp = digits(accepted_us)

redis.call('HSET', turn, 'v', 1, 'lane', lane_key, 'status', 'queued', 'accepted_us', stamp, 'order', order, 'attempts', 0,
  'due_ms', digits(clock.monotonic_ms),
  'body', body, 'user_id', ARGV[9], 'agent_id', ARGV[10], 'run_id', ARGV[11], 'app_id', ARGV[12])
redis.call('RPUSH', waiting, id)
due_now(waiting, clock)
redis.call('HSET', lane, 'last_us', stamp)
redis.call('ZADD', owned, stamp, id)
-- While turns wait, what the lane knows of itself has no end; it gets one when the lane is settled.
redis.call('PERSIST', lane)
redis.call('PERSIST', owned)
redis.call('ZADD', queued, stamp, id)
redis.call('HINCRBY', ledger, 'accepted', 1)
redis.call('HINCRBY', ledger, 'waiting', 1)
redis.call('INCR', backlog)
redis.call('SADD', tenants, tenant)
if idem then
  -- It has no end while the turn waits: whoever settles the turn, or buries or erases it, gives it one.
  redis.call('HSET', idem, 'id', id, 'hash', ARGV[16])
  redis.call('HSET', turn, 'idem', idem)
end
-- A lane in `lanes` is awake: it is ready, or somebody works on it, or the sweep makes it ready when its time comes.
if not redis.call('ZSCORE', lanes, lane_key) then
  make_ready(lane_key, clock.monotonic_ms)
  ring(queue, ARGV[6], { message })
end
return { 'accepted', id }
