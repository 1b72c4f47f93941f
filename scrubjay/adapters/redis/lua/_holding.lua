-- Shared: take a lane's lease, or see why not. To be put after _clock, _lease, _due and _ready.
-- Each returns the token, which is the next number in the order of all that is decided; 'unseeded' where the order is not
-- known; or nothing.
local function take_lease(lane, lease, lease_ms, clock)
  if not clock.seeded then return 'unseeded' end
  local token = next_order(clock)
  redis.call('SET', lease, token, 'PX', lease_ms)
  look_at(lane, clock.monotonic_ms + lease_ms)
  return token
end

-- A lane in which nothing waits falls asleep: what it knows of itself has an end from now on.
-- names: lane, waiting, owned
local function rest_empty(lane, names, retention_s)
  fall_asleep(lane)
  due_by_first(names.waiting, '')
  redis.call('EXPIRE', names.lane, retention_s)
  redis.call('EXPIRE', names.owned, retention_s)
end

-- Take it to work on the lane, unless the lane is held, asleep or backing off. If it was ready, it is looked at again then.
-- names: lease, lane, waiting, owned; limits: lease_ms, longest_ms, retention_s
local function take_to_work(lane, names, limits, clock)
  if is_held(names.lease, limits.longest_ms) then
    local left_ms = math.max(redis.call('PTTL', names.lease), 1)
    if unready(lane) then look_at(lane, clock.monotonic_ms + left_ms) end
    return false
  end
  if redis.call('LLEN', names.waiting) == 0 then
    rest_empty(lane, names, limits.retention_s)
    return false
  end
  local wake_us = tonumber(redis.call('HGET', names.lane, 'wake_us') or '0')
  if clock.monotonic_us < wake_us then
    if unready(lane) then look_at(lane, math.ceil(wake_us / 1000)) end
    return false
  end
  return take_lease(lane, names.lease, limits.lease_ms, clock)
end
