-- Change a tenant's webhooks. KEYS webhooks, webhooks that are due
-- ARGV add | replace | bury | remove, id, document, tenant:webhook, how many there may be
local hooks, deed, id = KEYS[1], ARGV[1], ARGV[2]
if deed == 'remove' then return redis.call('HDEL', hooks, id) end
if deed == 'add' and redis.call('HLEN', hooks) >= tonumber(ARGV[5]) then return 0 end
if deed ~= 'add' and redis.call('HEXISTS', hooks, id) == 0 then return 0 end
redis.call('HSET', hooks, id, ARGV[3])
-- Should whoever buries it die before all is cleared away, a worker is rung for and does it.
if deed == 'bury' then redis.call('ZADD', KEYS[2], 0, ARGV[4]) end
return 1
