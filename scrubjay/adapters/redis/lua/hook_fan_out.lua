-- Note some of what settled turns did for each of the tenant's webhooks that wants it. A line of an outbox is the id of a
-- turn. Each step does a bounded part, and whoever goes on after a death notes nothing twice.
-- KEYS webhooks, lanes that have lines, awake, webhooks that are due
-- ARGV tenant, most deliveries, retention_s, turn prefix, awake_ms, lane (empty: that which waits longest)
-- Returns { how many deliveries were noted, 1 where there is more to do, in the lane if one is named }
-- with _clock
-- with _deliveries
local hooks, lanes, awake, dues = unpack(KEYS)
local tenant, most, retention_s, turn_prefix, awake_ms, lane = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
most = tonumber(most)
local is_one_lane, noted, clock = lane ~= '', 0, look()

local function rest()
  if redis.call('ZCARD', lanes) > 0 then return end
  redis.call('ZREM', dues, tenant .. ':')
  if not is_one_lane then redis.call('DEL', awake) end
end

if not is_one_lane then
  redis.call('SET', awake, 1, 'PX', awake_ms)
  lane = redis.call('ZRANGE', lanes, 0, 0)[1]
  if not lane then
    rest()
    return { 0, 0 }
  end
end
local outbox, known, clock = KEY.hook_outbox_of .. lane, redis.call('HGETALL', hooks), look()
for _ = 1, most do
  local id = redis.call('LINDEX', outbox, 0)
  if not id then
    redis.call('ZREM', lanes, lane)
    rest()
    return { noted, (is_one_lane or redis.call('ZCARD', lanes) == 0) and 0 or 1 }
  end
  local more, done = note_turn(tenant, known, string.match(lane, ':(.*)$'), turn_prefix .. id, id, most - noted,
    clock.monotonic_ms, retention_s)
  noted = noted + more
  if done then redis.call('LPOP', outbox) end
  if noted >= most then break end
end
-- The others of the tenant come first now.
redis.call('ZADD', lanes, 'XX', digits(clock.monotonic_us), lane)
return { noted, 1 }
