-- Take a turn that waits out of its lane, whoever works on it: a worker that decides on its batch fails its next check, the
-- others of the batch are as if never taken, and a recorded plan of the batch is dropped. While a plan is being applied
-- nothing is done: its turns are about to be settled.
-- KEYS turn, lease, lane, waiting list, plan, ledger, backlog, owned, queue, erasing
-- ARGV id, lane, turn prefix, status prefix, wake-up message, how many of those there may be, retention_s, longest_ms
-- Returns 'discarded', 'busy' (a plan is being applied, or an erase is under way), or the status of a turn that does not
-- wait, '' where there is none.
-- with _clock
-- with _due
-- with _idempotency
-- with _lease
-- with _ready
-- with _single
local turn, lease, lane, waiting, plan, ledger, backlog, owned, queue, erasing = unpack(KEYS)
local id, lane_name, turn_prefix, status_prefix, message, most_messages = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local retention_s, longest_ms = ARGV[7], ARGV[8]
local row = redis.call('HMGET', turn, 'status', 'accepted_us', 'idem')
local live = { queued = true, running = true, retrying = true }
if not live[row[1]] then return row[1] or '' end
local holder = is_held(lease, longest_ms) and redis.call('GET', lease)
if holder and redis.call('GET', erasing) == holder then return 'busy' end

local batch_size = tonumber(redis.call('HGET', lane, 'held') or '0')
local planned = tonumber(redis.call('HGET', lane, 'planned') or '0')
local single = tonumber(redis.call('HGET', lane, 'single') or '0')
local place, of_head
for i, other in ipairs(redis.call('LRANGE', waiting, 0, math.max(batch_size, planned, single, 1) - 1)) do
  if other == id then place = i <= math.max(batch_size, planned, 1) and i or nil end
  if other == id and i <= single then of_head = true end
end
local of_plan = place and place <= planned and redis.call('EXISTS', plan) == 1
local works = place and place <= batch_size and holder and redis.call('HGET', lane, 'holder') == holder
if works and of_plan then return 'busy' end
redis.call('LREM', waiting, 1, id)
if works then
  for _, other in ipairs(batch_size > 1 and redis.call('LRANGE', waiting, 0, batch_size - 2) or {}) do
    local stamp = redis.call('HGET', turn_prefix .. other, 'accepted_us')
    if stamp then
      redis.call('HINCRBY', turn_prefix .. other, 'attempts', -1)
      redis.call('ZREM', status_prefix .. 'running', other)
      redis.call('ZADD', status_prefix .. 'queued', stamp, other)
      redis.call('HSET', turn_prefix .. other, 'status', 'queued')
    end
  end
  redis.call('HDEL', lane, 'held', 'holder')
  redis.call('DEL', lease)
  holder = false
elseif place and place <= batch_size then
  if redis.call('HINCRBY', lane, 'held', -1) <= 0 then redis.call('HDEL', lane, 'held', 'holder') end
end
if of_plan then
  redis.call('DEL', plan)
  redis.call('HDEL', lane, 'planned')
end
if of_head then tried_alone(lane, 1) end

for status in pairs(live) do redis.call('ZREM', status_prefix .. status, id) end
redis.call('ZADD', status_prefix .. 'erased', row[2], id)
redis.call('ZREM', owned, id)
redis.call('HINCRBY', ledger, 'erased', 1)
redis.call('HINCRBY', ledger, 'waiting', -1)
redis.call('DECR', backlog)
redis.call('HDEL', turn, 'body', 'error', 'lane', 'order', 'idem', 'user_id', 'agent_id', 'run_id', 'app_id', 'used_calls', 'used_embeddings',
  'used_prompt_tokens', 'used_completion_tokens', 'used_embedding_tokens', 'used_cost_nusd', 'due_ms',
  'history', 'tries', 'times_failed', 'times_postponed', 'times_worker_lost', 'times_replayed')
redis.call('HSET', turn, 'status', 'erased')
redis.call('EXPIRE', turn, retention_s)
end_key(row[3], id)

local clock = look()
-- The first one may be what the lane backs off for.
if place == 1 then
  redis.call('HDEL', lane, 'wake_us', 'failures', 'deaths', 'limit')
  due_at_last(waiting, clock)
end
due_by_first(waiting, turn_prefix)
if holder then return 'discarded' end
if redis.call('LLEN', waiting) == 0 then
  fall_asleep(lane_name)
  redis.call('EXPIRE', lane, retention_s)
  redis.call('EXPIRE', owned, retention_s)
elseif place and tonumber(redis.call('HGET', lane, 'wake_us') or '0') <= clock.monotonic_us then
  make_ready(lane_name, clock.monotonic_ms)
  send_wakeups(queue, most_messages, { message })
end
return 'discarded'
