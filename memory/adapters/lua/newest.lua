-- The newest turns of some statuses, with how many there are, read in one step.
-- KEYS status sets ...; ARGV last (counted from the newest, 0). Returns per set: count, { id, stamp, ... }
local found = {}
for i = 1, #KEYS do
  found[#found + 1] = redis.call('ZCARD', KEYS[i])
  found[#found + 1] = redis.call('ZREVRANGE', KEYS[i], 0, ARGV[1], 'WITHSCORES')
end
return found
