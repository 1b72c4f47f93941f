-- The next removals that are due to be repeated: whoever takes them has so long, then others take them.
-- KEYS removals; ARGV how many at most, claim_ms
-- with _clock
local removals = KEYS[1]
local most, claim_ms = ARGV[1], ARGV[2]
local now_ms = look().monotonic_ms
local due = redis.call('ZRANGEBYSCORE', removals, '-inf', now_ms, 'LIMIT', 0, most)
if #due > 0 then redis.call('DEL', KEY.nothing) end -- so that the rest can be written when Redis is full, too
for _, removal in ipairs(due) do redis.call('ZADD', removals, now_ms + claim_ms, removal) end
return due
