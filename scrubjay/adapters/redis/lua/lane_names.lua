-- The key of the hashes that stand for lanes, made by whoever asks first. KEYS lane names; ARGV a fresh key, what tells it from others
local lane_names, fresh_key, key_id = KEYS[1], ARGV[1], ARGV[2]
if redis.call('HSETNX', lane_names, 'key', fresh_key) == 1 then redis.call('HSET', lane_names, 'id', key_id) end
return redis.call('HGET', lane_names, 'key')
