-- Drop a lane's plan, as it holds what is being erased: its batch is decided anew.
-- KEYS lease, plan, lane; ARGV token
local lease, plan, lane = KEYS[1], KEYS[2], KEYS[3]
local token = ARGV[1]
if redis.call('GET', lease) ~= token then return 0 end
redis.call('HDEL', lane, 'planned')
redis.call('DEL', plan)
return 1
