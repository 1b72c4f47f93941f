-- The batch is applied: it leaves the lane. Run again, it changes nothing more.
-- KEYS lease, lane, waiting list, plan, ledger, backlog, owned
-- ARGV token, turn prefix, status prefix, retention_s, dropped facts, then per turn: id, status (settled or erased), events,
--   gated (1: no model was asked)
local lease, lane, waiting, plan, ledger, backlog, owned = unpack(KEYS)
if redis.call('GET', lease) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = string.format('%.0f', now_us)
if redis.call('EXISTS', plan) == 1 then redis.call('HINCRBY', ledger, 'dropped_facts', ARGV[5]) end
for i = 6, #ARGV, 4 do
  local id, status, events, gated = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local turn = ARGV[2] .. id
  if redis.call('LREM', waiting, 1, id) == 1 then
    redis.call('ZREM', ARGV[3] .. 'running', id)
    redis.call('ZADD', ARGV[3] .. status, redis.call('HGET', turn, 'accepted_us'), id)
    redis.call('HSET', turn, 'status', status, 'events', events, 'settled_us', now)
    redis.call('HDEL', turn, 'error')
    if gated == '1' and status == 'settled' then
      redis.call('HSET', turn, 'gated', 1)
      redis.call('ZADD', ARGV[3] .. 'gated', redis.call('HGET', turn, 'accepted_us'), id)
      redis.call('HINCRBY', ledger, 'gated', 1)
    end
    if status == 'erased' then
      redis.call('HDEL', turn, 'body', 'events', 'lane', 'user_id', 'agent_id', 'run_id', 'used_calls', 'used_embeddings',
        'used_prompt_tokens', 'used_completion_tokens', 'used_embedding_tokens', 'used_cost_nusd')
      redis.call('ZREM', owned, id)
    end
    redis.call('EXPIRE', turn, ARGV[4])
    redis.call('HINCRBY', ledger, status, 1)
    redis.call('DECR', backlog)
  end
end
redis.call('DEL', plan)
redis.call('HDEL', lane, 'held', 'holder', 'limit', 'failures', 'deaths', 'planned', 'wake_us')
-- The index names a turn for as long as its hash lives, which is longer than the retention if it waited long.
local old = string.format('(%.0f', now_us - ARGV[4] * 1000000)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', owned, '-inf', old, 'LIMIT', 0, 100)) do
  if redis.call('EXISTS', ARGV[2] .. id) == 0 then redis.call('ZREM', owned, id) end
end
return 1
