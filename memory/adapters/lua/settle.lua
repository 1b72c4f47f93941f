-- The batch is applied: it leaves the lane.
-- KEYS lease, lane, waiting list, plan, ledger, backlog, owned
-- ARGV token, turn prefix, status prefix, retention_s, then per turn: id, status (settled or erased), events
local lease, lane, waiting, plan, ledger, backlog, owned = unpack(KEYS)
if redis.call('GET', lease) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = string.format('%.0f', now_us)
local count = (#ARGV - 4) / 3
for i = 0, count - 1 do
  local id, status, events = ARGV[5 + i * 3], ARGV[6 + i * 3], ARGV[7 + i * 3]
  local turn = ARGV[2] .. id
  local stamp = redis.call('HGET', turn, 'accepted_us')
  redis.call('ZREM', ARGV[3] .. 'running', id)
  redis.call('ZADD', ARGV[3] .. status, stamp, id)
  redis.call('HSET', turn, 'status', status, 'events', events, 'settled_us', now)
  redis.call('HDEL', turn, 'error', 'alone')
  if status == 'erased' then redis.call('HDEL', turn, 'body', 'events', 'lane', 'user_id', 'agent_id', 'run_id') end
  redis.call('EXPIRE', turn, ARGV[4])
  redis.call('HINCRBY', ledger, status, 1)
end
redis.call('LTRIM', waiting, count, -1)
redis.call('DECRBY', backlog, count)
redis.call('DEL', plan)
redis.call('HDEL', lane, 'held', 'limit', 'failures', 'planned', 'wake_us')
redis.call('EXPIRE', lane, ARGV[4])
redis.call('ZREMRANGEBYSCORE', owned, '-inf', string.format('(%.0f', now_us - ARGV[4] * 1000000))
redis.call('EXPIRE', owned, ARGV[4])
return 1
