-- Forget an owner's turns in one lane: take the lane by force (whoever held it fails its next check) and leave of each
-- turn that came before the epoch only that it was erased. A lane in which nothing else is goes as well, name and all.
-- KEYS lease, lane, waiting list, plan, owned, ledger, backlog, lanes, the lane's dead
-- ARGV turn prefix, status prefix, retention_s, lease_ms, epoch, lane, user, agent, run, app (empty: any), text prefix,
--   dead turns that may be among them: a dead one outlives its lane's index ...
-- Returns { token, turns whose words were there, plans, { id, status it had, ... }, Redis' time in us }, or 'unseeded' where
-- the order is not known.
-- with _clock
-- with _idempotency
local lease, lane, waiting, plan, owned, ledger, backlog, lanes, dead = unpack(KEYS)
local clock, epoch = look(), tonumber(ARGV[5])
if not clock.seeded then return 'unseeded' end
local token, now = next_order(clock), digits(clock.now_us)
redis.call('SET', lease, token, 'PX', ARGV[4])
redis.call('ZADD', lanes, 'XX', clock.monotonic_ms + ARGV[4], ARGV[6])

local live = { queued = true, running = true, retrying = true }
local ids, seen = redis.call('LRANGE', waiting, 0, -1), {}
local batch = tonumber(redis.call('HGET', lane, 'held') or redis.call('HGET', lane, 'planned') or '0')
local taken, whole = {}, true
for i = 1, batch do if ids[i] then taken[ids[i]] = true end end
for _, id in ipairs(redis.call('ZRANGE', owned, 0, -1)) do ids[#ids + 1] = id end
for i = 12, #ARGV do ids[#ids + 1] = ARGV[i] end

local erased, texts = {}, 0
for _, id in ipairs(ids) do
  local turn = ARGV[1] .. id
  local row = redis.call('HMGET', turn, 'status', 'user_id', 'agent_id', 'run_id', 'app_id', 'accepted_us', 'lane',
    'order', 'idem')
  local ours = row[1] and row[1] ~= 'erased' and not seen[id] and row[7] == ARGV[6] and tonumber(row[8] or '0') <= epoch
  for i = 2, 5 do ours = ours and (ARGV[5 + i] == '' or ARGV[5 + i] == row[i]) end
  seen[id] = true
  if not row[1] then redis.call('ZREM', owned, id) end -- its hash has ended: the index would name the lane for nothing
  if ours then
    if live[row[1]] then
      redis.call('LREM', waiting, 1, id)
      redis.call('DECR', backlog)
      if taken[id] then whole = false end
    else
      redis.call('HINCRBY', ledger, row[1], -1)
    end
    redis.call('ZREM', ARGV[2] .. row[1], id)
    redis.call('ZREM', ARGV[2] .. 'gated', id)
    redis.call('ZADD', ARGV[2] .. 'erased', row[6], id)
    redis.call('ZREM', owned, id)
    redis.call('ZREM', dead, id)
    redis.call('HINCRBY', ledger, 'erased', 1)
    if redis.call('HEXISTS', turn, 'body') + redis.call('EXISTS', ARGV[11] .. id) > 0 then texts = texts + 1 end
    redis.call('DEL', turn, ARGV[11] .. id)
    redis.call('HSET', turn, 'status', 'erased', 'accepted_us', row[6], 'attempts', 0,
      'settled_us', now)
    redis.call('EXPIRE', turn, ARGV[3])
    end_key(row[9])
    erased[#erased + 1] = id
    erased[#erased + 1] = row[1]
  end
end
-- A plan whose batch has lost a turn would not be used: it is decided anew.
local plans = 0
if redis.call('EXISTS', plan) == 1 and whole and batch > 0 then
  redis.call('HSET', lane, 'planned', batch)
else
  plans = redis.call('DEL', plan)
  redis.call('HDEL', lane, 'planned')
end
redis.call('HDEL', lane, 'held', 'holder', 'limit', 'deaths', 'failures', 'wake_us')
if redis.call('LLEN', waiting) == 0 and redis.call('ZCARD', owned) == 0 then
  redis.call('DEL', lane, owned)
elseif redis.call('LLEN', waiting) == 0 then
  redis.call('EXPIRE', lane, ARGV[3])
  redis.call('EXPIRE', owned, ARGV[3])
end
return { token, texts, plans, erased, now }
