-- The server's key, made by whoever asks first. KEYS server key; ARGV a fresh one
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])
