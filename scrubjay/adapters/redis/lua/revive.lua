-- A dead turn goes back to the end of its lane (replay), or out of the books as erased (discard). A replay obeys the
-- limits of what waits, and passes no turn of its lane that was to be replayed before it and is dead still.
-- KEYS turn, waiting list, ledger, backlog, lanes, queue, lane, owned, the lane's dead, tenants
-- ARGV id, status prefix, lane, wake-up message, how many of those there may be, retention_s, replay (1) or discard (0), max_backlog, max_lane_backlog,
--   most of a tenant that is not alone, most of one that is, the turn to be replayed before it ('': none)
-- Returns 1, 0 where it is not dead, or which limit or 'behind' keeps it so.
-- with _history
-- with _clock
-- with _due
-- with _ready
-- with _idempotency
-- with _tenant_limit
local turn, waiting, ledger, backlog, lanes, queue, lane, owned, dead, tenants = unpack(KEYS)
local row = redis.call('HMGET', turn, 'status', 'accepted_us', 'attempts', 'idem')
if row[1] ~= 'dead' then return 0 end
if ARGV[7] == '1' then
  if tonumber(redis.call('GET', backlog) or '0') >= tonumber(ARGV[8]) then return 'full' end
  if is_tenant_full(ledger, tenants, ARGV[10], ARGV[11]) then return 'tenant_full' end
  if redis.call('LLEN', waiting) >= tonumber(ARGV[9]) then return 'lane_full' end
  if ARGV[12] ~= '' and redis.call('HGET', ARGV[12], 'status') == 'dead' then return 'behind' end
end
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
redis.call('HINCRBY', ledger, 'waiting', 1)
redis.call('INCR', backlog)
if has_key(row[4], ARGV[1]) then redis.call('PERSIST', row[4]) end
if not redis.call('ZSCORE', lanes, ARGV[3]) then
  make_ready(ARGV[3], clock.monotonic_ms)
  ring(queue, ARGV[5], { ARGV[4] })
end
return 1
