-- Who holds the lane, and for how many ms. A script, as a full Redis refuses whatever stands in a transaction.
-- KEYS lease
return { redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]) }
