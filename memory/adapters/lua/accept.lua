-- Take a turn in, in one step: idempotency, limits, append, status, books, bell.
-- KEYS turn, waiting list, lane, owned index, queued set, ledger, lanes, backlog, bell queue, tenants, floor,
--      [idempotency, idempotency as it was named before keys were hashed]
-- ARGV id, lane, tenant, body, bell, lease_ms, max_backlog, max_lane_backlog, user, agent, run, app,
--      [body hash, idempotency_s, body hash of before]
-- with _due
local turn, waiting, lane, owned, queued, ledger, lanes, backlog, queue, tenants, floor, idem, plain = unpack(KEYS)
local id, lane_key, tenant, body, bell = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

if idem then
  for name, hash in pairs({ [idem] = ARGV[13], [plain] = ARGV[15] }) do
    local seen = redis.call('HMGET', name, 'id', 'hash')
    if seen[1] then
      return { seen[2] == hash and 'repeated' or 'conflict', seen[1] }
    end
  end
end
if tonumber(redis.call('GET', backlog) or '0') >= tonumber(ARGV[7]) then return { 'full', id } end
if redis.call('LLEN', waiting) >= tonumber(ARGV[8]) then return { 'lane_full', id } end

-- Strictly increasing within a lane, and after whatever was erased, whatever the clock does.
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local last_us = math.max(
  tonumber(redis.call('HGET', lane, 'last_us') or '0'), tonumber(redis.call('GET', floor) or '0'))
local accepted_us = now_us > last_us and now_us or last_us + 1
local stamp = string.format('%.0f', accepted_us)

redis.call('HSET', turn, 'lane', lane_key, 'status', 'queued', 'accepted_us', stamp, 'attempts', 0, 'body', body,
  'user_id', ARGV[9], 'agent_id', ARGV[10], 'run_id', ARGV[11], 'app_id', ARGV[12])
redis.call('RPUSH', waiting, id)
due_now(waiting, now_us)
redis.call('HSET', lane, 'last_us', stamp)
redis.call('ZADD', owned, stamp, id)
-- While turns wait, what the lane knows of itself has no end; it gets one when the lane is settled.
redis.call('PERSIST', lane)
redis.call('PERSIST', owned)
redis.call('ZADD', queued, stamp, id)
redis.call('HINCRBY', ledger, 'accepted', 1)
redis.call('INCR', backlog)
redis.call('SADD', tenants, tenant)
if idem then
  redis.call('HSET', idem, 'id', id, 'hash', ARGV[13])
  redis.call('EXPIRE', idem, ARGV[14])
end
-- A lane in `lanes` is awake: somebody works on it, or the sweep will ring when its time comes.
if redis.call('ZADD', lanes, 'NX', math.floor(now_us / 1000) + ARGV[6], lane_key) == 1 then
  redis.call('LPUSH', queue, bell)
end
return { 'accepted', id }
