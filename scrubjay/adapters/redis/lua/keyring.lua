-- Change the keyring and tell that it has changed, in one step. What was removed meanwhile does not come back.
-- KEYS keyring, how often it has changed; ARGV deed (add, replace, remove), id, record
local deed, id = ARGV[1], ARGV[2]
if deed ~= 'add' and redis.call('HEXISTS', KEYS[1], id) == 0 then return 0 end
if deed == 'remove' then redis.call('HDEL', KEYS[1], id) else redis.call('HSET', KEYS[1], id, ARGV[3]) end
redis.call('INCR', KEYS[2])
return 1
