-- The next turns of a lane, counted as attempted. An empty lane falls asleep and its lease ends in the same step,
-- so a turn that is accepted a moment later makes the lane ready, and it is free. Returns { lost }, { empty, lost turns },
-- { again, lost turns } where more may be lost, or { turns, lost turns, turns, plan, 1 if others wait }.
-- KEYS lease, lane, waiting list, plan, lanes, ledger, backlog, owned, the lane's dead
-- ARGV token, lane, max_turns, max_chars, max_attempts, turn prefix, status prefix, error for a lost worker, retention_s
-- with _history
-- with _idempotency
-- with _due
-- with _ready
-- with _single
-- with _lost
local lease, lane, waiting, plan_key, lanes, ledger, backlog, owned, dead = unpack(KEYS)
local token, lane_name, max_turns, max_chars, max_attempts, turn_prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local status_prefix, worker_lost_error, retention_s = ARGV[7], ARGV[8], ARGV[9]
max_attempts = tonumber(max_attempts)
if redis.call('GET', lease) ~= token then return { 'lost' } end

local function move(id, from, to)
  local stamp = redis.call('HGET', turn_prefix .. id, 'accepted_us')
  redis.call('ZREM', status_prefix .. from, id)
  redis.call('ZADD', status_prefix .. to, stamp, id)
  redis.call('HSET', turn_prefix .. id, 'status', to)
end

local function move_first_to_dead()
  local first = redis.call('LPOP', waiting)
  tried_alone(lane, 1)
  due_by_first(waiting, turn_prefix)
  move(first, redis.call('HGET', turn_prefix .. first, 'status'), 'dead')
  redis.call('ZREM', owned, first)
  redis.call('ZADD', dead, redis.call('HGET', turn_prefix .. first, 'accepted_us'), first)
  redis.call('HSET', turn_prefix .. first, 'error', worker_lost_error)
  end_key(redis.call('HGET', turn_prefix .. first, 'idem'), first)
  redis.call('HINCRBY', ledger, 'dead', 1)
  redis.call('HINCRBY', ledger, 'waiting', -1)
  redis.call('DECR', backlog)
end

local lost = drop_lost({ lane = lane, waiting = waiting, plan = plan_key, ledger = ledger, backlog = backlog, owned = owned },
  tonumber(max_turns) + 1, turn_prefix, status_prefix) -- one more: the first one may become a dead letter below
if #lost == MOST_LOST then return { 'again', lost } end

local plan = redis.call('GET', plan_key)
-- `held` is still set when the last holder neither settled nor gave back: it died, or lost its lease.
local batch_size = tonumber(redis.call('HGET', lane, 'held') or '0')
if batch_size > 0 then
  local deaths = redis.call('HINCRBY', lane, 'deaths', 1)
  for _, id in ipairs(redis.call('LRANGE', waiting, 0, batch_size - 1)) do
    local turn = turn_prefix .. id
    note_down(turn, 'worker_lost', nil, batch_size, tonumber(redis.call('HGET', turn, 'attempts')))
  end
  -- A recorded plan is repeated for as long as that may help; without one the batch is halved at once.
  if not plan or deaths >= max_attempts then
    if batch_size > 1 then
      redis.call('HSET', lane, 'limit', math.floor(batch_size / 2))
    elseif deaths >= max_attempts then
      move_first_to_dead()
      redis.call('HDEL', lane, 'limit')
    end
    if batch_size > 1 or deaths >= max_attempts then redis.call('HDEL', lane, 'deaths') end
    redis.call('DEL', plan_key)
    redis.call('HDEL', lane, 'planned')
    plan = false
  end
end
local limit = tonumber(redis.call('HGET', lane, 'limit') or max_turns)
if redis.call('HEXISTS', lane, 'single') == 1 then limit = 1 end
if plan then limit = tonumber(redis.call('HGET', lane, 'planned') or limit) end

local ids = redis.call('LRANGE', waiting, 0, limit - 1)
if #ids == 0 then
  redis.call('ZREM', lanes, lane_name)
  redis.call('HDEL', lane, 'held', 'holder', 'limit', 'failures', 'deaths', 'wake_us', 'single', 'tried_ms')
  redis.call('EXPIRE', lane, retention_s)
  redis.call('EXPIRE', owned, retention_s)
  redis.call('DEL', lease)
  return { 'empty', lost }
end
local turns, chars = {}, 0
for _, id in ipairs(ids) do
  local row = redis.call('HMGET', turn_prefix .. id, 'body', 'accepted_us', 'status', 'times_replayed', 'order')
  chars = chars + #row[1]
  if not plan and #turns > 0 and chars > tonumber(max_chars) then break end
  if row[3] ~= 'running' then move(id, row[3], 'running') end
  local attempts = redis.call('HINCRBY', turn_prefix .. id, 'attempts', 1)
  turns[#turns + 1] = { id, row[1], row[2], attempts, row[4], row[5] }
end
redis.call('HSET', lane, 'held', #turns, 'holder', token)
pay(lane_name, lane, token)
return { 'turns', lost, turns, plan or '', others_wait(tenant_of(lane_name)) and 1 or 0 }
