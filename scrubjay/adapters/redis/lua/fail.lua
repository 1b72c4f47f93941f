-- A permanent failure: halve the batch, or bury the turn that stands alone.
-- KEYS lease, lane, waiting list, plan, ledger, backlog, owned, the lane's dead; ARGV token, turn prefix, status prefix, error, error for the history
-- with _history
-- with _idempotency
-- with _due
-- with _single
local lease, lane, waiting, plan, ledger, backlog, owned, dead = unpack(KEYS)
if redis.call('GET', lease) ~= ARGV[1] then return 0 end
local held = tonumber(redis.call('HGET', lane, 'held') or '0')
local status = held == 1 and 'dead' or 'retrying'
for _, id in ipairs(held > 0 and redis.call('LRANGE', waiting, 0, held - 1) or {}) do
  local turn = ARGV[2] .. id
  local row = redis.call('HMGET', turn, 'accepted_us', 'attempts')
  redis.call('ZREM', ARGV[3] .. 'running', id)
  if row[1] then -- else it is lost: `take` counts it
    redis.call('ZADD', ARGV[3] .. status, row[1], id)
    redis.call('HSET', turn, 'status', status, 'error', ARGV[4])
    note_down(turn, 'failed', ARGV[5], held, tonumber(row[2]))
  end
end
redis.call('DEL', plan)
redis.call('HDEL', lane, 'held', 'holder', 'deaths', 'planned')
local first = held == 1 and redis.call('LINDEX', waiting, 0)
if first and redis.call('HEXISTS', ARGV[2] .. first, 'accepted_us') == 1 then
  local id = redis.call('LPOP', waiting)
  redis.call('ZREM', owned, id)
  redis.call('ZADD', dead, redis.call('HGET', ARGV[2] .. id, 'accepted_us'), id)
  end_key(redis.call('HGET', ARGV[2] .. id, 'idem'), id)
  due_by_first(waiting, ARGV[2])
  redis.call('HINCRBY', ledger, 'dead', 1)
  redis.call('HINCRBY', ledger, 'waiting', -1)
  redis.call('DECR', backlog)
  redis.call('HDEL', lane, 'limit')
  tried_alone(lane, 1)
elseif held > 1 then
  redis.call('HSET', lane, 'limit', math.floor(held / 2))
end
return 1
