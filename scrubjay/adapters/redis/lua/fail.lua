-- A permanent failure: halve the batch; a turn that stands alone becomes a dead letter.
-- KEYS lease, lane, waiting list, plan, ledger, backlog, owned, the lane's dead; ARGV token, turn prefix, status prefix, error, error for the history
-- with _history
-- with _idempotency
-- with _due
-- with _single
local lease, lane, waiting, plan, ledger, backlog, owned, dead = unpack(KEYS)
local token, turn_prefix, status_prefix, error_text, history_error = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if redis.call('GET', lease) ~= token then return 0 end
local batch_size = tonumber(redis.call('HGET', lane, 'held') or '0')
local status = batch_size == 1 and 'dead' or 'retrying'
for _, id in ipairs(batch_size > 0 and redis.call('LRANGE', waiting, 0, batch_size - 1) or {}) do
  local turn = turn_prefix .. id
  local row = redis.call('HMGET', turn, 'accepted_us', 'attempts')
  redis.call('ZREM', status_prefix .. 'running', id)
  if row[1] then -- else it is lost: `take` counts it
    redis.call('ZADD', status_prefix .. status, row[1], id)
    redis.call('HSET', turn, 'status', status, 'error', error_text)
    note_down(turn, 'failed', history_error, batch_size, tonumber(row[2]))
  end
end
redis.call('DEL', plan)
redis.call('HDEL', lane, 'held', 'holder', 'deaths', 'planned')
local first = batch_size == 1 and redis.call('LINDEX', waiting, 0)
if first and redis.call('HEXISTS', turn_prefix .. first, 'accepted_us') == 1 then
  local id = redis.call('LPOP', waiting)
  redis.call('ZREM', owned, id)
  redis.call('ZADD', dead, redis.call('HGET', turn_prefix .. id, 'accepted_us'), id)
  end_key(redis.call('HGET', turn_prefix .. id, 'idem'), id)
  due_by_first(waiting, turn_prefix)
  redis.call('HINCRBY', ledger, 'dead', 1)
  redis.call('HINCRBY', ledger, 'waiting', -1)
  redis.call('DECR', backlog)
  redis.call('HDEL', lane, 'limit')
  tried_alone(lane, 1)
elseif batch_size > 1 then
  redis.call('HSET', lane, 'limit', math.floor(batch_size / 2))
end
return 1
