-- Deliveries to webhooks: ids, never words. What is due is due by the
-- monotonic clock (`due_ms`); `due_us` tells people when that is expected to be. To be put after _clock.
local MOST_WAITING, MOST_DONE = 10000, 1000 -- of one webhook: what is more is given up at once, or forgotten
local WANTED = { ADD = 'memory_add', UPDATE = 'memory_update', DELETE = 'memory_delete' }
local OWNERS = { 'user_id', 'agent_id', 'run_id', 'app_id' } -- as in scrubjay/model/scope.py

local function micros(us) return string.format('%.0f', us) end

local function names_of(tenant, hook)
  local own = tenant .. ':' .. hook
  return {
    own = own, hook = hook, counts = KEY.hook_counts_of .. tenant, delivery = KEY.delivery_of .. tenant .. ':',
    waiting = KEY.hook_waiting_of .. own, done = KEY.hook_done_of .. own, due = KEY.hook_due_of .. own,
    lane = KEY.hook_lane_of .. own .. ':', rest = KEY.hook_rest_of .. own, awake = KEY.hook_awake_of .. own,
  }
end

-- A lane is due when its first delivery is; one without any is gone.
local function put_lane(names, lane, now_ms)
  local first = redis.call('LINDEX', names.lane .. lane, 0)
  if not first then
    redis.call('ZREM', names.due, lane)
    return
  end
  local ms = math.max(now_ms, tonumber(redis.call('HGET', names.delivery .. first, 'due_ms') or '0'))
  redis.call('ZADD', names.due, ms, lane)
  redis.call('ZADD', KEY.hooks_due, 'LT', ms, names.own)
end

-- Out of what waits, into the log, which is bounded.
local function end_delivery(names, id, status, now_us, retention_s)
  local delivery = names.delivery .. id
  redis.call('ZADD', names.done, redis.call('ZSCORE', names.waiting, id), id)
  redis.call('ZREM', names.waiting, id)
  redis.call('HSET', delivery, 'status', status, 'done_us', micros(now_us))
  redis.call('HDEL', delivery, 'due_ms', 'due_us')
  redis.call('EXPIRE', delivery, retention_s)
  redis.call('EXPIRE', names.done, retention_s)
  redis.call('HINCRBY', names.counts, status, 1)
  redis.call('HINCRBY', names.counts, 'waiting', -1)
  local over = redis.call('ZCARD', names.done) - MOST_DONE
  for rank, old in ipairs(redis.call('ZRANGE', names.done, 0, math.max(over, 10) - 1)) do
    if rank <= over then redis.call('DEL', names.delivery .. old) end
    if redis.call('EXISTS', names.delivery .. old) == 0 then redis.call('ZREM', names.done, old) end
  end
end

-- fields: what is known of it by ids, as a flat list
local function note_delivery(names, lane, event, hold_ms, clock, retention_s, fields)
  local seq = redis.call('HINCRBY', names.counts, 'seq', 1)
  local id = names.hook .. '-' .. seq
  redis.call('HSET', names.delivery .. id, 'hook', names.hook, 'lane', lane, 'event', event, 'status', 'waiting',
    'attempts', 0, 'noted_us', micros(clock.now_us), unpack(fields))
  if hold_ms > 0 then
    redis.call('HSET', names.delivery .. id, 'due_ms', micros(clock.monotonic_ms + hold_ms),
      'due_us', micros(clock.now_us + hold_ms * 1000))
  end
  local full = redis.call('ZCARD', names.waiting) >= MOST_WAITING
  redis.call('ZADD', names.waiting, seq, id)
  redis.call('HINCRBY', names.counts, 'waiting', 1)
  if full then
    redis.call('HSET', names.delivery .. id, 'error', 'too_many_waiting')
    end_delivery(names, id, 'failed', clock.now_us, retention_s)
  elseif redis.call('RPUSH', names.lane .. lane, id) == 1 then
    put_lane(names, lane, clock.monotonic_ms)
  end
  return id
end

-- Note one event for each of the tenant's webhooks that wants it. Returns the deliveries' ids.
local function note_event(tenant, hooks, lane, event, hold_ms, clock, retention_s, fields)
  local ids = {}
  for i = 1, #hooks, 2 do
    local hook, wants = cjson.decode(hooks[i + 1]), false
    for _, name in ipairs(hook.events) do wants = wants or name == WANTED[event] end
    if hook.active and wants then
      local names = names_of(tenant, hooks[i])
      ids[#ids + 1] = note_delivery(names, lane, event, hold_ms, clock, retention_s, fields)
    end
  end
  return ids
end

-- Note the next events of a settled turn for each webhook that wants them, until so many deliveries are made. How many
-- events are done stands in the turn. Returns how many deliveries that makes, and whether the turn is done.
local function note_turn(tenant, hooks, lane, turn, id, most, monotonic_ms, retention_s)
  local row = redis.call('HMGET', turn, 'events', 'told', 'settled_us', 'order', unpack(OWNERS))
  local fields = { 'order', row[4] or '0' }
  local clock = { now_us = tonumber(row[3]), monotonic_ms = monotonic_ms } -- an event is dated by its settling
  for i, name in ipairs(OWNERS) do
    local owner = row[i + 4]
    if owner and owner ~= '' then
      fields[#fields + 1] = name
      fields[#fields + 1] = owner
    end
  end
  local seen, noted, done = {}, 0, tonumber(row[2] or '0')
  for place, event in ipairs(row[1] and cjson.decode(row[1]) or {}) do
    local same = event.event .. event.id
    seen[same] = (seen[same] or 0) + 1
    if place > done and WANTED[event.event] and not event.held then
      if noted >= most then
        redis.call('HSET', turn, 'told', place - 1)
        return noted, false
      end
      local about = { 'turn', id, 'memory', event.id, 'nth', seen[same] - 1, unpack(fields) }
      noted = noted + #note_event(tenant, hooks, lane, event.event, 0, clock, retention_s, about)
    end
  end
  redis.call('HDEL', turn, 'told')
  return noted, true
end
