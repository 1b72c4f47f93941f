-- Give a turn other events, as the ones that it has quote what is being erased.
-- KEYS lease, turn; ARGV token, events as they were, events as they are to be
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if redis.call('HGET', KEYS[2], 'events') == ARGV[2] then redis.call('HSET', KEYS[2], 'events', ARGV[3]) end
return 1
