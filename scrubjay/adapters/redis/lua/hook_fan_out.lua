-- Note some of what settled turns did for each of the tenant's webhooks that wants it. A line of an outbox is the id of a
-- turn. Each step does a bounded part, and whoever goes on after a death notes nothing twice.
-- KEYS webhooks, lanes that have lines, awake, webhooks that are due
-- ARGV tenant, most deliveries, retention_s, turn prefix, outbox prefix, awake_ms, lane (empty: that which waits longest)
-- Returns { how many deliveries were noted, 1 where there is more to do, in the lane if one is named }
-- with _clock
-- with _deliveries
local hooks, lanes, awake, dues = unpack(KEYS)
local tenant, most, lane = ARGV[1], tonumber(ARGV[2]), ARGV[7]
local named, noted, clock = lane ~= '', 0, look()

local function rest()
  if redis.call('ZCARD', lanes) > 0 then return end
  redis.call('ZREM', dues, tenant .. ':')
  if not named then redis.call('DEL', awake) end
end

if not named then
  redis.call('SET', awake, 1, 'PX', ARGV[6])
  lane = redis.call('ZRANGE', lanes, 0, 0)[1]
  if not lane then
    rest()
    return { 0, 0 }
  end
end
local outbox, known, clock = ARGV[5] .. lane, redis.call('HGETALL', hooks), look()
for _ = 1, most do
  local id = redis.call('LINDEX', outbox, 0)
  if not id then
    redis.call('ZREM', lanes, lane)
    rest()
    return { noted, (named or redis.call('ZCARD', lanes) == 0) and 0 or 1 }
  end
  local more, done = note_turn(tenant, known, string.match(lane, ':(.*)$'), ARGV[4] .. id, id, most - noted,
    clock.monotonic_ms, ARGV[3])
  noted = noted + more
  if done then redis.call('LPOP', outbox) end
  if noted >= most then break end
end
-- The others of the tenant come first now.
redis.call('ZADD', lanes, 'XX', digits(clock.monotonic_us), lane)
return { noted, 1 }
