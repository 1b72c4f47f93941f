-- Why are calls paused, and since when? Nothing from the first answer on. KEYS breaker
return redis.call('HMGET', KEYS[1], 'reason', 'since_us')
