-- Take a turn in, in one step: idempotency, limits, append, status, ledger, wake-up message.
-- KEYS turn, waiting list, lane, owned index, queued set, ledger, lanes, backlog, queue, tenants, [idempotency]
-- ARGV id, lane, tenant, body, wake-up message, how many of those there may be, max_backlog, max_lane_backlog, user, agent, run, app,
--      unseeded (1: take it though the order is not known, as the store is away), most of a tenant that is not alone,
--      most of one that is, what tells the key of lane names from others, [body hash]
-- with _clock
-- with _due
-- with _ready
-- with _tenant_limit
-- with _lane_names
local turn, waiting, lane, owned, queued, ledger, lanes, backlog, queue, tenants, idem = unpack(KEYS)
local id, lane_name, tenant, body, message, most_messages = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local max_backlog, max_lane_backlog, user_id, agent_id, run_id, app_id = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local allow_unseeded, most_among_others, most_alone, key_id, body_hash = ARGV[13], ARGV[14], ARGV[15], ARGV[16], ARGV[17]

if not names_lanes(key_id) then return { 'renamed', id } end
if idem then
  local seen = redis.call('HMGET', idem, 'id', 'hash')
  if seen[1] then return { seen[2] == body_hash and 'repeated' or 'conflict', seen[1] } end
end
if tonumber(redis.call('GET', backlog) or '0') >= tonumber(max_backlog) then return { 'full', id } end
if is_tenant_full(ledger, tenants, most_among_others, most_alone) then return { 'tenant_full', id } end
if redis.call('LLEN', waiting) >= tonumber(max_lane_backlog) then return { 'lane_full', id } end

-- Times of a lane increase strictly, by microseconds where need be. Where that would date a turn more than a minute
-- ahead, the clock has gone back: the turn has its real time, and its order alone tells that it is later.
local clock = peek()
if not clock.seeded and allow_unseeded ~= '1' then return { 'unseeded', id } end
local order, accepted_us = next_order(clock), clock.now_us
local last_us = tonumber(redis.call('HGET', lane, 'last_us') or '0')
if last_us >= accepted_us and last_us < accepted_us + 60000000 then accepted_us = last_us + 1 end
local stamp = digits(accepted_us)

redis.call('HSET', turn, 'v', 1, 'lane', lane_name, 'status', 'queued', 'accepted_us', stamp, 'order', order, 'attempts', 0,
  'due_ms', digits(clock.monotonic_ms),
  'body', body, 'user_id', user_id, 'agent_id', agent_id, 'run_id', run_id, 'app_id', app_id)
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
  -- It has no end while the turn waits: whoever settles the turn, or erases it or makes it a dead letter, gives it one.
  redis.call('HSET', idem, 'id', id, 'hash', body_hash)
  redis.call('HSET', turn, 'idem', idem)
end
-- A lane in `lanes` is awake: it is ready, or somebody works on it, or the sweep makes it ready when its time comes.
if not redis.call('ZSCORE', lanes, lane_name) then
  make_ready(lane_name, clock.monotonic_ms)
  send_wakeups(queue, most_messages, { message })
end
return { 'accepted', id }
