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
local turn_prefix, status_prefix, most = ARGV[6], ARGV[7], tonumber(ARGV[5])
if redis.call('GET', lease) ~= ARGV[1] then return { 'lost' } end

local function move(id, from, to)
  local stamp = redis.call('HGET', turn_prefix .. id, 'accepted_us')
  redis.call('ZREM', status_prefix .. from, id)
  redis.call('ZADD', status_prefix .. to, stamp, id)
  redis.call('HSET', turn_prefix .. id, 'status', to)
end

local function bury_first()
  local first = redis.call('LPOP', waiting)
  tried_alone(lane, 1)
  due_by_first(waiting, turn_prefix)
  move(first, redis.call('HGET', turn_prefix .. first, 'status'), 'dead')
  redis.call('ZREM', owned, first)
  redis.call('ZADD', dead, redis.call('HGET', turn_prefix .. first, 'accepted_us'), first)
  redis.call('HSET', turn_prefix .. first, 'error', ARGV[8])
  end_key(redis.call('HGET', turn_prefix .. first, 'idem'), first)
  redis.call('HINCRBY', ledger, 'dead', 1)
  redis.call('HINCRBY', ledger, 'waiting', -1)
  redis.call('DECR', backlog)
end

local lost = drop_lost({ lane = lane, waiting = waiting, plan = plan_key, ledger = ledger, backlog = backlog, owned = owned },
  tonumber(ARGV[3]) + 1, turn_prefix, status_prefix) -- one more: the first one may be buried below
if #lost == MOST_LOST then return { 'again', lost } end

local plan = redis.call('GET', plan_key)
-- `held` is still set when the last holder neither settled nor gave back: it died, or lost its lease.
local held = tonumber(redis.call('HGET', lane, 'held') or '0')
if held > 0 then
  local deaths = redis.call('HINCRBY', lane, 'deaths', 1)
  for _, id in ipairs(redis.call('LRANGE', waiting, 0, held - 1)) do
    local turn = turn_prefix .. id
    note_down(turn, 'worker_lost', nil, held, tonumber(redis.call('HGET', turn, 'attempts')))
  end
  -- A recorded plan is repeated for as long as that may help; without one the batch is halved at once.
  if not plan or deaths >= most then
    if held > 1 then
      redis.call('HSET', lane, 'limit', math.floor(held / 2))
    elseif deaths >= most then
      bury_first()
      redis.call('HDEL', lane, 'limit')
    end
    if held > 1 or deaths >= most then redis.call('HDEL', lane, 'deaths') end
    redis.call('DEL', plan_key)
    redis.call('HDEL', lane, 'planned')
    plan = false
  end
end
local limit = tonumber(redis.call('HGET', lane, 'limit') or ARGV[3])
if redis.call('HEXISTS', lane, 'single') == 1 then limit = 1 end
if plan then limit = tonumber(redis.call('HGET', lane, 'planned') or limit) end

local ids = redis.call('LRANGE', waiting, 0, limit - 1)
if #ids == 0 then
  redis.call('ZREM', lanes, ARGV[2])
  redis.call('HDEL', lane, 'held', 'holder', 'limit', 'failures', 'deaths', 'wake_us', 'single', 'tried_ms')
  redis.call('EXPIRE', lane, ARGV[9])
  redis.call('EXPIRE', owned, ARGV[9])
  redis.call('DEL', lease)
  return { 'empty', lost }
end
local turns, chars = {}, 0
for _, id in ipairs(ids) do
  local row = redis.call('HMGET', turn_prefix .. id, 'body', 'accepted_us', 'status', 'times_replayed', 'order')
  chars = chars + #row[1]
  if not plan and #turns > 0 and chars > tonumber(ARGV[4]) then break end
  if row[3] ~= 'running' then move(id, row[3], 'running') end
  local attempts = redis.call('HINCRBY', turn_prefix .. id, 'attempts', 1)
  turns[#turns + 1] = { id, row[1], row[2], attempts, row[4], row[5] }
end
redis.call('HSET', lane, 'held', #turns, 'holder', ARGV[1])
pay(ARGV[2], lane, ARGV[1])
return { 'turns', lost, turns, plan or '', others_wait(tenant_of(ARGV[2])) and 1 or 0 }
