-- Change the keyring and tell that it has changed, in one step. What was removed meanwhile does not come back.
-- KEYS keyring, how often it has changed; ARGV change (add, replace, remove), id, record
local keyring, changes = KEYS[1], KEYS[2]
local change, id, record = ARGV[1], ARGV[2], ARGV[3]
if change ~= 'add' and redis.call('HEXISTS', keyring, id) == 0 then return 0 end
if change == 'remove' then redis.call('HDEL', keyring, id) else redis.call('HSET', keyring, id, record) end
redis.call('INCR', changes)
return 1
