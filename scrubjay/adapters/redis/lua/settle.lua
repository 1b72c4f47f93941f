-- The batch is applied: it leaves the lane. Run again, it changes nothing more.
-- KEYS lease, lane, waiting list, plan, ledger, backlog, owned, webhooks, outbox, lanes that have lines, webhooks due
-- ARGV token, turn prefix, status prefix, retention_s, dropped facts, text prefix, text_s (how long the words stay), then
--   per turn: id, status (settled or erased), events, gated (1: no model was asked)
-- Returns 0 where the lease is another's, 2 where webhooks are to be told, else 1.
-- with _clock
-- with _due
-- with _idempotency
-- with _single
local lease, lane, waiting, plan, ledger, backlog, owned = unpack(KEYS)
if redis.call('GET', lease) ~= ARGV[1] then return 0 end
local clock = look()
local now = digits(clock.now_us)
if redis.call('EXISTS', plan) == 1 then redis.call('HINCRBY', ledger, 'dropped_facts', ARGV[5]) end
local settled = 0
local telling, told = redis.call('EXISTS', KEYS[8]) == 1, nil
for i = 8, #ARGV, 4 do
  local id, status, events, gated = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local turn = ARGV[2] .. id
  local there = redis.call('LREM', waiting, 1, id) == 1
  if there then
    settled = settled + 1
    redis.call('ZREM', ARGV[3] .. 'running', id)
    redis.call('HINCRBY', ledger, status, 1)
    redis.call('HINCRBY', ledger, 'waiting', -1)
    redis.call('DECR', backlog)
  end
  if there and redis.call('HEXISTS', turn, 'accepted_us') == 0 then -- it is done, though nothing of it is left to tell
    redis.call('ZREM', owned, id)
  elseif there then
    redis.call('ZADD', ARGV[3] .. status, redis.call('HGET', turn, 'accepted_us'), id)
    redis.call('HSET', turn, 'status', status, 'events', events, 'settled_us', now)
    end_key(redis.call('HGET', turn, 'idem'), id)
    redis.call('HDEL', turn, 'error', 'tries')
    -- One line a turn, whatever it did and however many webhooks there are: `hook_fan_out` makes the deliveries.
    if telling and status == 'settled' and events ~= '[]' then
      redis.call('RPUSH', KEYS[9], id)
      told = redis.call('HGET', turn, 'lane')
    end
    if gated == '1' and status == 'settled' then
      redis.call('HSET', turn, 'gated', 1)
      redis.call('ZADD', ARGV[3] .. 'gated', redis.call('HGET', turn, 'accepted_us'), id)
      redis.call('HINCRBY', ledger, 'gated', 1)
    end
    if status == 'erased' then
      redis.call('HDEL', turn, 'body', 'events', 'lane', 'order', 'idem', 'user_id', 'agent_id', 'run_id', 'app_id', 'used_calls', 'used_embeddings',
        'used_prompt_tokens', 'used_completion_tokens', 'used_embedding_tokens', 'used_cost_nusd',
        'history', 'times_failed', 'times_postponed', 'times_worker_lost', 'times_replayed')
      redis.call('ZREM', owned, id)
    end
    -- Words that end before the status does get a key of their own, so that Redis ends them by itself.
    local text_s = tonumber(ARGV[7])
    if text_s < tonumber(ARGV[4]) then
      local body = redis.call('HGET', turn, 'body')
      if body and text_s > 0 then redis.call('SET', ARGV[6] .. id, body, 'EX', text_s) end
      redis.call('HDEL', turn, 'body')
    end
    redis.call('EXPIRE', turn, ARGV[4])
  end
end
due_by_first(waiting, ARGV[2])
tried_alone(lane, settled)
redis.call('DEL', plan)
redis.call('HDEL', lane, 'held', 'holder', 'limit', 'failures', 'deaths', 'planned', 'wake_us')
-- The index names a turn for as long as its hash lives, which is longer than the retention if it waited long or is dead.
-- So each settling looks at the next few, from where the last one stopped: those that live do not hide the others.
local old_us, from = clock.now_us - ARGV[4] * 1000000, tonumber(redis.call('HGET', lane, 'trim') or '0')
local rows, living = redis.call('ZRANGE', owned, from, from + 99, 'WITHSCORES'), from
for i = 1, #rows, 2 do
  if tonumber(rows[i + 1]) >= old_us then
    living = 0
    break
  elseif redis.call('EXISTS', ARGV[2] .. rows[i]) == 1 then
    living = living + 1
  else
    redis.call('ZREM', owned, rows[i])
  end
end
if #rows < 200 or living == 0 then redis.call('HDEL', lane, 'trim') else redis.call('HSET', lane, 'trim', living) end
if told then
  redis.call('EXPIRE', KEYS[9], ARGV[4])
  redis.call('ZADD', KEYS[10], 'NX', digits(clock.monotonic_us), told)
  redis.call('ZADD', KEYS[11], 'LT', clock.monotonic_ms, string.match(told, '^[^:]*:'))
end
return told and 2 or 1
