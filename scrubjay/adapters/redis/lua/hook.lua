-- Change a tenant's webhooks. KEYS webhooks, webhooks that are due
-- ARGV add | replace | withdraw | remove, id, document, tenant:webhook, how many there may be
local hooks, hooks_due = unpack(KEYS)
local change, id, document, own, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if change == 'remove' then return redis.call('HDEL', hooks, id) end
if change == 'add' and redis.call('HLEN', hooks) >= tonumber(most) then return 0 end
if change ~= 'add' and redis.call('HEXISTS', hooks, id) == 0 then return 0 end
redis.call('HSET', hooks, id, document)
-- Should whoever buries it die before all is cleared away, a worker is woken and does it.
if change == 'withdraw' then redis.call('ZADD', hooks_due, 0, own) end
return 1
