-- Drop a lane's plan, as it holds what is being erased: its batch is decided anew.
-- KEYS lease, plan, lane; ARGV token
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[3], 'planned')
redis.call('DEL', KEYS[2])
return 1
