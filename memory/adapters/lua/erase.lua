-- Forget an owner's turns in one lane: take the lane by force (whoever held it fails its next check), raise the epoch,
-- and leave of each turn only that it was erased.
-- KEYS lease, lane, waiting list, plan, owned, ledger, backlog, fence, lanes, epoch
-- ARGV turn prefix, status prefix, retention_s, lease_ms, epoch_us, user, agent, run (empty: any)
local lease, lane, waiting, plan, owned, ledger, backlog, fence, lanes, epoch = unpack(KEYS)
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local last = tonumber(redis.call('GET', fence) or '0')
local token = string.format('%.0f', now_us > last and now_us or last + 1)
redis.call('SET', fence, token)
redis.call('SET', lease, token, 'PX', ARGV[4])

-- Every turn already in the lane was accepted up to the epoch, every later one after it.
local before_us = math.max(tonumber(ARGV[5]), now_us, tonumber(redis.call('HGET', lane, 'last_us') or '0'))
local before = string.format('%.0f', before_us)
redis.call('HSET', lane, 'last_us', before)
redis.call('HDEL', lane, 'held', 'limit', 'failures', 'planned', 'wake_us')
redis.call('EXPIRE', lane, ARGV[3])
redis.call('SET', epoch, before, 'EX', ARGV[3])
redis.call('DEL', plan)

local live = { queued = true, running = true, retrying = true }
local ids, seen = redis.call('LRANGE', waiting, 0, -1), {}
for _, id in ipairs(redis.call('ZRANGE', owned, 0, -1)) do ids[#ids + 1] = id end
local erased = 0
for _, id in ipairs(ids) do
  local turn = ARGV[1] .. id
  local row = redis.call('HMGET', turn, 'status', 'user_id', 'agent_id', 'run_id', 'accepted_us')
  local ours = row[1] and not seen[id] and row[1] ~= 'erased'
  for i = 2, 4 do ours = ours and (ARGV[4 + i] == '' or ARGV[4 + i] == row[i]) end
  seen[id] = true
  if ours then
    if live[row[1]] then
      redis.call('LREM', waiting, 1, id)
      redis.call('DECR', backlog)
    else
      redis.call('HINCRBY', ledger, row[1], -1)
    end
    redis.call('ZREM', ARGV[2] .. row[1], id)
    redis.call('ZADD', ARGV[2] .. 'erased', row[5], id)
    redis.call('ZREM', owned, id)
    redis.call('HINCRBY', ledger, 'erased', 1)
    redis.call('DEL', turn)
    redis.call('HSET', turn, 'status', 'erased', 'accepted_us', row[5], 'settled_us', string.format('%.0f', now_us),
      'attempts', 0)
    redis.call('EXPIRE', turn, ARGV[3])
    erased = erased + 1
  end
end
return { token, before, erased }
