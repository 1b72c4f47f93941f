-- Who holds the lane, and for how many ms. A script, as a full Redis refuses whatever stands in a transaction.
-- KEYS lease
local lease = KEYS[1]
return { redis.call('GET', lease), redis.call('PTTL', lease) }
