-- Take the lease of the lane whose turn it is: of the tenant that has had the least, the one that has been due for longest.
-- ARGV lease_ms, retention_s, longest_ms, then the tenants to leave out
-- Returns { lane, token, Redis' time in us, for how many ms the lane was due }, 'unseeded' where the order is not known,
-- { 'damaged', lane } where a key of it is of no use and the lane rests,
-- 'more' where none of as many lanes as one step looks at could be taken, or nothing where none is ready.
-- with _clock
-- with _lease
-- with _due
-- with _ready
-- with _holding
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

local clock = look()
for _ = 1, MOST_LOOKED_AT do
  local tenant, passed_over = next_tenant()
  if not tenant then return false end
  local time, first = virtual_time(tenant), redis.call('ZRANGE', READY_OF .. tenant, 0, 0, 'WITHSCORES')
  local lane, since_ms = first[1] or '', first[2]
  local names = { lease = KEY.lease_of .. lane, lane = KEY.lane_of .. lane, waiting = KEY.waiting_of .. lane, owned = KEY.owned_of .. lane }
  local token = false
  if since_ms then
    local is_sound
    is_sound, token = pcall(take_to_work, lane, names, limits, clock)
    if not is_sound then -- a key of the lane is damaged: it holds up no other
      look_at(lane, clock.monotonic_ms + DAMAGED_REST_MS)
      return { 'damaged', lane }
    end
  else -- the key of its lanes was lost
    redis.call('ZREM', READY_TENANTS, tenant)
  end
  if token == 'unseeded' then return token end
  if token then
    charge(tenant, time)
    -- Who is at work elsewhere earns nothing by that, nor does who comes back and begins at the least there is.
    for _, other in ipairs(passed_over) do redis.call('ZADD', READY_TENANTS, 'XX', 'GT', time, other) end
    redis.call('HSET', names.lane, 'paid', token)
    return { lane, token, digits(clock.now_us), digits(math.max(0, clock.monotonic_ms - since_ms)) }
  end
end
return 'more'
