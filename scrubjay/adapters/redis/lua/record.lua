-- Keep the plan with its batch. KEYS lease, plan, lane; ARGV token, plan
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[3], 'planned', redis.call('HGET', KEYS[3], 'held'))
return 1
