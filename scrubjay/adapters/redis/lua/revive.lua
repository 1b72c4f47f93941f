-- A dead turn goes back to the end of its lane (replay), or is counted as erased (discard). A replay obeys the
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
local id, status_prefix, lane_name, message, most_messages, retention_s = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local is_replay, max_backlog, max_lane_backlog, most_among_others, most_alone, turn_before = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local row = redis.call('HMGET', turn, 'status', 'accepted_us', 'attempts', 'idem')
if row[1] ~= 'dead' then return 0 end
if is_replay == '1' then
  if tonumber(redis.call('GET', backlog) or '0') >= tonumber(max_backlog) then return 'full' end
  if is_tenant_full(ledger, tenants, most_among_others, most_alone) then return 'tenant_full' end
  if redis.call('LLEN', waiting) >= tonumber(max_lane_backlog) then return 'lane_full' end
  if turn_before ~= '' and redis.call('HGET', turn_before, 'status') == 'dead' then return 'behind' end
end
redis.call('ZREM', status_prefix .. 'dead', id)
redis.call('ZREM', dead, id)
redis.call('HINCRBY', ledger, 'dead', -1)
if is_replay ~= '1' then
  redis.call('ZADD', status_prefix .. 'erased', row[2], id)
  redis.call('ZREM', owned, id)
  redis.call('HINCRBY', ledger, 'erased', 1)
  redis.call('HDEL', turn, 'body', 'error', 'lane', 'order', 'idem', 'user_id', 'agent_id', 'run_id', 'app_id', 'used_calls', 'used_embeddings',
    'used_prompt_tokens', 'used_completion_tokens', 'used_embedding_tokens', 'used_cost_nusd',
    'history', 'tries', 'times_failed', 'times_postponed', 'times_worker_lost', 'times_replayed')
  redis.call('HSET', turn, 'status', 'erased')
  redis.call('EXPIRE', turn, retention_s)
  end_key(row[4], id)
  return 1
end
redis.call('ZADD', status_prefix .. 'queued', row[2], id)
redis.call('ZADD', owned, row[2], id)
redis.call('PERSIST', owned)
redis.call('PERSIST', lane)
local clock = look()
redis.call('HSET', turn, 'status', 'queued', 'due_ms', digits(clock.monotonic_ms))
redis.call('HDEL', turn, 'error', 'tries')
note_down(turn, 'replayed', nil, nil, tonumber(row[3]))
redis.call('RPUSH', waiting, id)
due_now(waiting, clock)
redis.call('HINCRBY', ledger, 'waiting', 1)
redis.call('INCR', backlog)
if has_key(row[4], id) then redis.call('PERSIST', row[4]) end
if not redis.call('ZSCORE', lanes, lane_name) then
  make_ready(lane_name, clock.monotonic_ms)
  send_wakeups(queue, most_messages, { message })
end
return 1
