-- The batch is applied: it leaves the lane. Run again, it changes nothing more.
-- KEYS lease, lane, waiting list, plan, ledger, backlog, owned, webhooks, outbox, lanes that have lines, webhooks due
-- ARGV token, turn prefix, status prefix, retention_s, dropped facts, text prefix, text_s (how long the words stay), then
--   per turn: id, status (settled or erased), events, gated (1: no model was asked)
-- Returns 0 where the lease is another's, 2 where webhooks are to be told, else 1.
-- with _clock
-- with _due
-- with _idempotency
-- with _single
local lease, lane, waiting, plan, ledger, backlog, owned, hooks, outbox, hook_lanes, hooks_due = unpack(KEYS)
local token, turn_prefix, status_prefix, retention_s, dropped_facts, text_prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local text_s = ARGV[7]
if redis.call('GET', lease) ~= token then return 0 end
local clock = look()
local now = digits(clock.now_us)
if redis.call('EXISTS', plan) == 1 then redis.call('HINCRBY', ledger, 'dropped_facts', dropped_facts) end
local settled = 0
local is_wanted, noted_lane = redis.call('EXISTS', hooks) == 1, nil
for i = 8, #ARGV, 4 do
  local id, status, events, gated = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local turn = turn_prefix .. id
  local there = redis.call('LREM', waiting, 1, id) == 1
  if there then
    settled = settled + 1
    redis.call('ZREM', status_prefix .. 'running', id)
    redis.call('HINCRBY', ledger, status, 1)
    redis.call('HINCRBY', ledger, 'waiting', -1)
    redis.call('DECR', backlog)
  end
  if there and redis.call('HEXISTS', turn, 'accepted_us') == 0 then -- it is done, though nothing of it is left to tell
    redis.call('ZREM', owned, id)
  elseif there then
    redis.call('ZADD', status_prefix .. status, redis.call('HGET', turn, 'accepted_us'), id)
    redis.call('HSET', turn, 'status', status, 'events', events, 'settled_us', now)
    end_key(redis.call('HGET', turn, 'idem'), id)
    redis.call('HDEL', turn, 'error', 'tries')
    -- One line a turn, whatever it did and however many webhooks there are: `hook_fan_out` makes the deliveries.
    if is_wanted and status == 'settled' and events ~= '[]' then
      redis.call('RPUSH', outbox, id)
      noted_lane = redis.call('HGET', turn, 'lane')
    end
    if gated == '1' and status == 'settled' then
      redis.call('HSET', turn, 'gated', 1)
      redis.call('ZADD', status_prefix .. 'gated', redis.call('HGET', turn, 'accepted_us'), id)
      redis.call('HINCRBY', ledger, 'gated', 1)
    end
    if status == 'erased' then
      redis.call('HDEL', turn, 'body', 'events', 'lane', 'order', 'idem', 'user_id', 'agent_id', 'run_id', 'app_id', 'used_calls', 'used_embeddings',
        'used_prompt_tokens', 'used_completion_tokens', 'used_embedding_tokens', 'used_cost_nusd',
        'history', 'times_failed', 'times_postponed', 'times_worker_lost', 'times_replayed')
      redis.call('ZREM', owned, id)
    end
    -- Words that end before the status does get a key of their own, so that Redis ends them by itself.
    if tonumber(text_s) < tonumber(retention_s) then
      local body = redis.call('HGET', turn, 'body')
      if body and tonumber(text_s) > 0 then redis.call('SET', text_prefix .. id, body, 'EX', text_s) end
      redis.call('HDEL', turn, 'body')
    end
    redis.call('EXPIRE', turn, retention_s)
  end
end
due_by_first(waiting, turn_prefix)
tried_alone(lane, settled)
redis.call('DEL', plan)
redis.call('HDEL', lane, 'held', 'holder', 'limit', 'failures', 'deaths', 'planned', 'wake_us')
-- The index names a turn for as long as its hash lives, which is longer than the retention if it waited long or is dead.
-- So each settling looks at the next few, from where the last one stopped: those that live do not hide the others.
local old_us, from = clock.now_us - retention_s * 1000000, tonumber(redis.call('HGET', lane, 'trim') or '0')
local rows, living = redis.call('ZRANGE', owned, from, from + 99, 'WITHSCORES'), from
for i = 1, #rows, 2 do
  if tonumber(rows[i + 1]) >= old_us then
    living = 0
    break
  elseif redis.call('EXISTS', turn_prefix .. rows[i]) == 1 then
    living = living + 1
  else
    redis.call('ZREM', owned, rows[i])
  end
end
if #rows < 200 or living == 0 then redis.call('HDEL', lane, 'trim') else redis.call('HSET', lane, 'trim', living) end
if noted_lane then
  redis.call('EXPIRE', outbox, retention_s)
  redis.call('ZADD', hook_lanes, 'NX', digits(clock.monotonic_us), noted_lane)
  redis.call('ZADD', hooks_due, 'LT', clock.monotonic_ms, string.match(noted_lane, '^[^:]*:'))
end
return noted_lane and 2 or 1
