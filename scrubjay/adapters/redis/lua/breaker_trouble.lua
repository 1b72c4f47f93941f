-- Why are calls paused, and since when? Nothing from the first answer on. KEYS breaker
local breaker = KEYS[1]
return redis.call('HMGET', breaker, 'reason', 'since_us')
