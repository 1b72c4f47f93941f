-- Note a removal down that is to be repeated. KEYS removals; ARGV removal, finish_ms
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2], ARGV[1])
return 1
