-- A dead turn goes back to the end of its lane (replay), or out of the books as erased (discard).
-- KEYS turn, waiting list, ledger, backlog, lanes, bell queue, lane, owned, the lane's dead
-- ARGV id, status prefix, lane, bell, lease_ms, retention_s, replay (1) or discard (0)
-- with _history
-- with _clock
-- with _due
-- with _idempotency
local turn, waiting, ledger, backlog, lanes, queue, lane, owned, dead = unpack(KEYS)
local row = redis.call('HMGET', turn, 'status', 'accepted_us', 'attempts', 'idem')
if row[1] ~= 'dead' then return 0 end
redis.call('ZREM', ARGV[2] .. 'dead', ARGV[1])
redis.call('ZREM', dead, ARGV[1])
redis.call('HINCRBY', ledger, 'dead', -1)
if ARGV[7] ~= '1' then
  redis.call('ZADD', ARGV[2] .. 'erased', row[2], ARGV[1])
  redis.call('ZREM', owned, ARGV[1])
  redis.call('HINCRBY', ledger, 'erased', 1)
  redis.call('HDEL', turn, 'body', 'error', 'lane', 'order', 'idem', 'user_id', 'agent_id', 'run_id', 'app_id', 'used_calls', 'used_embeddings',
    'used_prompt_tokens', 'used_completion_tokens', 'used_embedding_tokens', 'used_cost_nusd',
    'history', 'tries', 'times_failed', 'times_postponed', 'times_worker_lost', 'times_replayed')
  redis.call('HSET', turn, 'status', 'erased')
  redis.call('EXPIRE', turn, ARGV[6])
  end_key(row[4], ARGV[1])
  return 1
end
redis.call('ZADD', ARGV[2] .. 'queued', row[2], ARGV[1])
redis.call('ZADD', owned, row[2], ARGV[1])
redis.call('PERSIST', owned)
redis.call('PERSIST', lane)
local clock = look()
redis.call('HSET', turn, 'status', 'queued', 'due_ms', digits(clock.monotonic_ms))
redis.call('HDEL', turn, 'error', 'tries')
note_down(turn, 'replayed', nil, nil, tonumber(row[3]))
redis.call('RPUSH', waiting, ARGV[1])
due_now(waiting, clock)
redis.call('INCR', backlog)
if has_key(row[4], ARGV[1]) then redis.call('PERSIST', row[4]) end
if redis.call('ZADD', lanes, 'NX', clock.monotonic_ms + ARGV[5], ARGV[3]) == 1 then
  redis.call('LPUSH', queue, ARGV[4])
end
return 1
