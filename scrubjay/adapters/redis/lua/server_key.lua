-- The server's key, made by whoever asks first. KEYS server key; ARGV a fresh one
local server_key = KEYS[1]
local fresh_key = ARGV[1]
redis.call('SET', server_key, fresh_key, 'NX')
return redis.call('GET', server_key)
