-- Take the lease of the lane whose turn it is: of the tenant that has had the least, the one that has been due for longest.
-- ARGV lease_ms, retention_s, longest_ms, then the tenants to leave out
-- Returns { 'claimed', lane, its first turn's user, agent, run and app, token, Redis' time in us, for how many ms it was due },
-- 'unseeded' where the order is not known, { 'damaged', lane } where a key of it is of no use and the lane rests,
-- { 'lost', lane, turns } where of its first turns nothing is left: they have left the lane, which is ready if others wait,
-- 'more' where none of as many lanes as one step looks at could be taken, or nothing where none is ready.
-- with _clock
-- with _lease
-- with _due
-- with _ready
-- with _holding
-- with _idempotency
-- with _single
-- with _lost
local lease_ms, retention_s, longest_ms = ARGV[1], ARGV[2], ARGV[3]
local MOST_LOOKED_AT, OPTIONS, DAMAGED_REST_MS = 16, 3, 60000
local limits = { lease_ms = lease_ms, retention_s = retention_s, longest_ms = longest_ms }
local left_out = {}
for i = OPTIONS + 1, #ARGV do left_out[ARGV[i]] = true end

-- The tenant whose turn it is, and those that are passed over.
local function next_tenant()
  local passed_over = {}
  for _, tenant in ipairs(redis.call('ZRANGE', READY_TENANTS, 0, #ARGV - OPTIONS)) do
    if not left_out[tenant] then return tenant, passed_over end
    passed_over[#passed_over + 1] = tenant
  end
end

-- Whose lane it is, is known from its turns. Returns the first one's owner, and the ids of those that were lost before it.
local function owner_of(names, tenant)
  local turn_prefix = KEY.turn_of .. tenant .. ':'
  local lost = drop_lost(names, 1, turn_prefix, KEY.status_of .. tenant .. ':')
  if #lost > 0 then return nil, lost end
  local first = redis.call('LINDEX', names.waiting, 0)
  return redis.call('HMGET', turn_prefix .. first, 'user_id', 'agent_id', 'run_id', 'app_id'), lost
end

local function take(lane, names, tenant, clock)
  local token = take_to_work(lane, names, limits, clock)
  if not token or token == 'unseeded' then return token end
  return token, owner_of(names, tenant)
end

local clock = look()
for _ = 1, MOST_LOOKED_AT do
  local tenant, passed_over = next_tenant()
  if not tenant then return false end
  local time, first = virtual_time(tenant), redis.call('ZRANGE', READY_OF .. tenant, 0, 0, 'WITHSCORES')
  local lane, since_ms = first[1] or '', first[2]
  local names = { lease = KEY.lease_of .. lane, lane = KEY.lane_of .. lane, waiting = KEY.waiting_of .. lane, owned = KEY.owned_of .. lane,
    plan = KEY.plan_of .. lane, ledger = KEY.ledger_of .. tenant, backlog = KEY.backlog }
  local token, owner, lost = false
  if since_ms then
    local is_sound
    is_sound, token, owner, lost = pcall(take, lane, names, tenant, clock)
    if not is_sound then -- a key of the lane is damaged: it holds up no other
      look_at(lane, clock.monotonic_ms + DAMAGED_REST_MS)
      return { 'damaged', lane }
    end
  else -- the key of its lanes was lost
    redis.call('ZREM', READY_TENANTS, tenant)
  end
  if token == 'unseeded' then return token end
  if token and not owner then
    redis.call('DEL', names.lease)
    if redis.call('LLEN', names.waiting) == 0 then
      rest_empty(lane, names, retention_s)
    else
      make_ready(lane, since_ms)
    end
    return { 'lost', lane, lost }
  end
  if token then
    charge(tenant, time)
    -- Who is at work elsewhere earns nothing by that, nor does who comes back and begins at the least there is.
    for _, other in ipairs(passed_over) do redis.call('ZADD', READY_TENANTS, 'XX', 'GT', time, other) end
    redis.call('HSET', names.lane, 'paid', token)
    return { 'claimed', lane, owner, token, digits(clock.now_us), digits(math.max(0, clock.monotonic_ms - since_ms)) }
  end
end
return 'more'
