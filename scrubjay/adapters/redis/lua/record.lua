-- Keep the plan with its batch. KEYS lease, plan, lane; ARGV token, plan
local lease, plan, lane = KEYS[1], KEYS[2], KEYS[3]
local token, document = ARGV[1], ARGV[2]
if redis.call('GET', lease) ~= token then return 0 end
redis.call('SET', plan, document)
redis.call('HSET', lane, 'planned', redis.call('HGET', lane, 'held'))
return 1
